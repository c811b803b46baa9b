// A live run whose environment or system does not play along.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "backstep/tests/support/variables.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using testing::ScriptProgram;
using testing::TempDir;
using testing::To;
using testing::Variables;

// Ten agents, of which each keeps a number it drew.
ScriptProgram Drawers() {
  ScriptProgram program;
  program.ahead = true;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i);
    program.behaviours.emplace_back(name, [](replay::Step& step, std::string* state) {
      *state = std::to_string(step.Random());
      return Status();
    });
    program.start.push_back(To(name, "draw"));
  }
  return program;
}

Result<replay::RunResult> RunIn(const std::string& path) {
  ScriptProgram program = Drawers();
  replay::RunOptions options;
  options.session.path = path;
  return RunLive(program, options);
}

std::string DrawnIn(const std::string& path) {
  REQUIRE(RunIn(path).ok());
  auto recording = store::Recording::Open(path);
  REQUIRE(recording.ok());
  return testing::StateOf(**recording, LogId{1}, "a3");
}

TEST_CASE("A seed of 0 is a seed like any other") {
  const TempDir dir;
  const Variables seed("BACKSTEP_SEED", "0");
  REQUIRE(DrawnIn(dir / "a") == DrawnIn(dir / "b"));
}

TEST_CASE("A seed that is no number, or a fault file that is not there, is told first") {
  const TempDir dir;
  for (const char* text : {"many", "12 ", "-1", "0x10", "99999999999999999999"}) {
    INFO(text);
    const Variables seed("BACKSTEP_SEED", text);
    const auto run = RunIn(dir / "r");
    REQUIRE(run.status().code() == StatusCode::kInvalidArgument);
    REQUIRE(run.status().message() ==
            std::string("BACKSTEP_SEED is `") + text + "`, not a decimal number");
  }
  const Variables faults("BACKSTEP_FAULTS", dir / "none.yaml");
  REQUIRE(RunIn(dir / "r").status().message() ==
          "faults: " + (dir / "none.yaml") + ": No such file or directory");
  REQUIRE(access((dir / "r").c_str(), F_OK) != 0);
}

TEST_CASE("A run asked to use more threads than the system gives uses those") {
  const pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid(65534) != 0) _exit(3);  // no limit of threads holds for root
    const rlimit few{3, 3};
    setrlimit(RLIMIT_NPROC, &few);
    ScriptProgram program = Drawers();
    replay::RunOptions options;
    options.session.read_environment = false;
    options.session.disabled = true;
    options.threads = 64;
    const auto run = RunLive(program, options);
    _exit(run.ok() && run->steps == 10 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
}

// Counts what it is asked, and throws where it is told to.
class ThrowingHook : public recorder::Hook {
 public:
  enum class At { kNowhere, kBegin, kBefore, kOwnTime, kCommit };
  explicit ThrowingHook(At at) : at_(at) {}
  std::atomic<int> begun = 0, before = 0, own = 0, committed = 0;

  std::optional<TimeNs> OnBegin(const recorder::StepInfo& step) override {
    Asked(&begun, At::kBegin, step);
    return std::nullopt;
  }
  void BeforeCommit(const recorder::StepInfo& step) override { Asked(&before, At::kBefore, step); }
  DurationNs OwnTime(const recorder::StepInfo& step, DurationNs measured) override {
    Asked(&own, At::kOwnTime, step);
    return measured;
  }
  void OnCommit(const recorder::StepInfo& step, const StepRecord&,
                const recorder::StateChange&) override {
    Asked(&committed, At::kCommit, step);
  }

 private:
  void Asked(std::atomic<int>* count, At at, const recorder::StepInfo& step) {
    ++*count;
    if (at == at_ && step.agent_name == "a3") throw std::runtime_error("mine");
  }
  At at_;
};

TEST_CASE("A run asks the hook it was given of each step, and outlives what that throws") {
  using At = ThrowingHook::At;
  const At at = GENERATE(At::kNowhere, At::kBegin, At::kBefore, At::kOwnTime, At::kCommit);
  const int threads = GENERATE(1, 4);
  INFO("throws at " << static_cast<int>(at) << ", " << threads << " threads");
  const TempDir dir;
  ThrowingHook hook(at);
  ScriptProgram program = Drawers();
  replay::RunOptions options;
  options.session.path = dir / "r";
  options.session.hook = &hook;
  options.threads = threads;
  const auto run = RunLive(program, options);
  if (at == At::kNowhere || at == At::kOwnTime) {
    REQUIRE(run.ok());
    REQUIRE(run->recording_status.ok());
    REQUIRE(run->steps == 10);
  } else {
    REQUIRE(run.status().message() == "the session's hook threw: mine");
  }
  for (const std::atomic<int>* asked : {&hook.begun, &hook.before, &hook.own, &hook.committed}) {
    REQUIRE(*asked == 10);
  }
  auto recording = store::Recording::Open(dir / "r");
  REQUIRE(recording.ok());
  REQUIRE(!testing::StateOf(**recording, LogId{1}, "a3").empty());
}

}  // namespace
}  // namespace backstep
