#include "backstep/samples/software_team/team.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/agents/chat.h"
#include "backstep/samples/software_team/models/spec.h"

namespace team {
namespace {

using backstep::Body;
using backstep::Message;
using backstep::Outcome;
using backstep::Result;
using backstep::Status;
using backstep::replay::AgentSpec;
using backstep::replay::CutView;
using backstep::replay::Decision;
using backstep::replay::Deliverable;
using Json = nlohmann::json;

// "120, 30 prints 2"
Task::Example ReadExample(const std::string& text) {
  constexpr char kPrints[] = "prints ";
  const size_t prints = text.find(kPrints);
  if (prints == std::string::npos) return {text, ""};
  Task::Example example;
  example.expect = text.substr(prints + sizeof kPrints - 1);
  const std::string input = text.substr(0, prints);
  if (input.find("nothing") != std::string::npos) return example;
  for (size_t at = 0; at < input.size();) {
    const size_t end = std::min(input.find(',', at), input.size());
    const std::string part = input.substr(at, end - at);
    const size_t begin = part.find_first_not_of(' ');
    const size_t last = part.find_last_not_of(' ');
    if (begin != std::string::npos) example.input += part.substr(begin, last + 1 - begin);
    example.input += '\n';
    at = end + 1;
  }
  return example;
}

struct Phase {
  const char* agent;
  const char* segment;
};
constexpr Phase kPhases[] = {
    {"planner", "planning"}, {"coder", "building"}, {"reviewer", "acceptance"}};

bool IsBusy(const CutView& cut, const std::string& agent) {
  return std::any_of(cut.agents.begin(), cut.agents.end(), [&](const auto& view) {
    return view.name == agent && view.busy;
  });
}

// Of the messages that wait for `agent`: the program before anything else, else the oldest.
const Deliverable* FirstFor(const CutView& cut, const std::string& agent) {
  const Deliverable* first = nullptr;
  for (const Deliverable& message : cut.deliverable) {
    if (message.to != agent) continue;
    if (message.kind == "program") return &message;
    if (first == nullptr) first = &message;
  }
  return first;
}

}  // namespace

Task ReadTask(const std::string& text) {
  constexpr char kMark[] = "Example:";
  Task task;
  for (const std::string& sentence : Sentences(text)) {
    if (sentence.rfind(kMark, 0) == 0) {
      task.examples.push_back(ReadExample(sentence.substr(sizeof kMark - 1)));
    } else {
      task.text += (task.text.empty() ? "" : " ") + sentence + ".";
    }
  }
  return task;
}

std::vector<AgentSpec> SoftwareTeam::Agents() {
  const std::string model = equipment_.llm->Model();
  return {{.name = "planner", .role = "planner", .model = model, .initial_state = Chat::Empty()},
          {.name = "coder", .role = "coder", .model = model, .initial_state = Chat::Empty()},
          {.name = "tester", .role = "tester", .model = model, .initial_state = Chat::Empty()},
          {.name = "reviewer", .role = "reviewer", .model = model, .initial_state = EmptyReview()}};
}

std::vector<Message> SoftwareTeam::Start() {
  std::vector<Message> messages;
  messages.push_back({.to = "planner", .kind = "task", .body = {task_.text, "text/plain"}});
  for (size_t i = 0; i < task_.examples.size(); ++i) {
    const Json body = {{"number", i + 1}, {"of", task_.examples.size()},
                       {"input", task_.examples[i].input}, {"expect", task_.examples[i].expect}};
    messages.push_back({.to = "reviewer", .kind = "example",
                        .body = {body.dump(-1, ' ', false, Json::error_handler_t::replace)}});
  }
  return messages;
}

Result<std::unique_ptr<backstep::replay::Agent>> SoftwareTeam::Restore(const AgentSpec& agent,
                                                                       const Body& state) {
  if (agent.name == "planner") return MakePlanner(equipment_, state);
  if (agent.name == "coder") return MakeCoder(equipment_, state);
  if (agent.name == "tester") return MakeTester(equipment_, state);
  if (agent.name == "reviewer") return MakeReviewer(equipment_, state);
  return Status::NotFound("the team has no " + agent.name);
}

Decision SoftwareTeam::Next(const CutView& cut, std::string* scheduler_state) {
  for (const Phase& phase : kPhases) {
    if (IsBusy(cut, phase.agent)) continue;
    const Deliverable* message = FirstFor(cut, phase.agent);
    if (message == nullptr) continue;
    *scheduler_state = phase.segment;
    Decision decision = Decision::Activate(phase.agent, {message->id});
    decision.segment = phase.segment;
    return decision;
  }
  if (cut.outcome) return Decision::Finish(*cut.outcome);
  return Decision::Finish({.kind = Outcome::Kind::kUnknown, .reason = "no example to judge it by"});
}

}  // namespace team
