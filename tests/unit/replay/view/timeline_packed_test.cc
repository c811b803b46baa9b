// The timeline of a long run from the steps that its index has packed, beside that from its log.
#include <filesystem>

#include "backstep/recorder/session.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/store/index/index.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace backstep;
using namespace backstep::replay;
using backstep::testing::TempDir;

namespace {

constexpr uint64_t kTurns = 17800, kPackedSteps = 16384;  // a turn is a step, or two

CallResult Answered(const CallRequest&, CallProgress&) { return CallResponse{{"{}"}}; }
CallResult Refused(const CallRequest&, CallProgress&) { return CallError{.kind = "timeout"}; }

// Three agents that write to each other, call a model or a tool now and then, fail, and call each
// other; and somebody outside who says something in between.
void RecordLong(const std::string& path) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  options.block_max = Milliseconds(60000);
  const auto session = recorder::Session::Open(options);
  for (const char* name : {"a", "b", "c"}) session->AddAgent({.name = name});
  std::vector<Message> mail[3];
  const std::string names[] = {"a", "b", "c"};
  for (uint64_t n = 0; n < kTurns; ++n) {
    const size_t at = n * 7 % 3, to = (n + n / 5) % 3;
    if (n % 1000 == 1) {
      for (Message& m : session->Outside({.to = names[to], .body = {"\"go\""}})) {
        mail[to].push_back(std::move(m));
      }
    }
    auto step = session->BeginStep(names[at], std::exchange(mail[at], {}));
    if (n % 11 == 0) (void)step->CallLlm({.name = "m", .body = {"{}"}}, Answered);
    if (n % 301 == 0) (void)step->CallTool({.name = "t", .body = {"{}"}}, Refused);
    if (n % 97 == 0) {
      (void)step->CallAgent(names[(at + 1) % 3], {.body = {"\"do\""}}, [](recorder::Step& inner) {
        inner.Reply({"\"done\""});
        return inner.Commit({"{}"});
      });
    }
    for (Message& m : step->Send({.to = names[to], .body = {"\"hear\""}})) {
      mail[to].push_back(std::move(m));
    }
    if (n % 401 == 0) {
      step->Fail({"exception", "it broke"});
    } else {
      REQUIRE(step->Commit({"{}"}).ok());
    }
  }
  REQUIRE(session->Close().ok());
}

// Lies within, and is hardly shorter.
bool IsNearly(const StepCell& packed, const StepCell& whole) {
  const int64_t slack = (whole.ended_ns - whole.began_ns) / 128;
  return packed.began_ns >= whole.began_ns && packed.began_ns <= whole.began_ns + slack &&
         packed.ended_ns <= whole.ended_ns && packed.ended_ns >= whole.ended_ns - slack;
}

// How many steps were packed.
uint64_t CheckAlike(const Timeline& packed, const Timeline& whole) {
  REQUIRE(packed.last == whole.last);
  REQUIRE(packed.lanes.size() == whole.lanes.size());
  uint64_t rounded = 0, different = 0;
  for (size_t i = 0; i < whole.lanes.size(); ++i) {
    REQUIRE(packed.lanes[i].name == whole.lanes[i].name);
    REQUIRE(packed.lanes[i].size == whole.lanes[i].size);
    for (uint32_t k = 0; k < whole.lanes[i].size; ++k) {
      const StepCell& a = packed.lanes[i].cell(k);
      const StepCell& b = whole.lanes[i].cell(k);
      rounded += (a.flags & kStepRounded) != 0;
      different += a.number != b.number || a.clock != b.clock || a.shares != b.shares ||
                   a.sent != b.sent || (a.flags & ~kStepRounded) != b.flags || !IsNearly(a, b);
    }
  }
  REQUIRE(packed.message_count == whole.message_count);
  for (uint32_t i = 0; i < whole.message_count; ++i) {
    const MessageCell& a = packed.message_cell(i);
    const MessageCell& b = whole.message_cell(i);
    different += a.sent_by != b.sent_by || a.taken_by != b.taken_by || a.ordinal != b.ordinal ||
                 a.to_lane != b.to_lane || a.copy != b.copy || a.flags != b.flags;
  }
  CHECK(different == 0);
  return rounded;
}

std::shared_ptr<const Timeline> Built(store::Recording& recording, LogId log, bool packed,
                                      AgentGraphBuilder* graph = nullptr) {
  const auto line = *recording.OpenLine(log);
  TimelineBuilder builder(*line, nullptr, packed ? &recording : nullptr);
  const auto added = [graph](const store::StepOutline& step) {
    if (graph != nullptr) graph->Add(step);
  };
  REQUIRE(builder.Extend({}, added).ok());
  return builder.Snapshot();
}

LogId AddBranch(store::Recording& recording, StepNumber fork, uint64_t steps) {
  LogHeader header;
  header.name = "try";
  header.origin = BranchOrigin{LogId(1), fork, "{}", "served"};
  const auto writer = *recording.NewLog(header, {});
  for (uint64_t i = 0; i < steps; ++i) {
    StepRecord step;
    step.agent = AgentId(1);
    step.clock = AgentClock(100000 + i);
    step.number = StepNumber(fork.value + i + 1);
    step.begin_after = StepNumber(fork.value + i);
    step.began_virtual = TimeNs{static_cast<int64_t>(i) * 1000};
    step.duration = step.own = DurationNs{900};
    REQUIRE(writer->Begin(step).ok());
    REQUIRE(writer->Commit(&step, Body{"{}"}).ok());
  }
  REQUIRE(writer->Seal({}).ok());
  return writer->id();
}

}  // namespace

TEST_CASE("a long run's timeline and graph are the same from packed steps and from its log") {
  const TempDir dir;
  RecordLong(dir / "r");
  const auto recording = *store::Recording::Open(dir / "r");
  const auto line = *recording->OpenLine(LogId(1));
  AgentGraphBuilder packed_graph(*line), graph(*line);
  REQUIRE(packed_graph.Begin().ok());
  const auto whole = Built(*recording, LogId(1), false);
  const auto packed = Built(*recording, LogId(1), true, &packed_graph);
  CHECK(CheckAlike(*packed, *whole) == kPackedSteps);
  REQUIRE(packed_graph.End().ok());
  REQUIRE(graph.Update().ok());
  for (const uint64_t step : {1, 98, 5000, 16384, 16385, 17900}) {
    CHECK(ToJson(*packed_graph.At(StepNumber(step))) == ToJson(*graph.At(StepNumber(step))));
  }

  {
    INFO("it can be given up within a chunk and goes on there");
    TimelineBuilder builder(*line, nullptr, recording.get());
    const Status given_up = builder.Extend([](uint64_t done, uint64_t) { return done < 2000; });
    CHECK(given_up.code() == StatusCode::kCancelled);
    CHECK(builder.Snapshot()->last == StepNumber(2048));
    REQUIRE(builder.Extend().ok());
    CHECK(CheckAlike(*builder.Snapshot(), *whole) == kPackedSteps);
  }
  {
    INFO("a branch has the steps before its fork from its parent's chunks");
    const LogId branch = AddBranch(*recording, StepNumber(10000), 50);
    const auto from_log = Built(*recording, branch, false);
    const auto from_chunks = Built(*recording, branch, true);
    CHECK(CheckAlike(*from_chunks, *from_log) == 10000);
    // Steps after the fork are compared with the parent's, packed or not.
    const auto own = *recording->OpenLine(branch);
    TimelineBuilder compared(*own, line.get(), recording.get());
    REQUIRE(compared.Extend().ok());
    const auto timeline = compared.Snapshot();
    const auto& lane = timeline->lanes[0];
    CHECK((lane.flags(lane.size - 1) & (kStepDifferent | kStepInherited)) == kStepDifferent);
    CHECK((lane.flags(0) & (kStepDifferent | kStepInherited)) == kStepInherited);
  }
  {
    INFO("without an index all comes from the log");
    std::filesystem::remove(dir / "r/index.sqlite");
    CHECK(CheckAlike(*Built(*recording, LogId(1), true), *whole) == 0);
    REQUIRE(store::Reindex(*recording, {}).ok());
  }
  {
    INFO("with an index whose bytes are damaged the picture is the same");
    const std::string path = dir / "r/index.sqlite";
    std::FILE* file = std::fopen(path.c_str(), "r+b");
    REQUIRE(file != nullptr);
    const auto size = static_cast<long>(std::filesystem::file_size(path));
    for (long at = 5000; at < size; at += 9000) {
      std::fseek(file, at, SEEK_SET);
      std::fputc(0x5a, file);
    }
    std::fclose(file);
    CheckAlike(*Built(*recording, LogId(1), true), *whole);
  }
}
