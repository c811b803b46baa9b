// The smallest program that can be recorded and re-executed: two agents pass a number on until it
// is large enough. The contract is in three places below, marked (1), (2) and (3).
#include <memory>
#include <string>

#include "backstep/replay/program.h"

using backstep::Body;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using backstep::Message;
using backstep::Outcome;
using backstep::Result;
using backstep::Status;
using backstep::replay::AgentSpec;
using backstep::replay::Step;

constexpr char kText[] = "text/plain";

// A call to the outside goes through the step: recorded now, answered from the recording later.
CallResult Double(Step& step, const std::string& number) {
  const CallRequest request{.name = "double", .body = {number, kText}, .pure = true};
  return step.CallTool(request, [](const CallRequest& asked, CallProgress&) -> CallResult {
    return CallResponse{.body = {std::to_string(2 * std::stol(asked.body.bytes)), kText}};
  });
}

class Runner : public backstep::replay::Agent {
 public:
  explicit Runner(const Body& state) : laps_(std::stol(state.bytes)) {}

  // (1) One activation: read what arrived, act through `step`, commit the whole state.
  Status Run(Step& step) override {
    const CallResult doubled = Double(step, step.taken().front().body.bytes);
    if (!doubled.ok()) return Status::Unavailable(doubled.error().message);
    const std::string number = doubled.response().body.bytes;
    if (std::stol(number) < 1000) {
      const bool first = step.info().agent_name == "anna";
      step.Send({.to = first ? "bert" : "anna", .kind = "baton", .body = {number, kText}});
    } else {
      step.SetOutcome({.kind = Outcome::Kind::kOk, .reason = "arrived at " + number});
    }
    return step.Commit(Body{std::to_string(++laps_), kText});
  }

 private:
  long laps_;  // all that this agent remembers is in the state it commits
};

class Relay : public backstep::replay::Program {
 public:
  std::string Name() const override { return "relay"; }
  std::vector<AgentSpec> Agents() override {
    return {{.name = "anna", .role = "runner", .initial_state = {"0", kText}},
            {.name = "bert", .role = "runner", .initial_state = {"0", kText}}};
  }
  std::vector<Message> Start() override { return {{.to = "anna", .body = {"3", kText}}}; }
  // (2) An agent made from its state and nothing else: this is how a checkpoint comes to life.
  Result<std::unique_ptr<backstep::replay::Agent>> Restore(const AgentSpec&,
                                                           const Body& state) override {
    return std::unique_ptr<backstep::replay::Agent>(std::make_unique<Runner>(state));
  }
};

int main() {
  Relay relay;
  return backstep::replay::RunProgram(relay);  // (3) runs live, or serves the debugger
}
