#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

extern char** environ;

namespace backstep::testing {
namespace {

using store::LogState;
using store::Recording;

constexpr char kVictimVariable[] = "BACKSTEP_TEST_VICTIM";
constexpr AgentId kWaiter{2};

// A writer in a process of its own; what it prints are the steps it has flushed.
class Victim {
 public:
  explicit Victim(const std::string& path) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    REQUIRE(setenv(kVictimVariable, path.c_str(), 1) == 0);
    char self[] = "/proc/self/exe", name[] = "victim of the kill test";
    char* argv[] = {self, name, nullptr};
    REQUIRE(posix_spawn(&pid_, self, &actions, nullptr, argv, environ) == 0);
    unsetenv(kVictimVariable);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    flushed_ = fdopen(ends[0], "r");
  }
  ~Victim() { fclose(flushed_); }

  // Waits until the writer has told of a step not before `step`; gives the last one told.
  uint64_t WaitFor(uint64_t step) {
    uint64_t told = 0;
    while (told < step) REQUIRE(fscanf(flushed_, "%lu", &told) == 1);
    return told;
  }
  // Kills it and gives the last step it has told of.
  uint64_t Kill() {
    kill(pid_, SIGKILL);
    int state = 0;
    REQUIRE(waitpid(pid_, &state, 0) == pid_);
    REQUIRE(WIFSIGNALED(state));
    uint64_t told = 0, next = 0;
    while (fscanf(flushed_, "%lu", &next) == 1) told = next;
    return told;
  }

 private:
  pid_t pid_ = 0;
  FILE* flushed_ = nullptr;
};

}  // namespace

// Runs only as the child of the next test; steps of agent 1, while agent 2 keeps a step open.
TEST_CASE("victim of the kill test", "[.]") {
  const char* path = std::getenv(kVictimVariable);
  if (path == nullptr) FAIL("it runs as the child of the next test only");
  auto recording = Must(Recording::Open(path));
  auto writer = Must(recording->NewLog(SessionHeader("victim"), {}));
  PutAgents(writer.get(), {"worker", "waiter"});
  StepRecord open = OneStep(kWaiter, 1, 1);
  REQUIRE(writer->Begin(open) == Status());
  for (uint64_t number = 1;; ++number) {
    WriteSteps(writer.get(), number, number);
    const std::string line = std::to_string(number) + "\n";
    REQUIRE(write(STDERR_FILENO, line.data(), line.size()) > 0);
  }
}

TEST_CASE("a killed writer loses no flushed step, and its open steps are listed") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "killed.backstep"));
  RandomStream random(20);
  for (uint32_t round = 1; round <= 8; ++round) {
    Victim victim(recording->path());
    // A pause drawn in steps, not in time: the kill then hits anywhere in a write.
    const uint64_t waited = victim.WaitFor(1 + random.Next() % 700);
    const uint64_t told = std::max(waited, victim.Kill());
    auto line = Must(recording->OpenLine(LogId{round}));
    CHECK(line->state() == LogState::kCrashed);
    CHECK(line->last().value >= told);
    uint64_t steps = 0;
    REQUIRE(line->ScanSteps(StepNumber{1}, line->last(), [&](const StepRecord& step) {
      return step.number.value == ++steps;
    }) == Status());
    CHECK(steps == line->last().value);
    CHECK(Must(line->State(AgentId{1}, line->last())).bytes == StateText(steps));
    std::set<AgentId> open;
    for (const auto& step : Must(line->OpenSteps())) open.insert(step.begin.agent);
    CHECK(open.contains(kWaiter));
    CHECK(Must(line->CutAt(StepNumber{told / 2})).agents[0].last_step == StepNumber{told / 2});
  }
}

}  // namespace backstep::testing
