// A published multi-agent conversation as a program: each item of its history is a step of the
// agent that said it, whose model "answers" with what was really said and who spoke next.
#pragma once

#include <atomic>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "backstep/replay/program.h"

namespace backstep::testing {

struct Turn {
  std::string speaker;
  std::string content;
};

// The history of a Who&When style file (`history`: items with content, role and perhaps name).
inline std::vector<Turn> LoadHistory(const std::string& path) {
  std::vector<Turn> turns;
  const auto file = nlohmann::json::parse(std::ifstream(path), nullptr, false);
  if (!file.is_object() || !file.contains("history")) return turns;
  for (const auto& item : file["history"]) {
    std::string speaker = item.value("name", item.value("role", "agent"));
    speaker = speaker.substr(0, speaker.find(' '));
    turns.push_back({speaker, item.value("content", "")});
  }
  return turns;
}

class ConversationProgram : public replay::Program {
 public:
  explicit ConversationProgram(std::vector<Turn> turns) : turns_(std::move(turns)) {}
  std::string Name() const override { return "conversation"; }
  std::vector<replay::AgentSpec> Agents() override {
    std::set<std::string> names;
    for (const Turn& turn : turns_) names.insert(turn.speaker);
    std::vector<replay::AgentSpec> agents;
    for (const std::string& name : names) agents.push_back({.name = name, .initial_state = {"[]"}});
    return agents;
  }
  std::vector<Message> Start() override {
    return {{.to = turns_.front().speaker, .kind = "task", .body = {R"({"turn":0,"text":""})"}}};
  }
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec& spec,
                                                 const Body& state) override {
    return std::unique_ptr<replay::Agent>(new Speaker(*this, spec.name, state.bytes));
  }
  // How often the model was really asked.
  int calls() const { return calls_; }

 private:
  struct Speaker : replay::Agent {
    Speaker(ConversationProgram& p, std::string n, const std::string& state)
        : program(p), name(std::move(n)), history(nlohmann::json::parse(state)) {}
    Status Run(replay::Step& step) override {
      const auto heard = nlohmann::json::parse(step.taken().at(0).body.bytes);
      const size_t turn = heard["turn"];
      history.push_back({{"heard", heard["text"]}});
      CallRequest request{.name = "recorded-model",
                          .body = {nlohmann::json{{"turn", turn}, {"messages", history}}.dump()}};
      const CallResult answer = step.CallLlm(request, [&](const CallRequest& r, CallProgress&) {
        ++program.calls_;
        const size_t asked = nlohmann::json::parse(r.body.bytes)["turn"];
        return CallResponse{.body = {program.turns_.at(asked).content, "text/plain"}};
      });
      if (!answer.ok()) return Status::Unavailable(answer.error().kind);
      history.push_back({{"said", answer.response().body.bytes}});
      if (turn + 1 < program.turns_.size()) {
        const nlohmann::json next{{"turn", turn + 1}, {"text", answer.response().body.bytes}};
        step.Send({.to = program.turns_[turn + 1].speaker, .body = {next.dump()}});
      }
      return step.Commit({history.dump()});
    }
    ConversationProgram& program;
    std::string name;
    nlohmann::json history;
  };
  std::vector<Turn> turns_;
  std::atomic<int> calls_{0};
};

}  // namespace backstep::testing
