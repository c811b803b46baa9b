#include "backstep/store/log/cut_state.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "backstep/store/state/varint.h"

namespace backstep::store {
namespace {

constexpr uint64_t kCutVersion = 1;

void PutText(std::string* out, std::string_view text) {
  PutVarint(out, text.size());
  out->append(text);
}

void PutFixed64(std::string* out, uint64_t number) {
  PutFixed32(out, static_cast<uint32_t>(number));
  PutFixed32(out, static_cast<uint32_t>(number >> 32));
}

void PutMessageId(std::string* out, const MessageId& id) {
  PutVarint(out, id.sender.value);
  PutVarint(out, id.clock.value);
  PutVarint(out, id.ordinal);
  PutVarint(out, id.copy);
}

void PutRef(std::string* out, const BodyRef& ref, LogId log) {
  PutVarint(out, static_cast<uint8_t>(ref.where));
  if (ref.where == BodyRef::Where::kNone) return;
  PutVarint(out, ref.log == log ? 0 : ref.log.value);
  PutVarint(out, ref.owner.value);
  PutVarint(out, ref.stream);
  PutVarint(out, ref.position);
  PutVarint(out, ref.size);
  PutFixed64(out, ref.hash.high);
  PutFixed64(out, ref.hash.low);
  PutText(out, ref.media_type);
  PutText(out, ref.inline_bytes);
}

// Takes a snapshot apart; after the first thing that does not fit every call gives a zero and
// ok() is false.
class CutParser {
 public:
  CutParser(std::string_view bytes, LogId log) : reader_(bytes), log_(log) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return reader_.empty(); }

  uint64_t Number(uint64_t max = UINT64_MAX) {
    uint64_t number = 0;
    if (!ok_ || !reader_.Varint(&number) || number > max) {
      ok_ = false;
      return 0;
    }
    return number;
  }
  uint32_t Number32() { return static_cast<uint32_t>(Number(UINT32_MAX)); }
  int64_t Signed() { return UnZigZag(Number()); }
  uint64_t Fixed64() {
    uint32_t low = 0, high = 0;
    if (!ok_ || !reader_.Fixed32(&low) || !reader_.Fixed32(&high)) ok_ = false;
    return static_cast<uint64_t>(high) << 32 | low;
  }
  std::string Text() {
    const uint64_t size = Number();
    std::string_view text;
    if (!ok_ || !reader_.Bytes(size, &text)) ok_ = false;
    return std::string(text);
  }
  // Every entry takes at least a byte, which bounds what is allocated for a hostile count.
  uint64_t Count() { return Number(reader_.remaining()); }
  MessageId Message() {
    MessageId id;
    id.sender = AgentId{Number32()};
    id.clock = AgentClock{Number()};
    id.ordinal = Number32();
    id.copy = Number32();
    return id;
  }
  BodyRef Ref() {
    BodyRef ref;
    ref.where = static_cast<BodyRef::Where>(
        Number(static_cast<uint64_t>(BodyRef::Where::kDropped)));
    if (ref.where == BodyRef::Where::kNone) return ref;
    ref.log = LogId{Number32()};
    if (ref.log.value == 0) ref.log = log_;
    ref.owner = AgentId{Number32()};
    ref.stream = Number32();
    ref.position = Number();
    ref.size = Number();
    ref.hash.high = Fixed64();
    ref.hash.low = Fixed64();
    ref.media_type = Text();
    ref.inline_bytes = Text();
    return ref;
  }

 private:
  ByteReader reader_;
  LogId log_;
  bool ok_ = true;
};

void PutOutcome(std::string* out, const std::optional<Outcome>& outcome) {
  PutVarint(out, outcome ? 1 : 0);
  if (!outcome) return;
  PutVarint(out, static_cast<uint8_t>(outcome->kind));
  PutVarint(out, outcome->score ? 1 : 0);
  if (outcome->score) {
    uint64_t bits;
    std::memcpy(&bits, &*outcome->score, sizeof bits);
    PutFixed64(out, bits);
  }
  PutText(out, outcome->reason);
}

std::optional<Outcome> ParseOutcome(CutParser* in) {
  if (in->Number(1) == 0) return std::nullopt;
  Outcome outcome;
  outcome.kind =
      static_cast<Outcome::Kind>(in->Number(static_cast<uint64_t>(Outcome::Kind::kFailed)));
  if (in->Number(1) == 1) {
    const uint64_t bits = in->Fixed64();
    double score;
    std::memcpy(&score, &bits, sizeof score);
    outcome.score = score;
  }
  outcome.reason = in->Text();
  return outcome;
}

void ParseAgents(CutParser* in, CutState* cut) {
  for (uint64_t count = in->Count(); count > 0 && in->ok(); --count) {
    const AgentId id{in->Number32()};
    CutState::Agent agent;
    agent.clock = AgentClock{in->Number()};
    agent.clock_max = AgentClock{in->Number()};
    agent.last_step = StepNumber{in->Number()};
    agent.virtual_end = TimeNs{in->Signed()};
    agent.state = in->Ref();
    cut->agents[id] = std::move(agent);
  }
}

void ParseWaiting(CutParser* in, CutState* cut) {
  for (uint64_t count = in->Count(); count > 0 && in->ok(); --count) {
    WaitingMessage message;
    message.id = in->Message();
    message.order = StepNumber{in->Number()};
    message.outside = in->Number(1) == 1;
    message.to = AgentId{in->Number32()};
    message.arrival = TimeNs{in->Signed()};
    message.delay = DurationNs{in->Signed()};
    cut->waiting[message.id] = message;
  }
}

auto SendOrder(const WaitingMessage& m) {
  return std::tuple(m.order, m.outside, m.id.ordinal, m.id.copy, m.id);
}

Waiting Public(const WaitingMessage& m) {
  return {m.id, m.to, m.outside ? StepNumber{} : m.order, m.arrival, m.delay};
}

TimeNs Later(TimeNs a, DurationNs b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a.ns, b.ns, &sum)) sum = b.ns < 0 ? INT64_MIN : INT64_MAX;
  return {sum};
}

}  // namespace

std::string StepText(const StepRef& step) {
  return "clock " + std::to_string(step.second.value) + " of agent#" +
         std::to_string(step.first.value);
}

void CutState::AddOutside(const MessageRecord& message) {
  if (message.dropped || taken_early.erase(message.id) > 0) return;
  waiting[message.id] = {message.id, message.to, message.sent_after, true,
                         Later(message.sent_virtual, message.delay), message.delay};
}

void CutState::Apply(const StepRecord& record) {
  step = record.number;
  for (const TakenMessage& taken : record.took) {
    if (waiting.erase(taken.id) == 0) taken_early.insert(taken.id);
  }
  for (const SentMessage& sent : record.sent) {
    if (sent.dropped || taken_early.erase(sent.id) > 0) continue;
    waiting[sent.id] = {sent.id, sent.to, record.number, false,
                        Later(sent.sent_virtual, sent.delay), sent.delay};
  }
  open.erase({record.agent, record.clock});
  Agent& agent = agents[record.agent];
  agent.clock = record.clock;
  agent.clock_max = std::max(agent.clock_max, record.clock);
  agent.last_step = record.number;
  agent.virtual_end = Later(record.began_virtual, record.duration);
  agent.state = record.state;
  virtual_time = std::max(virtual_time, agent.virtual_end);
  if (record.outcome) outcome = record.outcome;
  if (!record.scheduler_state.empty()) scheduler_state = record.scheduler_state;
}

size_t CutState::Entries() const {
  return agents.size() + waiting.size() + taken_early.size() + open.size();
}

std::string EncodeCut(const CutState& cut, LogId log) {
  std::string out;
  PutVarint(&out, kCutVersion);
  PutVarint(&out, cut.step.value);
  PutVarint(&out, ZigZag(cut.virtual_time.ns));
  PutOutcome(&out, cut.outcome);
  PutText(&out, cut.scheduler_state);
  PutVarint(&out, cut.agents.size());
  for (const auto& [id, agent] : cut.agents) {
    PutVarint(&out, id.value);
    PutVarint(&out, agent.clock.value);
    PutVarint(&out, agent.clock_max.value);
    PutVarint(&out, agent.last_step.value);
    PutVarint(&out, ZigZag(agent.virtual_end.ns));
    PutRef(&out, agent.state, log);
  }
  PutVarint(&out, cut.waiting.size());
  for (const auto& [id, message] : cut.waiting) {
    PutMessageId(&out, id);
    PutVarint(&out, message.order.value);
    PutVarint(&out, message.outside ? 1 : 0);
    PutVarint(&out, message.to.value);
    PutVarint(&out, ZigZag(message.arrival.ns));
    PutVarint(&out, ZigZag(message.delay.ns));
  }
  PutVarint(&out, cut.taken_early.size());
  for (const MessageId& id : cut.taken_early) PutMessageId(&out, id);
  PutVarint(&out, cut.open.size());
  for (const auto& [agent, clock] : cut.open) {
    PutVarint(&out, agent.value);
    PutVarint(&out, clock.value);
  }
  return out;
}

Result<CutState> DecodeCut(std::string_view bytes, LogId log) {
  CutParser in(bytes, log);
  CutState cut;
  if (in.Number() != kCutVersion) return Status::Corruption("cut snapshot of an unknown layout");
  cut.step = StepNumber{in.Number()};
  cut.virtual_time = TimeNs{in.Signed()};
  cut.outcome = ParseOutcome(&in);
  cut.scheduler_state = in.Text();
  ParseAgents(&in, &cut);
  ParseWaiting(&in, &cut);
  for (uint64_t count = in.Count(); count > 0 && in.ok(); --count) {
    cut.taken_early.insert(in.Message());
  }
  for (uint64_t count = in.Count(); count > 0 && in.ok(); --count) {
    const AgentId agent{in.Number32()};
    cut.open.insert({agent, AgentClock{in.Number()}});
  }
  if (!in.ok() || !in.AtEnd()) return Status::Corruption("cut snapshot does not decode");
  return cut;
}

std::vector<Waiting> DeliveryOrder(const CutState& cut) {
  std::vector<const WaitingMessage*> prompt, delayed;
  for (const auto& [id, message] : cut.waiting) {
    (message.delay.ns > 0 ? delayed : prompt).push_back(&message);
  }
  std::sort(prompt.begin(), prompt.end(), [](const auto* a, const auto* b) {
    return SendOrder(*a) < SendOrder(*b);
  });
  std::sort(delayed.begin(), delayed.end(), [](const auto* a, const auto* b) {
    return std::tuple(a->arrival, SendOrder(*a)) < std::tuple(b->arrival, SendOrder(*b));
  });
  std::vector<Waiting> out;
  auto late = delayed.begin();
  for (const WaitingMessage* message : prompt) {
    for (; late != delayed.end() && (*late)->arrival <= message->arrival; ++late) {
      out.push_back(Public(**late));
    }
    out.push_back(Public(*message));
  }
  for (; late != delayed.end(); ++late) out.push_back(Public(**late));
  return out;
}

}  // namespace backstep::store
