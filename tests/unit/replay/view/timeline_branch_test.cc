// What the timeline of a branch says of its steps beside the parent's.
#include <map>

#include "backstep/replay/compare.h"
#include "backstep/replay/view/timeline/timeline_view.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using namespace replay;
using testing::Ask;
using testing::From;
using testing::MustReplay;
using testing::RecordScript;
using testing::ScriptProgram;
using testing::TempDir;
using testing::To;

// Three writers are told a word each, ask a model about it, and a reader collects what they say.
struct Choir {
  int live = 0;
  ScriptProgram program;

  Choir() {
    for (const char* name : {"alto", "bass", "tenor"}) {
      program.behaviours.emplace_back(name, [this](Step& step, std::string* state) {
        if (step.taken().empty()) return Status();
        const std::string text = step.taken()[0].body.bytes;
        *state += Ask(step, EffectKind::kLlm, "gpt", text, &live);
        step.Send(To("reader", *state));
        return Status();
      });
      program.start.push_back(To(name, name));
      program.start.push_back(To(name, "again"));
    }
    program.behaviours.emplace_back("reader", [](Step& step, std::string* state) {
      if (!step.taken().empty()) *state = step.taken()[0].body.bytes;
      step.SetOutcome({state->find("sour") == std::string::npos ? Outcome::Kind::kOk
                                                                : Outcome::Kind::kFailed,
                       std::nullopt, *state});
      return Status();
    });
  }
};

std::shared_ptr<const Timeline> TimelineOf(store::Recording& recording, LogId log, bool compared) {
  const auto line = *recording.OpenLine(log);
  const auto parent = *recording.OpenLine(LogId(1));
  TimelineBuilder builder(*line, compared ? parent.get() : nullptr);
  REQUIRE(builder.Extend().ok());
  return builder.Snapshot();
}

uint16_t FlagsOf(const Timeline& timeline, uint64_t step) {
  const StepNumber number(step);
  return timeline.lanes[static_cast<size_t>(timeline.lane_of(number))].flags(
      timeline.index_of(number));
}

// An edit of bass's second answer, from `from` on.
ReplayResult Sour(Choir& choir, store::Recording& recording, uint64_t from) {
  Experiment experiment = From(from);
  experiment.edits = {{Edit::Kind::kReplaceResponse, "bass/2#0", "sour", "", ""}};
  return MustReplay(choir.program, recording, experiment);
}

}  // namespace

TEST_CASE("each step of a branch is shared, as the parent's or not, exactly as a comparison says") {
  const TempDir dir;
  Choir choir;
  const auto recording = RecordScript(choir.program, dir / "c.backstep");
  for (const uint64_t from : {0, 2}) {
    const ReplayResult result = Sour(choir, *recording, from);
    REQUIRE(result.result == "finished");
    const auto timeline = TimelineOf(*recording, result.branch, true);
    const auto main = *recording->OpenLine(LogId(1));
    const auto branch = *recording->OpenLine(result.branch);
    const auto comparison = Compare(*main, *branch);
    REQUIRE(comparison.ok());
    CHECK(comparison->differing_count > 0);
    std::map<uint64_t, bool> differs;
    for (const StepDiff& diff : comparison->differing) differs[diff.b.value] = true;
    CHECK(timeline->branch);
    std::map<StepStatus, int> counts;
    for (uint64_t n = 1; n <= timeline->last.value; ++n) {
      INFO(from << ", step " << n);
      const uint16_t flags = FlagsOf(*timeline, n);
      const bool inherited = n <= from;
      CHECK(((flags & kStepInherited) != 0) == inherited);
      CHECK(((flags & kStepDifferent) != 0) == (!inherited && differs[n]));
      CHECK(((flags & kStepSame) != 0) == (!inherited && !differs[n]));
      ++counts[StatusOf(flags)];
    }
    CHECK(counts[StepStatus::kShared] == static_cast<int>(from));
    CHECK(counts[StepStatus::kHit] == 1);
    CHECK(counts[StepStatus::kSame] > 0);
    CHECK(counts[StepStatus::kDifferent] > 0);
    CHECK(counts[StepStatus::kNone] == 0);
  }
}

TEST_CASE("without its parent a branch's steps have no verdict, and a main line's never do") {
  const TempDir dir;
  Choir choir;
  const auto recording = RecordScript(choir.program, dir / "c.backstep");
  const ReplayResult result = Sour(choir, *recording, 2);
  for (const auto& timeline : {TimelineOf(*recording, result.branch, false),
                               TimelineOf(*recording, LogId(1), true)}) {
    for (uint64_t n = 1; n <= timeline->last.value; ++n) {
      const StepStatus status = StatusOf(FlagsOf(*timeline, n));
      CHECK((status == StepStatus::kNone || (timeline->branch && n <= 2)));
    }
  }
}

TEST_CASE("the step that set a failed outcome is found as an error is") {
  const TempDir dir;
  Choir choir;
  const auto recording = RecordScript(choir.program, dir / "c.backstep");
  const auto main = TimelineOf(*recording, LogId(1), true);
  CHECK(!NextFlagged(*main, StepNumber(), 1));
  const auto branch = TimelineOf(*recording, Sour(choir, *recording, 2).branch, true);
  const auto failed = NextFlagged(*branch, StepNumber(), 1);
  REQUIRE(failed);
  CHECK((FlagsOf(*branch, failed->value) & kStepOutcomeFailed) != 0);
  CHECK(branch->StepText(*failed).starts_with("reader/"));
}

TEST_CASE("of several steps the status that says most stands for all") {
  CHECK(StatusOf(0) == StepStatus::kNone);
  CHECK(StatusOf(kStepHit | kStepLive) == StepStatus::kNone);   // a main line's
  CHECK(StatusOf(kStepInherited | kStepSame) == StepStatus::kSame);
  CHECK(StatusOf(kStepInherited | kStepSame | kStepDifferent) == StepStatus::kDifferent);
  CHECK(StatusOf(kStepSame | kStepDifferent | kStepLive) == StepStatus::kLive);
  CHECK(StatusOf(kStepSame | kStepLive | kStepHit) == StepStatus::kHit);
}

}  // namespace backstep
