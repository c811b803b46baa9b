#include "backstep/recorder/adapters/writing/conversation_states.h"

#include <algorithm>

#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {
namespace {

constexpr std::string_view kBefore = R"({"reconstructed":true,"conversation":[)";
constexpr std::string_view kAfter = "]}";
constexpr uint64_t kAroundEntry = 3;  // bytes: a comma, quotes

}  // namespace

Body BodyOf(std::string bytes, Media media) {
  switch (media) {
    case Media::kJson: return {std::move(bytes), "application/json"};
    case Media::kText: return {std::move(bytes), "text/plain; charset=utf-8"};
    case Media::kBytes: break;
  }
  return {std::move(bytes), "application/octet-stream"};
}

ConversationStates::ConversationStates(const SessionDraft& draft, const BodyFile& bodies)
    : draft_(draft), bodies_(bodies), converses_(draft.agents.size()),
      held_(draft.agents.size()) {
  for (const ConversationDraft& conversation : draft.conversations) {
    std::vector<uint64_t>& before = sizes_.emplace_back().before;
    before.reserve(conversation.entries.size() + 1);
    before.push_back(0);
    for (const KeptBody& entry : conversation.entries) {
      before.push_back(before.back() + entry.size + kAroundEntry);
    }
  }
  for (const StepDraft& step : draft.steps) {
    if (std::holds_alternative<ConversationPoint>(step.state)) converses_[step.agent.value] = true;
  }
}

Result<Body> ConversationStates::Initial(AgentIndex agent) {
  const AgentDraft& draft = draft_.agents[agent.value];
  if (draft.initial_state) {
    BACKSTEP_ASSIGN_OR_RETURN(std::string bytes, bodies_.Read(*draft.initial_state));
    return BodyOf(std::move(bytes), draft.initial_state->media);
  }
  if (!converses_[agent.value]) return Body{{}, {}};
  std::string bytes(kBefore);
  bytes += kAfter;
  held_[agent.value] = {ConversationIndex(UINT32_MAX), 0, bytes.size()};
  return Body{std::move(bytes), "application/json"};
}

Result<std::string> ConversationStates::Entries(ConversationIndex conversation, uint32_t first,
                                                uint32_t end) const {
  std::string text;
  const auto& entries = draft_.conversations[conversation.value].entries;
  for (uint32_t i = first; i < end; ++i) {
    BACKSTEP_ASSIGN_OR_RETURN(std::string entry, bodies_.Read(entries[i]));
    if (i > 0) text += ',';
    text += entries[i].media == Media::kJson && !entry.empty() ? entry : JsonText(Json(entry));
  }
  return text;
}

bool ConversationStates::Affords(ConversationIndex conversation, uint32_t first, uint32_t end) {
  Sizes& sizes = sizes_[conversation.value];
  const auto bytes = [&](uint32_t from) {
    return from < end ? sizes.before[end] - sizes.before[from] : 0;
  };
  const uint64_t fresh = bytes(std::max(first, sizes.told));
  if (!repeats_.Take(bytes(first) - fresh)) return false;
  repeats_.Fresh(fresh);
  sizes.told = std::max(sizes.told, end);
  return true;
}

Result<ConversationStates::State> ConversationStates::After(const StepDraft& step) {
  Held& held = held_[step.agent.value];
  if (const auto* kept = std::get_if<KeptBody>(&step.state)) {
    BACKSTEP_ASSIGN_OR_RETURN(std::string bytes, bodies_.Read(*kept));
    held = {};
    return State(BodyOf(std::move(bytes), kept->media));
  }
  const auto* point = std::get_if<ConversationPoint>(&step.state);
  if (point == nullptr) return State();
  // An agent that has heard nothing yet may begin any conversation.
  const bool goes_on = held.conversation &&
                       (*held.conversation == point->conversation || held.entries == 0) &&
                       held.entries <= point->entries;
  const uint32_t first = goes_on ? held.entries : 0;
  if (goes_on && first == point->entries) {
    held.conversation = point->conversation;
    return State();
  }
  if (!Affords(point->conversation, first, point->entries)) {
    ++left_out_;
    return State();
  }
  BACKSTEP_ASSIGN_OR_RETURN(std::string text, Entries(point->conversation, first, point->entries));
  const uint64_t before = held.bytes;
  held = {point->conversation, point->entries, before + text.size()};
  if (goes_on) return State(StateEdit{{{before - kAfter.size(), 0, std::move(text)}}});
  text.insert(0, kBefore).append(kAfter);
  held.bytes = text.size();
  return State(Body{std::move(text), "application/json"});
}

}  // namespace backstep::adapters
