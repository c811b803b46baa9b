#include "random_records.h"

namespace backstep::testing {

std::string RandomRecords::Text() {
  std::string text;
  const uint64_t size = Coin() ? 0 : Number(40);
  for (uint64_t i = 0; i < size; ++i) text += static_cast<char>(random_.Next());
  return text;
}

MessageId RandomRecords::Id() {
  return {AgentId(static_cast<uint32_t>(random_.Next())), AgentClock(random_.Next()),
          static_cast<uint32_t>(random_.Next()), static_cast<uint32_t>(Number(3))};
}

BodyRef RandomRecords::Ref() {
  BodyRef ref;
  ref.where = static_cast<BodyRef::Where>(Number(5));
  if (ref.where == BodyRef::Where::kNone) return ref;
  ref.log = Coin() ? kOwnLog : LogId(static_cast<uint32_t>(4 + Number(1000)));
  ref.owner = AgentId(static_cast<uint32_t>(random_.Next()));
  ref.stream = static_cast<uint32_t>(random_.Next());
  ref.position = random_.Next();
  ref.size = random_.Next();
  ref.hash = Hash();
  constexpr const char* kTypes[] = {"", "application/json", "text/plain",
                                    "text/plain; charset=utf-8", "application/octet-stream",
                                    "image/png"};
  ref.media_type = kTypes[Number(std::size(kTypes))];
  if (ref.where == BodyRef::Where::kInline) {
    ref.inline_bytes = Text();
    ref.size = ref.inline_bytes.size();
  }
  return ref;
}

Outcome RandomRecords::AnOutcome() {
  Outcome outcome;
  outcome.kind = static_cast<Outcome::Kind>(Number(3));
  if (Coin()) outcome.score = random_.NextUnit();
  outcome.reason = Text();
  return outcome;
}

std::pair<AgentId, AgentClock> RandomRecords::StepRef() {
  return {AgentId(static_cast<uint32_t>(random_.Next())), AgentClock(random_.Next())};
}

std::vector<std::pair<std::string, std::string>> RandomRecords::Pairs() {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (uint64_t i = Number(4); i > 0; --i) {
    std::string key = Text();
    pairs.emplace_back(std::move(key), Text());
  }
  return pairs;
}

FaultRecord RandomRecords::Fault() {
  FaultRecord fault;
  fault.spec_id = Text();
  fault.type = Text();
  fault.hook = Text();
  fault.decision = Text();
  fault.before = Text();
  fault.after = Text();
  if (Coin()) fault.message = Id();
  if (Coin()) fault.effect_ordinal = static_cast<uint32_t>(Number(9));
  fault.hidden = Coin();
  return fault;
}

LogHeader RandomRecords::Header() {
  LogHeader header;
  header.id = LogId(static_cast<uint32_t>(random_.Next()));
  header.name = Text();
  if (Coin()) {
    header.origin = BranchOrigin{LogId(static_cast<uint32_t>(random_.Next())),
                                 StepNumber(random_.Next()), Text(), Text()};
  }
  for (uint64_t i = Number(4); i > 0; --i) header.tags.push_back(Text());
  header.metadata = Pairs();
  header.group_id = Text();
  header.user_id = Text();
  for (uint64_t i = Number(4); i > 0; --i) header.command.push_back(Text());
  header.executable = Text();
  header.executable_hash = Hash();
  header.working_directory = Text();
  header.program_name = Text();
  header.host = Text();
  header.writer_version = Text();
  header.process_id = random_.Next();
  header.seed = random_.Next();
  header.faults_text = Text();
  header.faults_origin = Text();
  header.began_wall = {Signed()};
  return header;
}

LogEnd RandomRecords::End() {
  LogEnd end;
  end.outcome = AnOutcome();
  end.ended_wall = {Signed()};
  end.last_step = StepNumber(random_.Next());
  end.dropped_bodies = random_.Next();
  end.first_failure = Text();
  end.result = Text();
  end.result_detail = Text();
  end.summary = {random_.Next(), random_.Next(), random_.Next(), random_.Next(),
                 random_.Next(), random_.Next(), random_.Next(), random_.Next()};
  end.divergences = Text();
  end.output = Text();
  return end;
}

AgentRecord RandomRecords::Agent() {
  AgentRecord agent;
  agent.id = AgentId(static_cast<uint32_t>(random_.Next()));
  agent.name = Text();
  agent.role = Text();
  agent.implementation = Text();
  agent.model = Text();
  agent.attributes = Text();
  agent.initial_state = Ref();
  agent.registered_after = StepNumber(random_.Next());
  return agent;
}

SegmentRecord RandomRecords::Segment() {
  SegmentRecord segment;
  segment.id = SegmentId(static_cast<uint32_t>(random_.Next()));
  segment.parent = SegmentId(static_cast<uint32_t>(random_.Next()));
  segment.name = Text();
  segment.order = static_cast<uint32_t>(random_.Next());
  segment.began_wall = {Signed()};
  if (Coin()) segment.ended_wall = TimeNs{Signed()};
  segment.began_after = StepNumber(random_.Next());
  segment.ended_after = StepNumber(random_.Next());
  return segment;
}

StepBegin RandomRecords::Begin() {
  StepBegin begin;
  begin.agent = AgentId(static_cast<uint32_t>(random_.Next()));
  begin.clock = AgentClock(random_.Next());
  if (Coin()) begin.caller = StepRef();
  begin.segment = SegmentId(static_cast<uint32_t>(random_.Next()));
  for (uint64_t i = Number(4); i > 0; --i) begin.taken.push_back(Id());
  begin.began_wall = {Signed()};
  begin.began_virtual = {Signed()};
  begin.begin_after = StepNumber(random_.Next());
  if (Coin()) begin.program_index = random_.Next();
  begin.name = Text();
  return begin;
}

StepRecord RandomRecords::Step() {
  StepRecord step;
  static_cast<StepBegin&>(step) = Begin();
  step.number = StepNumber(random_.Next());
  for (uint64_t i = Number(4); i > 0; --i) step.took.push_back({Id(), Coin()});
  for (uint64_t i = Number(4); i > 0; --i) {
    step.sent.push_back({Id(), AgentId(static_cast<uint32_t>(random_.Next())), {Signed()},
                         {Signed()}, Coin()});
  }
  step.effect_count = static_cast<uint32_t>(random_.Next());
  step.state = Ref();
  step.state_changed = Coin();
  step.ended_wall = {Signed()};
  step.own = {Signed()};
  step.duration = {Signed()};
  if (Coin()) step.error = StepError{Text(), Text()};
  if (Coin()) step.outcome = AnOutcome();
  for (uint64_t i = Number(3); i > 0; --i) step.faults.push_back(Fault());
  step.scheduler_state = Text();
  step.incomplete = Coin();
  return step;
}

MessageRecord RandomRecords::Message() {
  MessageRecord message;
  message.id = Id();
  message.to = AgentId(static_cast<uint32_t>(random_.Next()));
  message.channel = Text();
  message.kind = Text();
  message.program_id = Text();
  message.edge_id = Text();
  message.attributes = Pairs();
  message.body = Ref();
  if (Coin()) message.reply_to = Id();
  message.sent_wall = {Signed()};
  message.sent_virtual = {Signed()};
  message.delay = {Signed()};
  message.sent_after = StepNumber(random_.Next());
  message.edited = Coin();
  message.dropped = Coin();
  message.offered_hash = Hash();
  return message;
}

EffectRecord RandomRecords::Effect() {
  EffectRecord effect;
  effect.agent = AgentId(static_cast<uint32_t>(random_.Next()));
  effect.clock = AgentClock(random_.Next());
  effect.ordinal = static_cast<uint32_t>(random_.Next());
  effect.kind = static_cast<EffectKind>(Number(5));
  effect.name = Text();
  effect.provider = Text();
  effect.parameters = Text();
  effect.tool_type = Text();
  effect.tool_call_id = Text();
  effect.request_hash = Hash();
  effect.request = Ref();
  effect.response = Ref();
  if (Coin()) {
    effect.error = CallError{Text(), Signed(), Text(), std::nullopt};
    if (Coin()) effect.error->retry_after = DurationNs{Signed()};
  }
  if (Coin()) {
    effect.usage = {random_.Next(), random_.Next(), random_.Next(), random_.Next(),
                    random_.NextUnit(), {Signed()}};
  }
  effect.finish_reason = Text();
  effect.began_wall = {Signed()};
  effect.began_virtual = {Signed()};
  effect.duration = {Signed()};
  effect.injected_delay = {Signed()};
  effect.measured = {Signed()};
  effect.finished_after = StepNumber(random_.Next());
  effect.status = static_cast<CallStatus>(Number(6));
  effect.moved = Coin();
  effect.substituted = Coin();
  effect.pure = Coin();
  effect.free = Coin();
  return effect;
}

EventRecord RandomRecords::Event() {
  EventRecord event;
  event.kind = static_cast<EventRecord::Kind>(Number(3));
  event.sequence = random_.Next();
  if (Coin()) event.step = StepRef();
  event.name = Text();
  event.category = Text();
  event.data = Text();
  event.began_wall = {Signed()};
  event.duration = {Signed()};
  event.after = StepNumber(random_.Next());
  return event;
}

}  // namespace backstep::testing
