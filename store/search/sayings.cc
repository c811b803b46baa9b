#include "backstep/store/search/sayings.h"

#include <algorithm>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"

namespace backstep::store {
namespace {

constexpr size_t kMessageClockAt = 5, kMessageOrdinalAt = 13;

TimeNs SaidAt(const Saying& saying) {
  if (saying.message) return saying.message->sent_virtual;
  return {saying.call->began_virtual.ns + saying.call->duration.ns};
}

std::vector<Saying> InOrder(StepRows rows) {
  std::vector<Saying> sayings;
  sayings.reserve(rows.effects.size() + rows.messages.size());
  for (EffectRecord& call : rows.effects) {
    if (call.response.where == BodyRef::Where::kNone) continue;
    sayings.push_back({std::nullopt, std::move(call)});
  }
  for (MessageRecord& message : rows.messages) {
    sayings.push_back({std::move(message), std::nullopt});
  }
  std::stable_sort(sayings.begin(), sayings.end(), [](const Saying& a, const Saying& b) {
    return SaidAt(a) < SaidAt(b);
  });
  return sayings;
}

std::string OutsidePrefix() {
  return MessageKey({kOutside, AgentClock(), 0, 0}).substr(0, kMessageOrdinalAt);
}

// The messages from outside under one ordinal, from where the cursor stands.
Result<std::vector<Saying>> TakeOutside(KvCursor& cursor, uint32_t ordinal, LogId log) {
  std::vector<Saying> sayings;
  const std::string prefix = OutsidePrefix();
  for (; cursor.Valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    if (KeyU32(cursor.key(), kMessageOrdinalAt) != ordinal) break;
    BACKSTEP_ASSIGN_OR_RETURN(MessageRecord message, DecodeMessageRecord(cursor.value(), log));
    sayings.push_back({std::move(message), std::nullopt});
  }
  BACKSTEP_RETURN_IF_ERROR(cursor.status());
  return sayings;
}

std::string OutsideKeyOf(uint64_t number) {
  return MessageKey({kOutside, AgentClock(), static_cast<uint32_t>(number - 1), 0});
}

}  // namespace

uint64_t StreamStart(const Line& line, Stream stream) {
  return stream == Stream::kSteps ? line.fork().value : 0;
}

Result<uint64_t> StreamEnd(const Line& line, Stream stream) {
  if (stream == Stream::kSteps) return line.last().value;
  const auto cursor = line.own_log().NewCursor();
  cursor->SeekForPrev(MessageKey({kOutside, AgentClock(), UINT32_MAX, UINT32_MAX}));
  BACKSTEP_RETURN_IF_ERROR(cursor->status());
  if (!cursor->Valid() || !cursor->key().starts_with(OutsidePrefix())) return uint64_t{0};
  return uint64_t{KeyU32(cursor->key(), kMessageOrdinalAt).value_or(0)} + 1;
}

SayingReader::SayingReader(Line* line, Stream stream)
    : line_(*line), stream_(stream), rows_(*line) {}

Result<const std::vector<Saying>*> SayingReader::At(uint64_t number) {
  if (number == number_) return &sayings_;
  number_ = 0;
  if (stream_ == Stream::kSteps) {
    BACKSTEP_ASSIGN_OR_RETURN(StepRows rows, rows_.Step(StepNumber(number)));
    BACKSTEP_RETURN_IF_ERROR(rows_.Complete(&rows));
    sayings_ = InOrder(std::move(rows));
  } else {
    const auto cursor = line_.own_log().NewCursor();
    cursor->Seek(OutsideKeyOf(number));
    BACKSTEP_ASSIGN_OR_RETURN(
        sayings_, TakeOutside(*cursor, static_cast<uint32_t>(number - 1), line_.id()));
  }
  number_ = number;
  return &sayings_;
}

SayingScan::SayingScan(Line* line, Stream stream, uint64_t from, uint64_t last)
    : line_(*line), stream_(stream), next_(from), last_(last), rows_(*line) {
  if (next_ > last_) return;
  if (stream_ == Stream::kSteps) {
    feed_ = std::make_unique<StepFeed>(&rows_, StepNumber(next_), StepNumber(last_));
  } else {
    cursor_ = line_.own_log().NewCursor();
    cursor_->Seek(OutsideKeyOf(next_));
  }
}

Result<std::optional<SayingScan::Numbered>> SayingScan::Next() {
  if (next_ > last_) return std::optional<Numbered>();
  Numbered found;
  if (stream_ == Stream::kSteps) {
    found.number = next_++;
    Result<StepRows>& rows = feed_->Next();
    if (!rows.ok()) return rows.status();
    BACKSTEP_RETURN_IF_ERROR(rows_.Complete(&*rows));
    found.sayings = InOrder(std::move(*rows));
    return std::optional(std::move(found));
  }
  BACKSTEP_RETURN_IF_ERROR(cursor_->status());
  if (!cursor_->Valid() || !cursor_->key().starts_with(OutsidePrefix())) {
    next_ = last_ + 1;
    return std::optional<Numbered>();
  }
  const auto ordinal = KeyU32(cursor_->key(), kMessageOrdinalAt);
  if (!ordinal) return Status::Corruption("a message key is cut");
  found.number = uint64_t{*ordinal} + 1;
  if (found.number > last_) return std::optional<Numbered>();
  next_ = found.number + 1;
  BACKSTEP_ASSIGN_OR_RETURN(found.sayings, TakeOutside(*cursor_, *ordinal, line_.id()));
  return std::optional(std::move(found));
}

Result<std::vector<MessageRecord>> InheritedChanges(Line& line) {
  std::vector<MessageRecord> changes;
  BACKSTEP_ASSIGN_OR_RETURN(const Cut cut, line.CutAt(line.fork()));
  const KvReader& log = line.own_log();
  const auto cursor = log.NewCursor();
  for (const AgentAt& agent : cut.agents) {
    const std::string first = MessageKey({agent.id, AgentClock(), 0, 0});
    const std::string prefix = first.substr(0, kMessageClockAt);
    for (cursor->Seek(first); cursor->Valid() && cursor->key().starts_with(prefix);
         cursor->Next()) {
      const auto clock = KeyU64(cursor->key(), kMessageClockAt);
      if (!clock) return Status::Corruption("a message key is cut");
      if (*clock > agent.clock_max.value) break;
      BACKSTEP_ASSIGN_OR_RETURN(const auto step, log.Get(ClockKey(agent.id, AgentClock(*clock))));
      BACKSTEP_ASSIGN_OR_RETURN(const auto open,
                                log.Get(OpenStepKey(agent.id, AgentClock(*clock))));
      if (step || open) continue;
      BACKSTEP_ASSIGN_OR_RETURN(MessageRecord message,
                                DecodeMessageRecord(cursor->value(), line.id()));
      changes.push_back(std::move(message));
    }
    BACKSTEP_RETURN_IF_ERROR(cursor->status());
  }
  return changes;
}

}  // namespace backstep::store
