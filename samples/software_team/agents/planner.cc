#include <algorithm>

#include "backstep/samples/software_team/agents/agents.h"
#include "backstep/samples/software_team/agents/chat.h"

namespace team {
namespace {

using backstep::Body;
using backstep::Status;
using backstep::replay::Agent;
using backstep::replay::Step;

constexpr char kText[] = "text/plain";
constexpr size_t kRequirementsMax = 24;
constexpr size_t kRequirementBytesMax = 400;

constexpr char kJob[] =
    "You plan the work of a software team. Break the task into requirements for the coder: one "
    "short sentence each, on lines that begin with '- ', and nothing else.";

// The lines of an answer that say something, without bullets and fences.
std::vector<std::string> Requirements(const std::string& answer) {
  std::vector<std::string> requirements;
  for (size_t at = 0; at < answer.size() && requirements.size() < kRequirementsMax;) {
    const size_t end = std::min(answer.find('\n', at), answer.size());
    std::string line = answer.substr(at, end - at);
    at = end + 1;
    const size_t begin = line.find_first_not_of(" \t\r-*`");
    if (begin == std::string::npos) continue;
    line = line.substr(begin, std::min(line.find_last_not_of(" \t\r") + 1 - begin,
                                       kRequirementBytesMax));
    requirements.push_back(line);
  }
  return requirements;
}

class Planner final : public Agent {
 public:
  Planner(const Equipment& equipment, Chat chat)
      : equipment_(equipment), chat_(std::move(chat)) {}

  Status Run(Step& step) override {
    if (chat_.empty()) chat_.Add("system", kJob);
    for (const backstep::Message& task : step.taken()) chat_.Add("user", task.body.bytes);
    const Answer answer = Ask(step, *equipment_.llm, chat_.turns());
    if (answer.error) return Stopped(*answer.error);
    chat_.Add("assistant", answer.text);
    const std::vector<std::string> requirements = Requirements(answer.text);
    for (const std::string& requirement : requirements) {
      step.Send({.to = "coder", .channel = "work", .kind = "requirement",
                 .body = {requirement, kText}});
    }
    step.Send({.to = "coder", .channel = "work", .kind = "finish",
               .body = {"That is all. Hand the program to the reviewer.", kText}});
    BACKSTEP_RETURN_IF_ERROR(step.Commit(chat_.Added()));
    chat_.Committed();
    return {};
  }

 private:
  const Equipment equipment_;
  Chat chat_;
};

}  // namespace

bool MustStop(const backstep::CallError& error) {
  return error.kind == "miss" || error.kind == "cancelled";
}

Status Stopped(const backstep::CallError& error) {
  return Status::Unavailable(error.kind + ": " + error.message);
}

AgentResult MakePlanner(const Equipment& equipment, const Body& state) {
  BACKSTEP_ASSIGN_OR_RETURN(Chat chat, Chat::Parse(state));
  return std::unique_ptr<Agent>(std::make_unique<Planner>(equipment, std::move(chat)));
}

}  // namespace team
