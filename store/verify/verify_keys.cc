#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/verify/verify_log.h"

namespace backstep::store {
namespace {

constexpr uint64_t kKeysPerProgress = 4096;

// Length of the keys of a tag; 0: there is no such tag.
size_t KeyBytes(char tag) {
  switch (tag) {
    case 'H':
    case 'Z': return 1;
    case 'A':
    case 'G': return 1 + 4;
    case 'S':
    case 'V':
    case 'C': return 1 + 8;
    case 'K':
    case 'T':
    case 'X':
    case 'L': return 1 + 4 + 8;
    case 'B': return 1 + 8 + 4 + 8;
    case 'U': return 1 + 8 + 4 + 4;
    case 'M': return 1 + 4 + 8 + 4 + 4;
    case 'F': return 1 + 4 + 8 + 4;
    case 'O':
    case 'P': return 1 + 4 + 4 + 8;
    default: return 0;
  }
}

// Of chunks of literals there are two forms.
bool IsUnescaped(std::string_view key) {
  return key[0] == 'L' && key.size() > KeyBytes('L') && key.back() == kUnescapedForm;
}

class KeyCheck {
 public:
  explicit KeyCheck(const LogCheck& check)
      : check_(check), next_step_(check.log.start().Next()) {}

  Status Run();

 private:
  Status One(std::string_view key, std::string_view value);
  Status OneRecord(std::string_view key, std::string_view value, const std::string& where);
  Status Step(std::string_view key, std::string_view value, const std::string& where);
  Status Message(std::string_view key, std::string_view value, const std::string& where);
  Status Effect(std::string_view key, std::string_view value, const std::string& where);
  void Counts();
  Status Numbers();
  // `expected` is the key the record calls for.
  void MustBe(std::string_view key, const std::string& expected, const std::string& where) {
    if (key != expected) check_.Tell(where, "its record is that of another key");
  }

  const LogCheck& check_;
  StepNumber next_step_;
  uint64_t steps_ = 0, clocks_ = 0, agent_steps_ = 0;
};

std::string Where(std::string_view key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string where = "key ";
  where += key.empty() ? '?' : (key[0] >= 'A' && key[0] <= 'Z' ? key[0] : '?');
  for (size_t i = 1; i < key.size() && i < 32; ++i) {
    where += kDigits[static_cast<uint8_t>(key[i]) >> 4];
    where += kDigits[static_cast<uint8_t>(key[i]) & 15];
  }
  return where;
}

Status KeyCheck::Step(std::string_view key, std::string_view value, const std::string& where) {
  const Result<StepRecord> step = DecodeStepRecord(value, check_.line.id());
  BACKSTEP_RETURN_IF_ERROR(step.status());
  MustBe(key, StepKey(step->number), where);
  if (step->number != next_step_) {
    check_.Tell("step " + std::to_string(next_step_.value),
                "missing: step " + std::to_string(step->number.value) + " is next in the log");
  }
  next_step_ = step->number.Next();
  ++steps_;
  return Status();
}

Status KeyCheck::Message(std::string_view key, std::string_view value, const std::string& where) {
  const Result<MessageRecord> message = DecodeMessageRecord(value, check_.line.id());
  BACKSTEP_RETURN_IF_ERROR(message.status());
  MustBe(key, MessageKey(message->id), where);
  return check_.CheckBody(message->body, "message " + check_.line.FormatMessageId(message->id));
}

Status KeyCheck::Effect(std::string_view key, std::string_view value, const std::string& where) {
  const Result<EffectRecord> effect = DecodeEffectRecord(value, check_.line.id());
  BACKSTEP_RETURN_IF_ERROR(effect.status());
  MustBe(key, EffectKey(effect->agent, effect->clock, effect->ordinal), where);
  const std::string name = "effect " + check_.line.AgentName(effect->agent) + "/" +
                           std::to_string(effect->clock.value) + "#" +
                           std::to_string(effect->ordinal);
  BACKSTEP_RETURN_IF_ERROR(check_.CheckBody(effect->request, name + ", request"));
  return check_.CheckBody(effect->response, name + ", response");
}

Status KeyCheck::OneRecord(std::string_view key, std::string_view value,
                           const std::string& where) {
  const LogId log = check_.line.id();
  switch (key[0]) {
    case 'H': return DecodeLogHeader(value, log).status();
    case 'Z': return DecodeLogEnd(value, log).status();
    case 'S': return Step(key, value, where);
    case 'M': return Message(key, value, where);
    case 'F': return Effect(key, value, where);
    case 'A': {
      const Result<AgentRecord> agent = DecodeAgentRecord(value, log);
      BACKSTEP_RETURN_IF_ERROR(agent.status());
      MustBe(key, AgentKey(agent->id), where);
      return check_.CheckBody(agent->initial_state, "initial state of agent " + agent->name);
    }
    case 'G': {
      const Result<SegmentRecord> segment = DecodeSegmentRecord(value, log);
      BACKSTEP_RETURN_IF_ERROR(segment.status());
      MustBe(key, SegmentKey(segment->id), where);
      return Status();
    }
    case 'X': {
      const Result<StepBegin> begin = DecodeStepBegin(value, log);
      BACKSTEP_RETURN_IF_ERROR(begin.status());
      MustBe(key, OpenStepKey(begin->agent, begin->clock), where);
      return Status();
    }
    case 'V': {
      const Result<EventRecord> event = DecodeEventRecord(value, log);
      BACKSTEP_RETURN_IF_ERROR(event.status());
      MustBe(key, EventKey(event->sequence), where);
      return Status();
    }
    case 'C': return DecodeCut(value, log).status();
    case 'K':
    case 'T':
    case 'B':
      return value.size() == 8 ? Status() : Status::Corruption("its value is no number");
    default: return Status();
  }
}

Status KeyCheck::One(std::string_view key, std::string_view value) {
  const std::string where = Where(key);
  if (key.empty() || KeyBytes(key[0]) != key.size() - (IsUnescaped(key) ? 1 : 0)) {
    check_.Tell(where, "no key of a log");
    return Status();
  }
  if (key[0] == 'K') ++clocks_;
  if (key[0] == 'T') ++agent_steps_;
  return check_.Told(OneRecord(key, value, where), where);
}

void KeyCheck::Counts() {
  if (clocks_ != steps_) {
    check_.Tell("keys K", std::to_string(clocks_) + " for " + std::to_string(steps_) + " steps");
  }
  if (agent_steps_ != steps_) {
    check_.Tell("keys T",
                std::to_string(agent_steps_) + " for " + std::to_string(steps_) + " steps");
  }
}

// Both are numbered as they come, from 1; a branch has those of its ancestors besides its own.
Status KeyCheck::Numbers() {
  if (check_.line.header().origin) return Status();
  uint32_t next = 1;
  for (const AgentRecord& agent : check_.line.agents()) {
    if (agent.id == kOutside) continue;
    if (agent.id.value != next) {
      check_.Tell("agent " + std::to_string(next),
                  "missing: agent " + std::to_string(agent.id.value) + " is next in the log");
    }
    next = agent.id.value + 1;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, check_.line.Segments());
  next = 1;
  for (const SegmentRecord& segment : segments) {
    if (segment.id.value != next) {
      check_.Tell("segment " + std::to_string(next),
                  "missing: segment " + std::to_string(segment.id.value) + " is next in the log");
    }
    next = segment.id.value + 1;
  }
  return Status();
}

Status KeyCheck::Run() {
  const std::unique_ptr<KvCursor> cursor = check_.log.kv().NewCursor();
  uint64_t seen = 0;
  for (cursor->Seek(""); cursor->Valid() && !check_.findings.full(); cursor->Next()) {
    BACKSTEP_RETURN_IF_ERROR(One(cursor->key(), cursor->value()));
    if (++seen % kKeysPerProgress == 0 && !check_.advance(0)) {
      return Status::Cancelled("verify was cancelled");
    }
  }
  Counts();
  BACKSTEP_RETURN_IF_ERROR(check_.Told(Numbers(), "agents and segments"));
  return check_.Told(cursor->status(), "data files");
}

}  // namespace

Status CheckKeys(const LogCheck& check) { return KeyCheck(check).Run(); }

}  // namespace backstep::store
