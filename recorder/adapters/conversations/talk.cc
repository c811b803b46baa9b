#include "backstep/recorder/adapters/conversations/talk.h"

#include <utility>

namespace backstep::adapters {

Talk::Talk(SessionDraft* draft, Sink* sink)
    : draft_(draft),
      sink_(sink),
      conversation_(static_cast<uint32_t>(draft->conversations.size())) {
  draft->conversations.emplace_back();
  draft->state_source = StateSource::kReconstructed;
}

void Talk::Ask(std::string_view text, Media media, const std::string& kind) {
  Ask(sink_->Keep(text, media), kind);
}

void Talk::Ask(const KeptBody& body, const std::string& kind) {
  asked_.push_back({.to = {}, .kind = kind, .body = body});
}

uint32_t Talk::entries() const {
  return static_cast<uint32_t>(draft_->conversations[conversation_.value].entries.size());
}

void Talk::Hear(const Json& item) {
  draft_->conversations[conversation_.value].entries.push_back(
      sink_->Keep(JsonText(item), Media::kJson));
}

StepIndex Talk::Say(const Saying& saying) {
  const AgentIndex agent = draft_->Agent(saying.agent);
  if (saying.item != nullptr) {
    Hear(*saying.item);
  } else {
    Hear(Json{{"agent", saying.agent}, {"content", saying.text}});
  }
  const StepIndex step = draft_->Add(
      StepDraft{.agent = agent,
                .name = saying.name,
                .program_index = saying.index,
                .began = saying.time,
                .ended = saying.time,
                .state = ConversationPoint{.conversation = conversation_, .entries = entries()}});
  if (last_) draft_->order.emplace_back(*last_, step);
  for (MessageDraft& asked : asked_) {
    asked.to = agent;
    asked.taken_by = step;
    draft_->Add(std::move(asked));
  }
  asked_.clear();
  if (undelivered_) addressed_[agent.value].push_back(Send(*last_, agent, ""));
  for (const MessageIndex message : std::exchange(addressed_[agent.value], {})) {
    draft_->messages[message.value].taken_by = step;
  }
  said_ = {.to = {},
           .kind = saying.kind,
           .body = sink_->Keep(saying.text, saying.media),
           .sent = saying.time};
  last_ = step;
  undelivered_ = true;
  return step;
}

MessageIndex Talk::Send(StepIndex from, AgentIndex to, const std::string& channel) {
  MessageDraft message = said_;
  message.from = from;
  message.to = to;
  message.channel = channel;
  undelivered_ = false;
  return draft_->Add(std::move(message));
}

void Talk::To(const std::string& agent, const std::string& channel) {
  if (!last_) return;
  const AgentIndex to = draft_->Agent(agent);
  const MessageIndex sent = Send(*last_, to, channel);
  addressed_[to.value].push_back(sent);
}

void Talk::Nobody() { undelivered_ = false; }

void Talk::Call(EffectDraft effect, const std::string& id) {
  if (!last_) return;
  effect.step = *last_;
  effect.tool_call_id = id;
  if (effect.name.empty()) effect.name = "unknown";
  calls_[id].push_back(draft_->effects.size());
  draft_->Add(std::move(effect));
}

std::optional<StepIndex> Talk::CallerOf(const std::string& id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  return draft_->effects[found->second.front()].step;
}

bool Talk::Answer(const std::string& id, std::string_view text, Media media,
                  std::optional<CallError> error) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return false;
  EffectDraft& effect = draft_->effects[found->second.front()];
  effect.error = std::move(error);
  if (!effect.error) effect.response = sink_->Keep(text, media);
  found->second.pop_front();
  if (found->second.empty()) calls_.erase(found);
  return true;
}

}  // namespace backstep::adapters
