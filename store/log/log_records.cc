// Messages, effects, agents, segments and events of one log.
#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/log/agent_cursors.h"
#include "backstep/store/log/log_reader.h"

namespace backstep::store {

Result<std::optional<MessageRecord>> LogReader::Message(const MessageId& id,
                                                        AgentCursors* cursors) const {
  if (cursors == nullptr) cursors = Kept(&messages_);
  const std::string key = MessageKey(id);
  std::optional<std::string> got;
  std::string_view bytes;
  if (cursors != nullptr) {
    const KvCursor& cursor = cursors->Seek(id.sender, key);
    BACKSTEP_RETURN_IF_ERROR(cursor.status());
    if (!cursor.Valid() || cursor.key() != key) return std::optional<MessageRecord>();
    bytes = cursor.value();
  } else {
    BACKSTEP_ASSIGN_OR_RETURN(got, kv_.Get(key));
    if (!got) return std::optional<MessageRecord>();
    bytes = *got;
  }
  Result<MessageRecord> message = DecodeMessageRecord(bytes, this->id());
  if (!message.ok()) return message.status().WithContext(path_ + ": message");
  if (message->id != id) return Damaged("message", "has another id inside");
  return std::optional<MessageRecord>(std::move(message).value());
}

Status LogReader::ScanOutside(StepNumber from, StepNumber to,
                              const std::function<void(const MessageRecord&)>& visit) const {
  return Scan("U", OutsideKey(from, 0, 0), [&](auto key, auto) -> Result<bool> {
    const auto sent_after = KeyU64(key, 1);
    const auto ordinal = KeyU32(key, 9);
    const auto copy = KeyU32(key, 13);
    if (!sent_after || !ordinal || !copy) return Damaged("messages from outside", "bad key");
    if (*sent_after > to.value) return false;
    BACKSTEP_ASSIGN_OR_RETURN(const auto message,
                              Message({kOutside, AgentClock{}, *ordinal, *copy}));
    if (!message) return Damaged("message from outside", "is missing");
    if (message->sent_after.value != *sent_after) {
      return Damaged("message from outside", "was sent at another step");
    }
    if (!message->dropped) visit(*message);
    return true;
  });
}

Result<std::vector<EffectRecord>> LogReader::Effects(const StepRef& step,
                                                     AgentCursors* cursors) const {
  if (cursors == nullptr) cursors = Kept(&effects_);
  std::vector<EffectRecord> out;
  const std::string first = EffectKey(step.first, step.second, 0);
  const std::string prefix = first.substr(0, first.size() - 4);
  const auto add = [&](std::string_view key, std::string_view value) -> Result<bool> {
    Result<EffectRecord> effect = DecodeEffectRecord(value, id());
    if (!effect.ok()) return effect.status().WithContext(path_ + ": effect");
    if (EffectKey(effect->agent, effect->clock, effect->ordinal) != key) {
      return Damaged("effect", "has another place inside");
    }
    out.push_back(std::move(effect).value());
    return true;
  };
  BACKSTEP_RETURN_IF_ERROR(cursors == nullptr
                               ? Scan(prefix, first, add)
                               : ScanOn(cursors->Seek(step.first, first), prefix, add));
  return out;
}

Result<std::vector<AgentRecord>> LogReader::Agents() const {
  std::vector<AgentRecord> out;
  BACKSTEP_RETURN_IF_ERROR(Scan("A", "A", [&](auto key, auto value) -> Result<bool> {
    Result<AgentRecord> agent = DecodeAgentRecord(value, id());
    if (!agent.ok()) return agent.status().WithContext(path_ + ": agent");
    if (AgentKey(agent->id) != key) return Damaged("agent", "has another id inside");
    out.push_back(std::move(agent).value());
    return true;
  }));
  return out;
}

Result<std::vector<SegmentRecord>> LogReader::Segments() const {
  std::vector<SegmentRecord> out;
  BACKSTEP_RETURN_IF_ERROR(Scan("G", "G", [&](auto key, auto value) -> Result<bool> {
    Result<SegmentRecord> segment = DecodeSegmentRecord(value, id());
    if (!segment.ok()) return segment.status().WithContext(path_ + ": segment");
    if (SegmentKey(segment->id) != key) return Damaged("segment", "has another id inside");
    out.push_back(std::move(segment).value());
    return true;
  }));
  return out;
}

Status LogReader::ScanEvents(const std::function<bool(const EventRecord&)>& visit) const {
  return Scan("V", "V", [&](auto key, auto value) -> Result<bool> {
    Result<EventRecord> event = DecodeEventRecord(value, id());
    if (!event.ok()) return event.status().WithContext(path_ + ": event");
    if (EventKey(event->sequence) != key) return Damaged("event", "has another number inside");
    return visit(*event);
  });
}

}  // namespace backstep::store
