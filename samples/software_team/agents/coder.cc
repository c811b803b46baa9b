#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/agents/agents.h"
#include "backstep/samples/software_team/agents/chat.h"

namespace team {
namespace {

using backstep::Body;
using backstep::CallError;
using backstep::Message;
using backstep::Result;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::Step;
using Json = nlohmann::json;

constexpr int kAttempts = 2;
constexpr char kMark[] = "Requirement: ";

std::string Job(const std::string& language) {
  const bool cpp = language == "c++";
  return std::string("You are the coder of a software team. Write one ") +
         (cpp ? "C++ program" : "program as a POSIX sh script") +
         " that reads lines from standard input and meets every requirement so far. After each "
         "requirement answer with the whole program between ``` fences.";
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Coder final : public Agent {
 public:
  Coder(const Equipment& equipment, Chat chat) : equipment_(equipment), chat_(std::move(chat)) {}

  Status Run(Step& step) override {
    if (chat_.empty()) chat_.Add("system", Job(equipment_.tools->Language(step)));
    const Message& message = step.taken().front();
    if (message.kind == "finish") {
      HandOver(step);
    } else {
      chat_.Add("user", kMark + message.body.bytes);
      BACKSTEP_RETURN_IF_ERROR(Work(step));
    }
    BACKSTEP_RETURN_IF_ERROR(step.Commit(chat_.Added()));
    chat_.Committed();
    return {};
  }

 private:
  std::string Language() const {
    return chat_.turns().front().text.find("C++") != std::string::npos ? "c++" : "sh";
  }
  std::string Source() const {
    for (auto turn = chat_.turns().rbegin(); turn != chat_.turns().rend(); ++turn) {
      if (turn->role != "assistant") continue;
      if (std::string code = CodeIn(turn->text); !code.empty()) return code;
    }
    return {};
  }
  std::vector<std::string> Requirements() const {
    std::vector<std::string> requirements;
    for (const Turn& turn : chat_.turns()) {
      if (turn.role == "user" && turn.text.rfind(kMark, 0) == 0) {
        requirements.push_back(turn.text.substr(sizeof kMark - 1));
      }
    }
    return requirements;
  }
  Json Product() const {
    return {{"language", Language()}, {"source", Source()}, {"requirements", Requirements()}};
  }

  // Extends the program by what was asked last and has it tested.
  Status Work(Step& step) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const Answer answer = Ask(step, *equipment_.llm, chat_.turns());
      if (answer.error && MustStop(*answer.error)) return Stopped(*answer.error);
      // The requirement is noted: the next answer will cover it.
      if (answer.error) return {};
      chat_.Add("assistant", answer.text);
      if (CodeIn(answer.text).empty()) {
        chat_.Add("user", "There is no program in your answer.");
        continue;
      }
      BACKSTEP_ASSIGN_OR_RETURN(const std::string complaint, Check(step));
      if (complaint.empty()) return {};
      chat_.Add("user", "Tester: " + complaint);
    }
    return {};
  }

  // Empty, or what is wrong with the program as it stands.
  Result<std::string> Check(Step& step) {
    const std::string file = Language() == "c++" ? "program.cc" : "program.sh";
    const ToolAnswer written = equipment_.tools->WriteFile(step, file, Source());
    if (written.error && MustStop(*written.error)) return Stopped(*written.error);
    if (!written.ok) step.Event("file not written", file, "warning");
    const auto span = step.Span("call", "tester");
    const auto reply = step.CallAgent("tester", {.to = "tester", .channel = "check",
                                                 .kind = "check", .body = {Text(Product())}});
    if (reply.error && MustStop(*reply.error)) return Stopped(*reply.error);
    if (!reply.ok()) return "the tester does not answer (" + reply.error->kind + ")";
    const Json verdict = Json::parse(reply.message.body.bytes, nullptr, false);
    if (!verdict.is_object() || !verdict.contains("passed") || !verdict["passed"].is_boolean()) {
      return std::string("the tester's answer makes no sense");
    }
    if (verdict["passed"].get<bool>()) return std::string();
    return verdict.contains("report") && verdict["report"].is_string()
               ? verdict["report"].get<std::string>()
               : std::string("the tests fail");
  }

  void HandOver(Step& step) {
    chat_.Add("user", step.taken().front().body.bytes);
    step.Handoff("reviewer", "the program is complete");
    step.Send({.to = "reviewer", .channel = "review", .kind = "program",
               .body = {Text(Product())}});
  }

  const Equipment equipment_;
  Chat chat_;
};

}  // namespace

AgentResult MakeCoder(const Equipment& equipment, const Body& state) {
  BACKSTEP_ASSIGN_OR_RETURN(Chat chat, Chat::Parse(state));
  return std::unique_ptr<Agent>(std::make_unique<Coder>(equipment, std::move(chat)));
}

}  // namespace team
