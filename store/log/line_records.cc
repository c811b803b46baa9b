// Messages, effects and events of a line: of each log what the line sees of it.
#include <algorithm>
#include <map>
#include <set>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/log/agent_cursors.h"
#include "backstep/store/log/line_reader.h"

namespace backstep::store {
namespace {

// Bytes of an M key before the ordinal: tag, sender, clock.
constexpr size_t kStepPrefix = 13;

// A cursor over the keys of one tag, from a first key on.
class TagCursor {
 public:
  TagCursor(const LogReader& log, char tag, const std::string& first)
      : tag_(tag), cursor_(log.kv().NewCursor()) {
    cursor_->Seek(first);
  }
  bool Valid() const { return cursor_->Valid() && cursor_->key().starts_with(tag_); }
  std::string_view key() const { return cursor_->key(); }
  std::string_view value() const { return cursor_->value(); }
  void Next() { cursor_->Next(); }
  void Seek(const std::string& key) { cursor_->Seek(key); }
  void SeekForPrev(const std::string& key) { cursor_->SeekForPrev(key); }
  Status status() const { return cursor_->status(); }

 private:
  char tag_;
  std::unique_ptr<KvCursor> cursor_;
};

// The index of the cursor with the smallest key, the nearest log's of equals; nullopt: all done.
Result<std::optional<size_t>> Smallest(const std::vector<TagCursor>& cursors) {
  std::optional<size_t> best;
  for (size_t j = 0; j < cursors.size(); ++j) {
    if (!cursors[j].Valid()) {
      BACKSTEP_RETURN_IF_ERROR(cursors[j].status());
      continue;
    }
    if (!best || cursors[j].key() < cursors[*best].key()) best = j;
  }
  return best;
}

// The steps that had not committed at a cut: those open there, and every clock not yet given.
class UncommittedSteps {
 public:
  explicit UncommittedSteps(const CutState& cut) : open_(cut.open) {
    for (const auto& [id, agent] : cut.agents) given_[id] = agent.clock_max;
    for (const auto& [agent, clock] : cut.open) given_[agent] = std::max(given_[agent], clock);
  }
  bool Contains(const StepRef& step) const {
    return step.second > Given(step.first) || open_.contains(step);
  }
  // The first that can follow `step`; nullopt: none can.
  std::optional<StepRef> After(const StepRef& step) const {
    const auto open = open_.upper_bound(step);
    const AgentClock given = Given(step.first);
    StepRef next{step.first, std::max(step.second, given).Next()};
    if (step.second < given && open != open_.end() && open->first == step.first) next = *open;
    if (next > step) return next;
    // Only a damaged clock is the last of its range.
    if (step.first.value == UINT32_MAX) return std::nullopt;
    return StepRef{step.first.Next(), AgentClock{}};
  }

 private:
  AgentClock Given(AgentId agent) const {
    const auto found = given_.find(agent);
    return found == given_.end() ? AgentClock{} : found->second;
  }
  std::set<StepRef> open_;
  std::map<AgentId, AgentClock> given_;
};

}  // namespace

Result<bool> LineReader::SeesMessage(size_t j, const MessageRecord& message) const {
  if (j == 0) return true;
  if (message.id.sender == kOutside) {
    return message.sent_after >= chain_[j]->start() && message.sent_after <= Limit(j);
  }
  const StepRef sender{message.id.sender, message.id.clock};
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, chain_[j]->CommittedAs(sender));
  if (number && *number <= Limit(j)) return true;
  // Sent by a step that was open at the fork: it is on its way, perhaps even taken.
  return HappenedBy(j, message.sent_after, last(), number.has_value());
}

Result<MessageRecord> LineReader::FindMessage(const MessageId& id) {
  for (size_t j = 0; j < chain_.size(); ++j) {
    BACKSTEP_ASSIGN_OR_RETURN(auto message, chain_[j]->Message(id));
    if (!message) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const bool seen, SeesMessage(j, *message));
    if (seen) return std::move(*message);
  }
  return NoSuchMessage(id);
}

Status LineReader::NoSuchMessage(const MessageId& id) {
  const std::string text = "no message " + FormatMessageId(id);
  const std::string first = MessageKey({id.sender, id.clock, 0, 0});
  for (const auto& reader : chain_) {
    TagCursor cursor(*reader, 'M', MessageKey(id));
    if (!cursor.Valid() || !cursor.key().starts_with(first.substr(0, kStepPrefix))) {
      cursor.SeekForPrev(MessageKey(id));
    }
    if (!cursor.Valid() || !cursor.key().starts_with(first.substr(0, kStepPrefix))) continue;
    const auto ordinal = KeyU32(cursor.key(), kStepPrefix);
    const auto copy = KeyU32(cursor.key(), kStepPrefix + 4);
    if (!ordinal || !copy) continue;
    return Status::NotFound(text + "; nearest is " +
                            FormatMessageId({id.sender, id.clock, *ordinal, *copy}));
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, StepOf(id.sender, id.clock));
  if (number || id.sender == kOutside) return Status::NotFound(text + "; it sent none there");
  BACKSTEP_ASSIGN_OR_RETURN(const auto latest, LatestStepOf(id.sender, last()));
  if (!latest) return Status::NotFound(text + "; " + AgentName(id.sender) + " took no step");
  BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, Step(*latest));
  return Status::NotFound(text + "; the last step of " + AgentName(id.sender) + " is " +
                          AgentName(id.sender) + "/" + std::to_string(record.clock.value));
}

Status LineReader::ScanMessages(const std::function<bool(const MessageRecord&)>& visit) {
  std::vector<TagCursor> cursors;
  for (const auto& reader : chain_) cursors.emplace_back(*reader, 'M', "M");
  std::string previous;
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto j, Smallest(cursors));
    if (!j) return {};
    TagCursor& cursor = cursors[*j];
    const std::string key(cursor.key());
    if (key != previous) {
      Result<MessageRecord> message = DecodeMessageRecord(cursor.value(), chain_[*j]->id());
      if (!message.ok()) return message.status().WithContext(chain_[*j]->path() + ": message");
      if (MessageKey(message->id) != key) {
        return Status::Corruption(chain_[*j]->path() + ": message: has another id inside");
      }
      BACKSTEP_ASSIGN_OR_RETURN(const bool seen, SeesMessage(*j, *message));
      if (seen) {
        previous = key;
        if (!visit(*message)) return {};
      }
    }
    cursor.Next();
  }
}

Result<std::vector<EffectRecord>> LineReader::EffectsBy(const StepRef& step,
                                                        StepNumber at) const {
  if (chain_.size() == 1) {
    // What finished before the moment counts, whether or not the step has committed: not asked.
    BACKSTEP_ASSIGN_OR_RETURN(auto effects, own().Effects(step));
    const StepNumber limit = std::min(at, last());
    if (std::all_of(effects.begin(), effects.end(), [&](const EffectRecord& effect) {
          return effect.finished_after < limit;
        })) {
      return effects;
    }
  }
  std::map<uint32_t, EffectRecord> by_ordinal;
  for (size_t j = 0; j < chain_.size(); ++j) {
    if (chain_[j]->start() > at || chain_[j]->start() > Limit(j)) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, chain_[j]->CommittedAs(step));
    BACKSTEP_ASSIGN_OR_RETURN(auto effects, chain_[j]->Effects(step));
    const bool whole = number && *number <= std::min(at, Limit(j));
    // The step ran again in the branch from its beginning; what it has done there is what counts.
    if (whole && by_ordinal.empty()) return effects;
    for (EffectRecord& effect : effects) {
      if (whole || HappenedBy(j, effect.finished_after, at, number.has_value())) {
        by_ordinal.emplace(effect.ordinal, std::move(effect));
      }
    }
    if (whole) break;
  }
  std::vector<EffectRecord> out;
  for (auto& [ordinal, effect] : by_ordinal) out.push_back(std::move(effect));
  return out;
}

Result<std::vector<EffectRecord>> LineReader::Effects(AgentId agent, AgentClock clock) {
  return EffectsBy({agent, clock}, last());
}

Result<std::vector<EffectRecord>> LineReader::EffectsOf(size_t j, const StepRecord& step,
                                                        AgentCursors& cursors) const {
  if (step.effect_count == 0) return std::vector<EffectRecord>();
  const StepRef ref{step.agent, step.clock};
  BACKSTEP_ASSIGN_OR_RETURN(auto effects, chain_[j]->Effects(ref, &cursors));
  if (effects.size() >= step.effect_count) return effects;
  // It was open where a branch left: some of them are in an ancestor.
  return EffectsBy(ref, last());
}

Result<std::vector<MessageRecord>> LineReader::SentBy(size_t j, const StepRecord& step,
                                                      AgentCursors& cursors) {
  std::vector<MessageRecord> messages;
  for (const SentMessage& sent : step.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(auto message, chain_[j]->Message(sent.id, &cursors));
    if (!message) {
      BACKSTEP_ASSIGN_OR_RETURN(message, FindMessage(sent.id));
    }
    messages.push_back(std::move(*message));
  }
  return messages;
}

Status LineReader::ScanStepsWithEffects(
    StepNumber from, StepNumber to,
    const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&)>& visit) {
  to = std::min(to, last());
  bool go_on = true;
  Status failure;
  for (size_t j = chain_.size(); j-- > 0 && go_on;) {
    AgentCursors cursors(chain_[j]->kv());
    const StepNumber first = std::max(from, chain_[j]->start().Next());
    BACKSTEP_RETURN_IF_ERROR(
        chain_[j]->ScanSteps(first, std::min(to, Limit(j)), [&](const StepRecord& step) {
          const auto effects = EffectsOf(j, step, cursors);
          failure = effects.status();
          go_on = effects.ok() && visit(step, *effects);
          return go_on;
        }));
  }
  return failure;
}

Status LineReader::ScanStepsInFull(
    StepNumber from, StepNumber to,
    const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&,
                             const std::vector<MessageRecord>&)>& visit) {
  Status failure;
  size_t j = chain_.size();
  std::unique_ptr<AgentCursors> cursors;
  BACKSTEP_RETURN_IF_ERROR(
      ScanStepsWithEffects(from, to, [&](const StepRecord& step, const auto& effects) {
        const size_t holder = HolderOf(StepNumber{step.number.value - 1});
        if (cursors == nullptr || holder != j) {
          j = holder;
          cursors = std::make_unique<AgentCursors>(chain_[j]->kv());
        }
        const auto sent = SentBy(j, step, *cursors);
        failure = sent.status();
        return sent.ok() && visit(step, effects, *sent);
      }));
  return failure;
}

Status LineReader::ScanEffects(StepNumber after,
                               const std::function<bool(const EffectRecord&)>& visit) {
  BACKSTEP_RETURN_IF_ERROR(CheckStep(after));
  BACKSTEP_ASSIGN_OR_RETURN(const CutState then, StateAt(after));
  const UncommittedSteps uncommitted(then);
  std::vector<TagCursor> cursors;
  for (const auto& reader : chain_) cursors.emplace_back(*reader, 'F', "F");
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto j, Smallest(cursors));
    if (!j) return {};
    const auto agent = KeyU32(cursors[*j].key(), 1);
    const auto clock = KeyU64(cursors[*j].key(), 5);
    if (!agent || !clock) return Status::Corruption(chain_[*j]->path() + ": effect: bad key");
    const StepRef step{AgentId{*agent}, AgentClock{*clock}};
    if (uncommitted.Contains(step)) {
      BACKSTEP_ASSIGN_OR_RETURN(const auto effects, Effects(step.first, step.second));
      for (const EffectRecord& effect : effects) {
        if (!visit(effect)) return {};
      }
    }
    const auto next = uncommitted.After(step);
    if (!next) return {};
    const std::string key = EffectKey(next->first, next->second, 0);
    for (TagCursor& cursor : cursors) {
      if (cursor.Valid() && cursor.key() < key) cursor.Seek(key);
    }
  }
}

Result<bool> LineReader::SeesEvent(size_t j, const EventRecord& event) const {
  if (j == 0) return true;
  if (!event.step) return event.after <= Limit(j);
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, chain_[j]->CommittedAs(*event.step));
  if (number && *number <= Limit(j)) return true;
  if (!HappenedBy(j, event.after, last(), number.has_value())) return false;
  // A step that was open at the fork and has begun again tells its events again.
  for (size_t i = 0; i < j; ++i) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto begin, chain_[i]->Begin(*event.step));
    if (begin) return false;
  }
  return true;
}

Status LineReader::ScanEvents(const std::function<bool(const EventRecord&)>& visit) {
  bool go_on = true;
  Status failed;
  for (size_t j = chain_.size(); j-- > 0 && go_on;) {
    BACKSTEP_RETURN_IF_ERROR(chain_[j]->ScanEvents([&](const EventRecord& event) {
      const Result<bool> seen = SeesEvent(j, event);
      if (!seen.ok()) failed = seen.status();
      go_on = seen.ok() && (!*seen || visit(event));
      return go_on;
    }));
    BACKSTEP_RETURN_IF_ERROR(failed);
  }
  return {};
}

}  // namespace backstep::store
