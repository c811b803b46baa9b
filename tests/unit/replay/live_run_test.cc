// A live run whose environment or system does not play along.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using testing::ScriptProgram;
using testing::TempDir;
using testing::To;

// A variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

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
  const Variable seed("BACKSTEP_SEED", "0");
  REQUIRE(DrawnIn(dir / "a") == DrawnIn(dir / "b"));
}

TEST_CASE("A seed that is no number, or a fault file that is not there, is told first") {
  const TempDir dir;
  for (const char* text : {"many", "12 ", "-1", "0x10", "99999999999999999999"}) {
    INFO(text);
    const Variable seed("BACKSTEP_SEED", text);
    const auto run = RunIn(dir / "r");
    REQUIRE(run.status().code() == StatusCode::kInvalidArgument);
    REQUIRE(run.status().message() ==
            std::string("BACKSTEP_SEED is `") + text + "`, not a decimal number");
  }
  const Variable faults("BACKSTEP_FAULTS", dir / "none.yaml");
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

}  // namespace
}  // namespace backstep
