// A program for the launcher's tests: two agents count down together. argv[1] is what goes wrong
// in a step where half of the count is left; argv[2] a file that gets one line a step.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

#include "backstep/replay/program.h"

namespace {

using backstep::Body;
using backstep::Message;
using backstep::Result;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::AgentSpec;
using backstep::replay::Step;

constexpr int kCount = 12;
constexpr char kPlain[] = "text/plain";

struct Habit {
  // "faithful", "crash", "hang", "print", "stubborn", "exit"; in a live call: "slow_tool",
  // "slow_then_hang", "endless_tool", "throwing_tool"
  std::string name;
  std::string steps_file;

  void AtHalf(Step& step) const {
    if (name.ends_with("_tool") || name == "slow_then_hang") CallTool(step);
    if (name == "crash") {
      signal(SIGSEGV, SIG_DFL);  // a sanitizer would end the program its own way
      raise(SIGSEGV);
    }
    if (name == "exit") _exit(7);
    if (name == "stubborn") signal(SIGTERM, SIG_IGN);
    while (name == "hang" || name == "stubborn" || name == "slow_then_hang") pause();
    while (name == "print") std::cout << "for ever and ever " << std::endl;
  }
  void CallTool(Step& step) const;
};

// A call that the recording has not.
void Habit::CallTool(Step& step) const {
  try {
    step.CallTool({.name = "wait", .free = true}, [this](const auto&, auto&) {
      while (name == "endless_tool") pause();
      if (name == "throwing_tool") throw std::runtime_error("no tool");
      std::this_thread::sleep_for(std::chrono::seconds(4));
      return backstep::CallResult(backstep::CallResponse{.body = {"waited", kPlain}});
    });
  } catch (const std::runtime_error&) {
    while (true) pause();
  }
}

class Counter : public Agent {
 public:
  Counter(const Habit& habit, Body state) : habit_(habit), seen_(std::move(state.bytes)) {}

  Status Run(Step& step) override {
    std::ofstream(habit_.steps_file, std::ios::app) << step.info().agent_name << "\n";
    const Message& message = step.taken().front();
    const int left = std::stoi(message.body.bytes);
    std::cout << step.info().agent_name << " has " << left << " left" << std::endl;
    if (left == kCount / 2) habit_.AtHalf(step);
    seen_ += message.body.bytes + " ";
    if (left > 0) {
      const std::string other = step.info().agent_name == "ping" ? "pong" : "ping";
      step.Send({.to = other, .body = {std::to_string(left - 1), kPlain}});
    } else {
      step.SetOutcome({.kind = backstep::Outcome::Kind::kOk, .score = 1.5, .reason = "counted"});
    }
    return step.Commit({seen_, kPlain});
  }

 private:
  const Habit& habit_;
  std::string seen_;
};

class Countdown : public backstep::replay::Program {
 public:
  explicit Countdown(Habit habit) : habit_(std::move(habit)) {}
  std::string Name() const override {
    return habit_.name == "renamed" ? "someone_else" : "countdown";
  }
  std::vector<AgentSpec> Agents() override {
    return {{.name = "ping", .initial_state = {"", kPlain}},
            {.name = "pong", .initial_state = {"", kPlain}}};
  }
  std::vector<Message> Start() override {
    return {{.to = "ping", .body = {std::to_string(kCount), kPlain}}};
  }
  Result<std::unique_ptr<Agent>> Restore(const AgentSpec&, const Body& state) override {
    return std::unique_ptr<Agent>(std::make_unique<Counter>(habit_, state));
  }

 private:
  const Habit habit_;
};

// What may be set in a child that serves, and what may not.
void PrintEnvironment() {
  for (const char* name : {"BACKSTEP_RECORDING", "BACKSTEP_FAULTS", "BACKSTEP_SEED",
                           "BACKSTEP_DISABLED", "HELPER_VARIABLE"}) {
    const char* value = getenv(name);
    std::cout << name << "=" << (value == nullptr ? "unset" : value) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Habit habit{argc > 1 ? argv[1] : "faithful", argc > 2 ? argv[2] : "/dev/null"};
  if (habit.name == "leave") return 5;
  if (habit.name == "sleep") pause();
  if (habit.name == "chatter") {
    while (true) std::cout << "nobody listens to me" << std::endl;
  }
  if (habit.name == "environment") PrintEnvironment();
  Countdown program(habit);
  const int code = backstep::replay::RunProgram(program);
  if (habit.name == "late_crash") raise(SIGABRT);
  return code;
}
