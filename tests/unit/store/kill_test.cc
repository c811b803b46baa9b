#include <unistd.h>

#include <cstdlib>
#include <set>

#include "backstep/tests/support/child.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

using store::LogState;
using store::Recording;

constexpr char kVictimVariable[] = "BACKSTEP_TEST_VICTIM";
constexpr AgentId kWaiter{2};

// A writer in a process of its own; what it prints are the steps it has flushed.
class Victim {
 public:
  explicit Victim(const std::string& path)
      : child_(OwnCase("victim of the kill test"),
               {.environment = {{kVictimVariable, path}}, .errors_read = true}) {}

  // Waits until the writer has told of a step not before `step`; gives the last one told.
  uint64_t WaitFor(uint64_t step) {
    uint64_t told = 0;
    while (told < step) REQUIRE(fscanf(child_.errors(), "%lu", &told) == 1);
    return told;
  }
  // Kills it and gives the last step it has told of.
  uint64_t Kill() {
    REQUIRE(child_.Kill());
    uint64_t told = 0, next = 0;
    while (fscanf(child_.errors(), "%lu", &next) == 1) told = next;
    return told;
  }

 private:
  Child child_;
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
