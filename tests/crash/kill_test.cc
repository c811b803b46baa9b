// Writers killed at random times lose no step they promised, and what they left can be read,
// verified and run on. BACKSTEP_LONG=1 kills 100 times instead of 12.
#include <fstream>
#include <random>
#include <thread>

#include "backstep/replay/reexecute.h"
#include "backstep/store/line.h"
#include "backstep/store/verify.h"
#include "backstep/tests/crash/ring_program.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/child.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep {
namespace {

uint64_t Kills() { return testing::Rounds(12, 100); }

std::vector<std::string> Victim(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {std::string(BACKSTEP_BINARY_DIR) + "/bin/crash_victim"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

// Runs the victim on the recording until it is killed after so long.
void KillAfter(const std::vector<std::string>& arguments, const std::string& recording, int ms) {
  testing::Child child(Victim(arguments), {.environment = {{"BACKSTEP_RECORDING", recording}}});
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  REQUIRE(child.Kill());
}

TEST_CASE("A writer killed at a random time loses no step that it promised") {
  std::mt19937 random(7);
  uint64_t steps_in_all = 0;
  for (uint64_t round = 0; round < Kills(); ++round) {
    testing::TempDir dir;
    const std::string recording_path = dir / "victim.backstep";
    KillAfter({dir / "promised", recording_path}, recording_path,
              60 + static_cast<int>(random() % 400));

    uint64_t promised = 0;
    std::ifstream(dir / "promised", std::ios::binary).read(reinterpret_cast<char*>(&promised), 8);
    auto recording = store::Recording::Open(recording_path);
    if (!recording.ok() && promised == 0) continue;  // killed before there was anything
    REQUIRE(recording.ok());
    auto logs = (*recording)->Logs();
    REQUIRE(logs.ok());
    if (logs->empty() && promised == 0) continue;
    REQUIRE(logs->size() == 1);
    if (!logs->front().error.ok() && promised == 0) continue;
    CAPTURE(round, promised, logs->front().error.ToString());
    CHECK(logs->front().state == store::LogState::kCrashed);
    auto line = (*recording)->OpenLine(logs->front().id);
    REQUIRE(line.ok());
    CHECK((*line)->last().value >= promised);
    uint64_t next = 1;
    REQUIRE((*line)->ScanSteps(StepNumber(1), (*line)->last(), [&](const StepRecord& step) {
      CHECK(step.number.value == next++);
      return true;
    }).ok());
    CHECK(next == (*line)->last().value + 1);
    auto cut = (*line)->CutAt((*line)->last());
    REQUIRE(cut.ok());
    for (const store::OpenStep& open : cut->open) CHECK(!open.commits_as.has_value());
    auto report = store::Verify(**recording, {});
    REQUIRE(report.ok());
    for (const store::Finding& finding : report->findings) {
      // A kill may come in the middle of a write of what nobody had been promised.
      if (finding.what.starts_with("torn:")) continue;
      FAIL_CHECK(finding.where << ": " << finding.what);
    }
    steps_in_all += (*line)->last().value;
  }
  CHECK(steps_in_all > 100);
}

TEST_CASE("A run that was killed is re-executed on from its last moment") {
  std::mt19937 random(11);
  constexpr int kRounds = 20000;
  int continued = 0;
  for (uint64_t round = 0; round < Kills() / 3; ++round) {
    testing::TempDir dir;
    const std::string path = dir / "ring.backstep";
    KillAfter({"--program", std::to_string(kRounds)}, path,
              150 + static_cast<int>(random() % 200));
    auto recording = store::Recording::Open(path);
    if (!recording.ok()) continue;
    auto logs = (*recording)->Logs();
    if (!logs.ok() || logs->empty() || logs->front().last.value == 0) continue;
    const StepNumber last = logs->front().last;
    CAPTURE(round, last.value);
    testing::RingProgram program(kRounds);
    Experiment experiment;
    experiment.parent = logs->front().id;
    experiment.from = last;
    experiment.on_miss = {{.match = "tool", .policy = MissPolicy::kLive}};
    experiment.limits.steps_max = 200;
    auto result = replay::Reexecute(program, **recording, experiment, {});
    REQUIRE(result.ok());
    CAPTURE(result->result, result->detail);
    for (const replay::Divergence& divergence : result->divergences) {
      FAIL_CHECK(divergence.ToString());
    }
    CHECK(result->last > last);
    CHECK((result->result == "limit" || result->result == "finished"));
    ++continued;
  }
  CHECK(continued > 0);
}

}  // namespace
}  // namespace backstep
