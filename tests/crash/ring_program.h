// A small faithful program for kill tests: agents in a ring, each calling a helper on the way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/replay/program.h"

namespace backstep::testing {

class RingProgram : public replay::Program {
 public:
  explicit RingProgram(int rounds) : rounds_(rounds) {}
  std::string Name() const override { return "ring"; }
  std::vector<replay::AgentSpec> Agents() override {
    std::vector<replay::AgentSpec> agents;
    for (const char* name : {"a", "b", "c", "helper"}) {
      agents.push_back({.name = name, .initial_state = {"0\n", "text/plain"}});
    }
    return agents;
  }
  std::vector<Message> Start() override { return {{.to = "a", .body = {"0", "text/plain"}}}; }
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec& spec,
                                                 const Body& state) override {
    return std::unique_ptr<replay::Agent>(new Member(spec.name, state.bytes, rounds_));
  }

 private:
  struct Member : replay::Agent {
    Member(std::string n, std::string s, int r)
        : name(std::move(n)), state(std::move(s)), rounds(r) {}
    Status Run(replay::Step& step) override {
      const std::string text = step.taken().empty() ? "0" : step.taken()[0].body.bytes;
      state += text + "\n";
      if (name == "helper") {
        step.Reply({"ok " + text, "text/plain"});
        return step.Commit({state, "text/plain"});
      }
      CallRequest request{.name = "work", .body = {text, "text/plain"}};
      CallResult result = step.CallTool(request, [](const CallRequest& r, CallProgress&) {
        return CallResponse{.body = {"did " + r.body.bytes, "text/plain"}};
      });
      if (result.ok()) state += result.response().body.bytes + "\n";
      replay::Step* outer = &step;
      recorder::AgentReply reply = outer->CallAgent("helper", {.body = {text, "text/plain"}});
      if (reply.ok()) state += reply.message.body.bytes + "\n";
      const int turn = std::stoi(text) + 1;
      const std::string next = name == "a" ? "b" : name == "b" ? "c" : "a";
      if (turn < rounds) step.Send({.to = next, .body = {std::to_string(turn), "text/plain"}});
      else step.SetOutcome({.kind = Outcome::Kind::kOk, .reason = "all rounds done"});
      return step.Commit({state, "text/plain"});
    }
    std::string name, state;
    int rounds;
  };
  int rounds_;
};

}  // namespace backstep::testing
