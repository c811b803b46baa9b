#include "backstep/store/index/rows/log_rows.h"

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"

namespace backstep::store {
namespace {

constexpr size_t kTagBytes = 1;
constexpr size_t kStepPrefixBytes = kTagBytes + 4 + 8;  // tag, agent, clock

bool StartsWith(std::string_view key, std::string_view prefix) {
  return key.substr(0, prefix.size()) == prefix;
}

std::string StepText(StepNumber number) { return "step " + std::to_string(number.value); }

}  // namespace

Result<StepRows> LogRows::Step(StepNumber number) {
  const std::string key = StepKey(number);
  // Steps are asked for in order; the cursor stands on the one before.
  if (steps_->Valid()) steps_->Next();
  if (!steps_->Valid() || steps_->key() != key) steps_->Seek(key);
  BACKSTEP_RETURN_IF_ERROR(steps_->status());
  if (!steps_->Valid() || steps_->key() != key) {
    return Status::NotFound(StepText(number) + " is not in the log");
  }
  Result<StepRecord> step = DecodeStepRecord(steps_->value(), id_);
  if (!step.ok()) return step.status().WithContext(StepText(number));
  if (step->number != number) {
    return Status::Corruption(StepText(number) + " says that it is " + StepText(step->number));
  }
  StepRows rows;
  rows.step = std::move(step).value();
  Status read = ReadEffects(&rows);
  if (read.ok()) read = ReadMessages(&rows);
  if (!read.ok()) return read.WithContext(StepText(number));
  return rows;
}

Status LogRows::ReadMessages(StepRows* rows) {
  for (const SentMessage& sent : rows->step.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(auto message, OwnMessage(sent.id));
    if (!message) {
      rows->partial = true;
      return Status();
    }
    rows->messages.push_back(std::move(*message));
  }
  return Status();
}

Status LogRows::Complete(StepRows* rows) {
  if (!rows->partial) return Status();
  const StepRecord& step = rows->step;
  if (rows->effects.size() < step.effect_count) {
    BACKSTEP_ASSIGN_OR_RETURN(rows->effects, line_.Effects(step.agent, step.clock));
  }
  rows->messages.clear();
  for (const SentMessage& sent : step.sent) {
    Result<MessageRecord> message = line_.FindMessage(sent.id);
    if (!message.ok()) return message.status().WithContext(StepText(step.number));
    rows->messages.push_back(std::move(message).value());
  }
  rows->partial = false;
  return Status();
}

Result<std::optional<MessageRecord>> LogRows::OwnMessage(const MessageId& id) {
  const std::string key = MessageKey(id);
  const KvCursor& cursor = messages_.Seek(id.sender, key);
  BACKSTEP_RETURN_IF_ERROR(cursor.status());
  if (!cursor.Valid() || cursor.key() != key) return std::optional<MessageRecord>();
  BACKSTEP_ASSIGN_OR_RETURN(MessageRecord message, DecodeMessageRecord(cursor.value(), id_));
  return std::optional(std::move(message));
}

Status LogRows::ReadEffects(StepRows* rows) {
  const StepRecord& step = rows->step;
  if (step.effect_count == 0) return Status();
  const std::string first = EffectKey(step.agent, step.clock, 0);
  const std::string prefix = first.substr(0, kStepPrefixBytes);
  KvCursor& cursor = effects_.Seek(step.agent, first);
  for (; cursor.Valid() && StartsWith(cursor.key(), prefix); cursor.Next()) {
    BACKSTEP_ASSIGN_OR_RETURN(EffectRecord effect, DecodeEffectRecord(cursor.value(), id_));
    rows->effects.push_back(std::move(effect));
  }
  BACKSTEP_RETURN_IF_ERROR(cursor.status());
  rows->partial = rows->effects.size() < rows->step.effect_count;
  return Status();
}

Status LogRows::ScanMessages(const std::string& from, const std::string& prefix,
                             const std::function<Result<bool>(const MessageId&)>& wanted,
                             const std::function<Status(const MessageRecord&)>& visit) {
  for (cursor_->Seek(from); cursor_->Valid() && StartsWith(cursor_->key(), prefix);
       cursor_->Next()) {
    const std::string_view key = cursor_->key();
    const auto agent = KeyU32(key, kTagBytes);
    const auto clock = KeyU64(key, kTagBytes + 4);
    const auto ordinal = KeyU32(key, kStepPrefixBytes);
    const auto copy = KeyU32(key, kStepPrefixBytes + 4);
    if (!agent || !clock || !ordinal || !copy) return Status::Corruption("a message key is cut");
    BACKSTEP_ASSIGN_OR_RETURN(
        const bool take, wanted({AgentId(*agent), AgentClock(*clock), *ordinal, *copy}));
    if (!take) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message,
                              DecodeMessageRecord(cursor_->value(), id_));
    BACKSTEP_RETURN_IF_ERROR(visit(message));
  }
  return cursor_->status();
}

Status LogRows::ScanOutside(uint32_t from,
                            const std::function<Status(const MessageRecord&)>& visit) {
  const std::string first = MessageKey({kOutside, AgentClock(), from, 0});
  return ScanMessages(first, first.substr(0, kStepPrefixBytes),
                      [](const MessageId&) -> Result<bool> { return true; }, visit);
}

Status LogRows::ScanInherited(const std::function<Status(const MessageRecord&)>& visit) {
  const std::string first = MessageKey({});
  MessageId known;
  bool inherited = false;
  AgentCursors committed(log_);  // steps lie by agent and clock, as messages do
  return ScanMessages(
      first, first.substr(0, kTagBytes),
      [&](const MessageId& id) -> Result<bool> {
        if (id.sender == kOutside) return false;
        if (id.sender == known.sender && id.clock == known.clock) return inherited;
        known = id;
        const std::string step = ClockKey(id.sender, id.clock);
        const KvCursor& cursor = committed.Seek(id.sender, step);
        BACKSTEP_RETURN_IF_ERROR(cursor.status());
        inherited = !cursor.Valid() || cursor.key() != step;
        if (!inherited) return false;
        BACKSTEP_ASSIGN_OR_RETURN(const auto open, log_.Get(OpenStepKey(id.sender, id.clock)));
        inherited = !open;
        return inherited;
      },
      visit);
}

Status LogRows::ScanEvents(uint64_t sequence,
                           const std::function<Status(const EventRecord&)>& visit) {
  const std::string first = EventKey(sequence + 1);
  const std::string prefix = first.substr(0, kTagBytes);
  for (cursor_->Seek(first); cursor_->Valid() && StartsWith(cursor_->key(), prefix);
       cursor_->Next()) {
    BACKSTEP_ASSIGN_OR_RETURN(const EventRecord event, DecodeEventRecord(cursor_->value(), id_));
    BACKSTEP_RETURN_IF_ERROR(visit(event));
  }
  return cursor_->status();
}

}  // namespace backstep::store
