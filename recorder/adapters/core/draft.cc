#include "backstep/recorder/adapters/core/draft.h"

#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

AgentIndex SessionDraft::Agent(const std::string& agent_name) {
  for (; agents_placed < agents.size(); ++agents_placed) {  // of two of one name the first serves
    agent_places.emplace(agents[agents_placed].name,
                         AgentIndex(static_cast<uint32_t>(agents_placed)));
  }
  const auto [place, is_new] =
      agent_places.emplace(agent_name, AgentIndex(static_cast<uint32_t>(agents.size())));
  if (is_new) {
    agents.push_back({.name = agent_name});
    ++agents_placed;
  }
  return place->second;
}

StepIndex SessionDraft::Add(StepDraft step) {
  steps.push_back(std::move(step));
  return StepIndex(static_cast<uint32_t>(steps.size() - 1));
}

MessageIndex SessionDraft::Add(MessageDraft message) {
  messages.push_back(std::move(message));
  return MessageIndex(static_cast<uint32_t>(messages.size() - 1));
}

void SessionDraft::Add(EffectDraft effect) { effects.push_back(std::move(effect)); }

void SessionDraft::Annotate(std::optional<StepIndex> step, const Annotation& annotation) {
  Json data = Json::object();
  data["author"] = annotation.author;
  data["kind"] = annotation.kind;
  if (!annotation.agent.empty()) data["agent"] = annotation.agent;
  if (!annotation.reason.empty()) data["reason"] = annotation.reason;
  data["decisive"] = annotation.decisive;
  if (!annotation.details.empty()) {
    Result<Json> details = ParseJson(annotation.details);
    data["details"] = details.ok() ? std::move(*details) : Json(annotation.details);
  }
  notes.push_back(
      {.step = step, .name = annotation.author, .category = "annotation", .data = JsonText(data)});
}

}  // namespace backstep::adapters
