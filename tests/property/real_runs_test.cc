// Published runs of real multi-agent systems, recorded and re-executed. Reads BACKSTEP_TEST_DATA;
// without it the first case runs on a history of our own and the others say that they did not run.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "backstep/replay/reexecute.h"
#include "backstep/store/line.h"
#include "backstep/store/verify.h"
#include "backstep/tests/property/conversation_program.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep {
namespace {

struct Recorded {
  testing::TempDir dir;
  std::unique_ptr<store::Recording> recording;
  LogId log{1};
};

void Record(testing::ConversationProgram& program, Recorded* out) {
  replay::RunOptions options;
  options.session.path = out->dir / "run.backstep";
  options.session.read_environment = false;
  auto run = replay::RunLive(program, options);
  REQUIRE(run.ok());
  REQUIRE(run->recording_status.ok());
  auto recording = store::Recording::Open(options.session.path);
  REQUIRE(recording.ok());
  out->recording = std::move(*recording);
}

void CheckFaithful(testing::ConversationProgram& program, Recorded& recorded, StepNumber from,
                   bool free_schedule, Hash128 digest) {
  Experiment experiment;
  experiment.parent = recorded.log;
  experiment.from = from;
  experiment.free_schedule = free_schedule;
  experiment.check_restore = from.value % 2 == 1;
  auto result = replay::Reexecute(program, *recorded.recording, experiment, {});
  REQUIRE(result.ok());
  CAPTURE(from.value, free_schedule, result->result, result->detail);
  for (const auto& divergence : result->divergences) FAIL_CHECK(divergence.ToString());
  CHECK(result->result == "finished");
  CHECK(result->summary.live == 0);
  CHECK(result->summary.miss == 0);
  CHECK(result->digest == digest);
}

void CheckRun(const std::vector<testing::Turn>& turns) {
  testing::ConversationProgram program(turns);
  Recorded recorded;
  Record(program, &recorded);
  const int asked = program.calls();
  CHECK(asked == static_cast<int>(turns.size()));
  auto line = recorded.recording->OpenLine(recorded.log);
  REQUIRE(line.ok());
  CHECK((*line)->last().value == turns.size());
  auto digest = (*line)->Digest();
  REQUIRE(digest.ok());
  std::mt19937 random(static_cast<unsigned>(turns.size()));
  CheckFaithful(program, recorded, StepNumber(0), false, *digest);
  CheckFaithful(program, recorded, StepNumber(0), true, *digest);
  for (int i = 0; i < 3; ++i) {
    CheckFaithful(program, recorded, StepNumber(random() % turns.size()), i % 2 == 0, *digest);
  }
  CHECK(program.calls() == asked);  // a replay asks the world nothing
  auto report = store::Verify(*recorded.recording, {});
  REQUIRE(report.ok());
  for (const auto& finding : report->findings) FAIL_CHECK(finding.where << ": " << finding.what);
}

std::vector<std::string> Files(const std::string& set) {
  std::vector<std::string> files;
  const char* root = std::getenv("BACKSTEP_TEST_DATA");
  if (root == nullptr) return files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(root) + "/" + set)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("A conversation with awkward text re-executes faithfully") {
  CheckRun({{"user", "Plan a trip.\n\"quotes\" \\ and \xf0\x9f\x8c\x8d"},
            {"planner", std::string(100000, 'x')},
            {"critic", ""},
            {"planner", "再考する"},
            {"critic", "done\0with nul"}});
}

TEST_CASE("Published failure logs re-execute faithfully from any moment", "[data]") {
  const auto files = Files("who_when");
  if (files.empty()) {
    WARN("not run: BACKSTEP_TEST_DATA is not set");
    return;
  }
  const size_t stride = testing::IsLong() ? 1 : testing::kSanitized ? 32 : 8;
  for (size_t i = 0; i < files.size(); i += stride) {
    DYNAMIC_SECTION(std::filesystem::path(files[i]).parent_path().filename().string() << "/"
                    << std::filesystem::path(files[i]).filename().string()) {
      const auto turns = testing::LoadHistory(files[i]);
      REQUIRE(turns.size() > 1);
      CheckRun(turns);
    }
  }
}

TEST_CASE("An edited message of a published run pauses where the recording has no answer",
          "[data]") {
  const auto files = Files("who_when/Hand-Crafted");
  if (files.empty()) {
    WARN("not run: BACKSTEP_TEST_DATA is not set");
    return;
  }
  const auto turns = testing::LoadHistory(files.front());
  testing::ConversationProgram program(turns);
  Recorded recorded;
  Record(program, &recorded);
  auto line = recorded.recording->OpenLine(recorded.log);
  REQUIRE(line.ok());
  auto third = (*line)->Step(StepNumber(3));
  REQUIRE(third.ok());
  REQUIRE(third->sent.size() == 1);

  Experiment experiment;
  experiment.parent = recorded.log;
  experiment.edits = {{.kind = Edit::Kind::kReplaceMessage,
                       .target = (*line)->FormatMessageId(third->sent[0].id),
                       .text = R"({"turn":3,"text":"Stop and check the units first."})"}};
  auto fork = replay::LatestFork(*recorded.recording, experiment);
  REQUIRE(fork.ok());
  CHECK(fork->value == 3);
  experiment.from = *fork;
  auto result = replay::Reexecute(program, *recorded.recording, experiment, {});
  REQUIRE(result.ok());
  CHECK(result->result == "paused");
  REQUIRE(result->miss.has_value());
  CHECK(result->miss->step.value == 4);
  CHECK(result->miss->agent == turns[3].speaker);
  CHECK(result->last.value == 3);
  CHECK(result->summary.divergences == 0);

  experiment.on_miss = {{.match = "llm", .policy = MissPolicy::kLive}};
  auto live = replay::Reexecute(program, *recorded.recording, experiment, {});
  REQUIRE(live.ok());
  CHECK(live->result == "finished");
  CHECK(live->summary.live > 0);
  CHECK(live->summary.divergences == 0);
  auto again = replay::Reexecute(program, *recorded.recording, experiment, {});
  REQUIRE(again.ok());
  CHECK(again->digest == live->digest);
}

}  // namespace
}  // namespace backstep
