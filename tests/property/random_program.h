// A multi-agent program made from a seed: random wiring, calls of every kind, nested agents, joins,
// failing steps. What an agent does depends on its state and its messages alone, unless a fault of
// its own is planted.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "backstep/replay/program.h"

namespace backstep::testing {

// What makes the program unfaithful, for tests that must find it.
enum class Plant {
  kNone,
  kLostField,       // an agent keeps something that is not in its state
  kGlobalCounter,   // agents share a variable of the process
  kUnrecordedClock, // a clock read past the hooks goes into a prompt
  kChangedWord,     // the program asks otherwise than when it was recorded
};

struct RandomProgramOptions {
  uint64_t seed = 1;
  bool joins = false;        // a Next of its own, which joins messages and keeps a state
  bool failing = true;       // some steps fail, in each possible way
  bool nested = true;
  Plant plant = Plant::kNone;
  std::string planted_agent = "a1";
  uint64_t planted_clock = 2;   // kChangedWord: the step whose prompt differs
  int start_messages = 3;
  int ttl = 5;               // how far a message's consequences reach
  std::string start_text;    // of the first message from outside; empty: made from the seed
};

class RandomProgram : public replay::Program {
 public:
  explicit RandomProgram(RandomProgramOptions options);
  std::string Name() const override { return "random"; }
  std::vector<replay::AgentSpec> Agents() override;
  std::vector<Message> Start() override;
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec& agent,
                                                 const Body& state) override;
  replay::Decision Next(const replay::CutView& cut, std::string* scheduler_state) override;
  bool NextIsOldestDeliverable() const override { return !options_.joins; }

  const RandomProgramOptions& options() const { return options_; }
  size_t agent_count() const { return agent_count_; }
  // Calls that really ran, and steps of agents that really ran.
  std::atomic<uint64_t> calls_run{0};
  std::atomic<uint64_t> steps_run{0};
  std::atomic<uint64_t> shared_counter{0};

 private:
  RandomProgramOptions options_;
  size_t agent_count_;
};

}  // namespace backstep::testing
