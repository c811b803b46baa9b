#include "backstep/replay/launch.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/support/variables.h"

using namespace backstep;
using namespace backstep::replay;
using backstep::testing::TempDir;
using backstep::testing::Variables;

namespace {

const std::string kHelper = std::string(BACKSTEP_BINARY_DIR) + "/bin/launch_helper";
constexpr uint64_t kSteps = 13;

// A recording of the faithful helper, made by running it.
class Recorded {
 public:
  Recorded() {
    const std::string command =
        "BACKSTEP_RECORDING='" + path() + "' '" + kHelper + "' faithful >'" + (dir_ / "out") + "'";
    REQUIRE(std::system(command.c_str()) == 0);
  }
  std::string path() const { return dir_ / "countdown.backstep"; }
  std::string steps_file() const { return dir_ / "steps"; }
  LaunchOptions Options(const std::string& habit) const {
    LaunchOptions options;
    options.command = {kHelper, habit, steps_file()};
    return options;
  }
  Experiment FromStart() const {
    Experiment experiment;
    experiment.name = "again";
    experiment.parent = LogId(1);
    return experiment;
  }
  size_t StepsRun() const {
    std::ifstream file(steps_file());
    size_t count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }
  LaunchResult Launched(const std::string& habit, const std::string& branch = "again") const {
    Experiment experiment = FromStart();
    experiment.name = branch;
    auto result = Launch(path(), experiment, Options(habit));
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return *result;
  }

 private:
  TempDir dir_;
};

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

bool HasChildren() {
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool Contains(const std::string& text, const std::string& part) {
  INFO("in: " << text << "\nnot found: " << part);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a faithful program re-executes in its own process and its result crosses whole") {
  Recorded recorded;
  uint64_t progress_steps = 0;
  LaunchOptions options = recorded.Options("faithful");
  options.progress = [&](const Progress& progress) { progress_steps = progress.steps_done; };
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  INFO(launched.status().ToString());
  REQUIRE(launched.ok());
  const ReplayResult& result = launched->replay;
  INFO(result.detail);
  CHECK(result.result == "finished");
  CHECK(result.branch_name == "again");
  CHECK(result.last == StepNumber(kSteps));
  CHECK(result.summary.divergences == 0);
  CHECK(result.outcome.kind == Outcome::Kind::kOk);
  CHECK(result.outcome.score == 1.5);
  CHECK(result.outcome.reason == "counted");
  CHECK(launched->exit_code == 0);
  CHECK(recorded.StepsRun() == kSteps);
  CHECK(progress_steps > 0);
  CHECK(progress_steps <= kSteps);
  Contains(launched->output, "pong has 1 left");
  auto recording = store::Recording::Open(recorded.path());
  REQUIRE(recording.ok());
  auto line = (*recording)->OpenLine(result.branch);
  REQUIRE(line.ok());
  const auto original = (*recording)->OpenLine(LogId(1));
  REQUIRE(original.ok());
  CHECK((*line)->Digest().value() == (*original)->Digest().value());
}

TEST_CASE("what the program printed is kept with its branch") {
  Recorded recorded;
  const LaunchResult launched = recorded.Launched("faithful");
  auto recording = store::Recording::Open(recorded.path());
  REQUIRE(recording.ok());
  auto line = (*recording)->OpenLine(launched.replay.branch);
  REQUIRE(line.ok());
  const std::optional<LogEnd> end = (*line)->end();
  REQUIRE(end.has_value());
  Contains(end->output, "ping has 12 left");
}

TEST_CASE("a program that crashes in a step is a result that names its branch") {
  Recorded recorded;
  const LaunchResult launched = recorded.Launched("crash");
  CHECK(launched.replay.result == "crashed");
  Contains(launched.replay.detail, "was killed by SIGSEGV");
  Contains(launched.replay.detail, "it last printed: ping has 6 left");
  CHECK(launched.exit_code == -SIGSEGV);
  CHECK(launched.replay.branch == LogId(2));
  CHECK(launched.replay.branch_name == "again");
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a crash is told where it happened, whatever of the steps before it reached the log") {
  Recorded recorded;
  for (uint64_t i = 0; i < testing::Rounds(20, 100); ++i) {
    const LaunchResult launched = recorded.Launched("crash", "");
    const ReplayResult& result = launched.replay;
    INFO(result.detail);
    REQUIRE(result.died_at.has_value());
    CHECK(result.died_at->committed == StepNumber(6));
    const std::vector<OpenActivation> open{{"ping", AgentClock(4), {"pong/3.0"}}};
    CHECK(result.died_at->open == open);
    CHECK(result.outcome.reason == "crashed in ping/4, which took pong/3.0");
    Contains(result.detail, "SIGSEGV in ping/4, which took pong/3.0, after 6 steps of the branch");
    const std::string held = result.last.value == 0
                                 ? "the log holds none of them"
                                 : "the log holds the first " + std::to_string(result.last.value);
    CHECK((result.detail.find(held) != std::string::npos) == (result.last < StepNumber(6)));
    // What is kept says the same to whoever looks later.
    auto recording = store::Recording::Open(recorded.path());
    REQUIRE(recording.ok());
    const auto rows = ViewBranches(**recording, LogId(1));
    REQUIRE(rows.ok());
    const BranchRow& row = rows->back();
    CHECK(row.id == result.branch);
    CHECK(row.result == "crashed");
    CHECK(row.detail == result.detail);
    CHECK(row.outcome == result.outcome);
    CHECK(row.summary == result.summary);
    CHECK(row.died_at == result.died_at);
  }
}

TEST_CASE("a program that exits in a step is a result") {
  Recorded recorded;
  const LaunchResult launched = recorded.Launched("exit");
  CHECK(launched.replay.result == "crashed");
  Contains(launched.replay.detail, "exited with code 7");
  CHECK(launched.exit_code == 7);
}

TEST_CASE("a crash after the branch is complete leaves the result and warns") {
  Recorded recorded;
  const LaunchResult launched = recorded.Launched("late_crash");
  CHECK(launched.replay.result == "finished");
  REQUIRE(launched.replay.warnings.size() == 1);
  Contains(launched.replay.warnings[0], "was killed by SIGABRT");
}

TEST_CASE("a program that hangs in a step is killed after the limit of silence") {
  Recorded recorded;
  LaunchOptions options = recorded.Options(GENERATE("hang", "stubborn"));
  options.silence_max = Milliseconds(4000);
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "crashed");
  Contains(launched->replay.detail, "made no progress");
  CHECK(launched->exit_code < 0);
  CHECK(launched->replay.branch == LogId(2));
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a live call that takes longer than the limit of silence is waited for") {
  Recorded recorded;
  LaunchOptions options = recorded.Options("slow_tool");
  options.silence_max = Milliseconds(2000);
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  INFO(launched->replay.detail);
  CHECK(launched->replay.result == "finished");
  CHECK(launched->replay.last == StepNumber(kSteps));
  CHECK(launched->replay.summary.live == 1);
}

TEST_CASE("a program that hangs after its live call has ended or thrown is killed as silent") {
  Recorded recorded;
  LaunchOptions options = recorded.Options(GENERATE("slow_then_hang", "throwing_tool"));
  options.silence_max = Milliseconds(2000);
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "crashed");
  Contains(launched->replay.detail, "made no progress for 2 s outside of live calls");
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a live call that never ends is ended at the branch's limit of wall time") {
  Recorded recorded;
  Experiment experiment = recorded.FromStart();
  experiment.limits.wall_max = Milliseconds(1000);
  auto launched = Launch(recorded.path(), experiment, recorded.Options("endless_tool"));
  REQUIRE(launched.ok());
  const ReplayResult& result = launched->replay;
  INFO(result.detail);
  CHECK(result.result == "limit");
  Contains(result.detail, "the wall time limit of 1 s passed in a live call in ping/4");
  CHECK(result.outcome.reason == "at a limit in ping/4, which took pong/3.0");
  CHECK_FALSE(HasChildren());
  auto recording = store::Recording::Open(recorded.path());
  REQUIRE(recording.ok());
  const auto rows = ViewBranches(**recording, LogId(1));
  REQUIRE(rows.ok());
  CHECK(rows->back().result == "limit");
  CHECK(rows->back().detail == result.detail);
}

TEST_CASE("printing without end is no progress and stays bounded") {
  Recorded recorded;
  LaunchOptions options = recorded.Options("print");
  options.silence_max = Milliseconds(4000);
  options.output_bytes_max = 10000;
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "crashed");
  CHECK(launched->output.size() < 10100);
  Contains(launched->output, "bytes left out");
  Contains(launched->output, "ping has 12 left");
  Contains(launched->output, "for ever and ever");
}

TEST_CASE("a program that never serves is killed after the limit") {
  Recorded recorded;
  LaunchOptions options = recorded.Options(GENERATE("sleep", "chatter"));
  options.connect_max = Milliseconds(200);
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "crashed");
  Contains(launched->replay.detail, "did not serve within 1 s");
  CHECK(launched->replay.branch == LogId(0));
}

TEST_CASE("a program that is no replay host says what to link and call") {
  Recorded recorded;
  LaunchOptions options;
  options.command = {"true"};
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "crashed");
  Contains(launched->replay.detail, "link backstep::program and call RunProgram");

  const LaunchResult left = recorded.Launched("leave");
  CHECK(left.replay.result == "crashed");
  Contains(left.replay.detail, "exited with code 5");
}

TEST_CASE("another program than the recorded one is refused by name") {
  Recorded recorded;
  const LaunchResult launched = recorded.Launched("renamed");
  CHECK(launched.replay.result == "crashed");
  Contains(launched.replay.detail, "'someone_else', and the recording is of 'countdown'");
  CHECK(launched.replay.branch == LogId(0));
}

TEST_CASE("a cancelled re-execution is a result, even of a program that hangs") {
  Recorded recorded;
  std::atomic<bool> cancel{false};
  LaunchOptions options = recorded.Options("hang");
  options.cancel = &cancel;
  std::thread canceller([&] {
    while (recorded.StepsRun() < 7) std::this_thread::yield();
    cancel = true;
  });
  auto launched = Launch(recorded.path(), recorded.FromStart(), options);
  canceller.join();
  REQUIRE(launched.ok());
  CHECK(launched->replay.result == "cancelled");
  CHECK(launched->replay.branch == LogId(2));
  CHECK_FALSE(HasChildren());
  auto recording = store::Recording::Open(recorded.path());
  REQUIRE(recording.ok());
  const auto rows = ViewBranches(**recording, LogId(1));
  REQUIRE(rows.ok());
  CHECK(rows->back().result == "cancelled");
  CHECK(rows->back().outcome.reason == "cancelled in ping/4, which took pong/3.0");
}

TEST_CASE("what cannot be started or run at all is an error in words") {
  Recorded recorded;
  LaunchOptions options = recorded.Options("faithful");
  options.command = {"/no/such/program"};
  CHECK(Launch(recorded.path(), recorded.FromStart(), options).status().code() ==
        StatusCode::kNotFound);
  options.command = {recorded.path()};
  CHECK(Launch(recorded.path(), recorded.FromStart(), options).status().code() ==
        StatusCode::kInvalidArgument);
  options = recorded.Options("faithful");
  options.working_directory = "/no/such/directory";
  CHECK(Launch(recorded.path(), recorded.FromStart(), options).status().code() ==
        StatusCode::kNotFound);
  Experiment experiment = recorded.FromStart();
  experiment.edits.push_back({.target = "nobody/3.0", .text = "x", .origin = "here"});
  const Status status =
      Launch(recorded.path(), experiment, recorded.Options("faithful")).status();
  INFO(status.ToString());
  CHECK((status.code() == StatusCode::kNotFound ||
         status.code() == StatusCode::kInvalidArgument));
  experiment = recorded.FromStart();
  experiment.parent = LogId(9);
  CHECK(Launch(recorded.path(), experiment, recorded.Options("faithful")).status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("the child has our environment less our own variables") {
  Recorded recorded;
  const Variables disabled("BACKSTEP_DISABLED", "1");
  const Variables faults("BACKSTEP_FAULTS", "/no/such/file");
  const Variables other("HELPER_VARIABLE", "kept");
  const LaunchResult launched = recorded.Launched("environment");
  CHECK(launched.replay.result == "finished");
  Contains(launched.output, "BACKSTEP_DISABLED=unset");
  Contains(launched.output, "BACKSTEP_FAULTS=unset");
  Contains(launched.output, "HELPER_VARIABLE=kept");
}

TEST_CASE("many launches leave no descriptor, no zombie, no file behind") {
  Recorded recorded;
  TempDir temporary;
  const Variables variable("TMPDIR", temporary.path());
  recorded.Launched("faithful", "");
  const size_t before = OpenDescriptors();
  for (const char* habit : {"crash", "faithful", "leave", "renamed"}) recorded.Launched(habit, "");
  CHECK(OpenDescriptors() == before);
  CHECK_FALSE(HasChildren());
  CHECK(std::filesystem::is_empty(temporary.path()));
}
