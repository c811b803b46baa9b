#include "backstep/recorder/adapters/writing/play.h"

#include <algorithm>

namespace backstep::adapters {
namespace {

constexpr size_t kHappeningsPerQuestion = 1024;
constexpr uint32_t kNoSegment = UINT32_MAX;
constexpr uint64_t kLargeBody = 1024;  // bytes; smaller ones may be sent as often as one likes

}  // namespace

Play::Play(const SessionDraft& draft, const Order& order, const BodyFile& bodies, StepTimes times,
           PlayOptions options)
    : draft_(draft), order_(order), bodies_(bodies), times_(std::move(times)),
      options_(std::move(options)), states_(draft, bodies), clocks_(draft.agents.size()),
      step_clocks_(draft.steps.size()), ids_(draft.messages.size()), sent_(draft.messages.size()),
      activates_(draft.steps.size()), segments_(draft.segments.size()),
      in_segment_(draft.segments.size()) {
  for (uint32_t i = 0; i < draft.messages.size(); ++i) {
    const MessageDraft& message = draft.messages[i];
    if (message.taken_by && !message.taken_in_mid_step) {
      activates_[message.taken_by->value].push_back(i);
    }
  }
  for (const StepDraft& step : draft.steps) {
    if (step.segment) ++in_segment_[step.segment->value];
  }
  for (const SegmentDraft& segment : draft.segments) {
    if (segment.parent) ++in_segment_[segment.parent->value];
  }
}

Status Play::Run() {
  BACKSTEP_RETURN_IF_ERROR(Agents());
  KeepMoment();
  for (size_t i = 0; i < order_.happenings.size(); ++i) {
    if (options_.go_on && i % kHappeningsPerQuestion == 0) {
      BACKSTEP_RETURN_IF_ERROR(options_.go_on());
    }
    if (options_.until && committed_ > options_.until->value) return {};
    BACKSTEP_RETURN_IF_ERROR(One(order_.happenings[i]));
  }
  if (options_.print) prints_.moments.back().outside = outside_.Digest();
  return RestOfSegments();
}

Status Play::One(const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::kBegin: return Begin(happening.index);
    case Happening::Kind::kSend: return Send(happening.index);
    case Happening::Kind::kTake: return Take(happening.index);
    case Happening::Kind::kEffect: return Effect(happening.index);
    case Happening::Kind::kNote: return Note(happening.index);
    case Happening::Kind::kCommit: break;
  }
  return Commit(happening.index);
}

Status Play::Agents() {
  auto next =
      static_cast<uint32_t>(options_.parent != nullptr ? options_.parent->agents.size() : 0);
  for (uint32_t i = 0; i < draft_.agents.size(); ++i) {
    const AgentDraft& agent = draft_.agents[i];
    BACKSTEP_ASSIGN_OR_RETURN(Body initial, states_.Initial(AgentIndex(i)));
    if (options_.parent != nullptr) {
      const auto known = options_.parent->agents.find(agent.name);
      if (known != options_.parent->agents.end()) {
        agents_.push_back(known->second);
        continue;
      }
    }
    agents_.push_back(AgentId(++next));
    prints_.agents[agent.name] = agents_.back();
    ++counts_.agents;
    if (options_.writer == nullptr) continue;
    recorder::AgentItem item;
    item.record.id = agents_.back();
    item.record.name = agent.name;
    item.record.role = agent.role;
    item.record.implementation = agent.implementation;
    item.record.model = agent.model;
    item.record.attributes = agent.attributes;
    item.record.registered_after = options_.fork;
    item.initial_state = std::move(initial);
    BACKSTEP_RETURN_IF_ERROR(options_.writer->Agent(item));
  }
  if (options_.parent != nullptr) {
    prints_.agents.insert(options_.parent->agents.begin(), options_.parent->agents.end());
  }
  return {};
}

Result<Body> Play::Read(const KeptBody& body) {
  if (body.size == 0) {
    return Body{{}, body.media == Media::kText ? "text/plain; charset=utf-8" : ""};
  }
  BACKSTEP_ASSIGN_OR_RETURN(std::string bytes, bodies_.Read(body));
  return BodyOf(std::move(bytes), body.media);
}

// A body that everybody is sent is written for everybody.
bool Play::TooOften(const KeptBody& body) {
  if (body.size < kLargeBody) return false;
  const bool fresh = bodies_sent_.insert(body.at).second;
  if (fresh) repeats_.Fresh(body.size);
  return !fresh && !repeats_.Take(body.size);
}

void Play::KeepMoment() {
  if (!options_.print) return;
  if (!prints_.moments.empty()) prints_.moments.back().outside = outside_.Digest();
  prints_.moments.push_back({happened_.Digest(), {}, !open_.empty()});
}

// Segments ------------------------------------------------------------------------------------

Status Play::WriteSegment(uint32_t segment) {
  if (Shared()) return {};
  recorder::SegmentItem item;
  item.record = segments_[segment];
  return options_.writer->Segment(item);
}

// Begins it and those around it that have not begun.
Status Play::BeginSegment(uint32_t segment, TimeNs began) {
  std::vector<uint32_t> around;
  for (uint32_t at = segment; at != kNoSegment && segments_[at].id.value == 0;) {
    around.push_back(at);
    const auto& parent = draft_.segments[at].parent;
    at = parent ? parent->value : kNoSegment;
    if (around.size() > draft_.segments.size()) break;  // they go in a circle
  }
  for (auto at = around.rbegin(); at != around.rend(); ++at) {
    SegmentRecord& record = segments_[*at];
    if (record.id.value != 0) continue;
    const SegmentDraft& draft = draft_.segments[*at];
    record.id = SegmentId(++segments_begun_);
    record.name = draft.name;
    if (draft.parent) record.parent = segments_[draft.parent->value].id;
    record.order = siblings_[record.parent.value]++;
    record.began_wall = draft.began.ns != 0 ? draft.began : began;
    record.began_after = StepNumber(committed_);
    happened_.AddField(draft.name);
    if (!Shared()) ++counts_.segments;
    BACKSTEP_RETURN_IF_ERROR(WriteSegment(*at));
  }
  return {};
}

// One of its parts has ended; it ends with the last one, and so may those around it.
Status Play::EndSegments(std::optional<SegmentIndex> innermost, TimeNs ended) {
  for (auto at = innermost; at && --in_segment_[at->value] == 0;
       at = draft_.segments[at->value].parent) {
    const SegmentDraft& draft = draft_.segments[at->value];
    SegmentRecord& record = segments_[at->value];
    if (record.id.value == 0) continue;
    record.ended_wall = draft.ended.ns != 0 ? draft.ended : ended;
    record.ended_after = StepNumber(committed_);
    BACKSTEP_RETURN_IF_ERROR(WriteSegment(at->value));
  }
  return {};
}

// Those in which no step lies, and those around them.
Status Play::RestOfSegments() {
  for (uint32_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].ended_wall) continue;
    BACKSTEP_RETURN_IF_ERROR(BeginSegment(i, ended_));
    segments_[i].ended_wall = draft_.segments[i].ended.ns != 0 ? draft_.segments[i].ended : ended_;
    segments_[i].ended_after = StepNumber(committed_);
    BACKSTEP_RETURN_IF_ERROR(WriteSegment(i));
  }
  return {};
}

// Steps ---------------------------------------------------------------------------------------

void Play::FillBegin(uint32_t step, StepRecord* record) {
  const StepDraft& draft = draft_.steps[step];
  TimeNs arrived;
  for (const uint32_t message : activates_[step]) {
    record->taken.push_back(*ids_[message]);
    record->took.push_back({*ids_[message]});
    arrived = std::max(arrived, sent_[message]);
  }
  record->agent = agents_[draft.agent.value];
  record->clock = step_clocks_[step];
  if (draft.parent) {
    const StepDraft& parent = draft_.steps[draft.parent->value];
    record->caller = {agents_[parent.agent.value], step_clocks_[draft.parent->value]};
  }
  if (draft.segment) record->segment = segments_[draft.segment->value].id;
  record->began_virtual = times_.Begin(step, arrived);
  record->began_wall = times_.WallOr(draft.began, record->began_virtual);
  record->begin_after = StepNumber(committed_);
  record->program_index = draft.program_index;
  record->name = draft.name;
}

Status Play::Begin(uint32_t step) {
  const StepDraft& draft = draft_.steps[step];
  step_clocks_[step] = AgentClock(++clocks_[draft.agent.value]);
  if (draft.segment) BACKSTEP_RETURN_IF_ERROR(BeginSegment(draft.segment->value, draft.began));
  OpenStep& open = open_[step];
  StepRecord& record = open.record;
  open.took = activates_[step];
  FillBegin(step, &record);
  happened_.AddField(draft_.agents[draft.agent.value].name);
  happened_.AddField(draft.name);
  happened_.AddNumber(record.taken.size());
  for (const MessageId& id : record.taken) happened_.AddNumber(std::hash<MessageId>()(id));
  if (Shared()) return {};
  recorder::BeginItem item;
  item.record = record;
  return options_.writer->Begin(item);
}

Status Play::Send(uint32_t index) {
  const MessageDraft& draft = draft_.messages[index];
  recorder::MessageItem item;
  MessageRecord& record = item.record;
  OpenStep* sender = draft.from ? &open_[draft.from->value] : nullptr;
  if (sender != nullptr) {
    const StepDraft& step = draft_.steps[draft.from->value];
    record.id = {agents_[step.agent.value], step_clocks_[draft.from->value], sender->messages++, 0};
    const TimeNs taken = draft.taken_by ? draft_.steps[draft.taken_by->value].began : TimeNs{};
    record.sent_virtual = draft.sent.ns != 0 ? times_.Inside(draft.from->value, draft.sent)
                                             : times_.Sent(draft.from->value, taken);
  } else {
    record.id = {kOutside, {}, outside_next_++, 0};
    record.sent_virtual = times_.Outside(draft.sent);
  }
  ids_[index] = record.id;
  sent_[index] = record.sent_virtual;
  record.to = agents_[draft.to.value];
  record.channel = draft.channel;
  record.kind = draft.kind;
  record.program_id = draft.program_id;
  record.edge_id = draft.edge_id;
  record.attributes = draft.attributes;
  if (draft.reply_to) record.reply_to = ids_[draft.reply_to->value];
  record.sent_wall = times_.WallOr(draft.sent, record.sent_virtual);
  record.sent_after = StepNumber(committed_);
  record.dropped = draft.dropped;
  if (TooOften(draft.body)) {
    record.body = recorder::DroppedRef(draft.body.size, BodyOf({}, draft.body.media).media_type);
    ++bodies_left_out_;
  } else {
    BACKSTEP_ASSIGN_OR_RETURN(item.body, Read(draft.body));
  }
  Hasher& hasher = sender != nullptr ? happened_ : outside_;
  hasher.AddField(draft_.agents[draft.to.value].name);
  hasher.AddField(draft.kind);
  hasher.AddField(item.body.bytes);
  if (sender != nullptr) {
    sender->record.sent.push_back({record.id, record.to, {}, record.sent_virtual, draft.dropped});
  }
  // What came from outside between the fork and the next step is the parent's as well.
  const bool inherited = sender == nullptr && options_.parent != nullptr &&
                         committed_ <= options_.fork.value;
  if (Shared() || inherited) return {};
  ++counts_.messages;
  return options_.writer->Message(item);
}

Status Play::Take(uint32_t index) {
  const uint32_t taker = draft_.messages[index].taken_by->value;
  OpenStep& open = open_[taker];
  open.record.took.push_back({*ids_[index]});
  open.took.push_back(index);
  happened_.AddNumber(std::hash<MessageId>()(*ids_[index]));
  times_.Inside(taker, {});
  return {};
}

Status Play::Effect(uint32_t index) {
  const EffectDraft& draft = draft_.effects[index];
  const uint32_t step = draft.step.value;
  recorder::EffectItem item;
  EffectRecord& record = item.record;
  record.agent = agents_[draft_.steps[step].agent.value];
  record.clock = step_clocks_[step];
  record.ordinal = open_[step].record.effect_count++;
  record.kind = draft.kind;
  record.name = draft.name;
  record.provider = draft.provider;
  record.parameters = draft.parameters;
  record.tool_type = draft.tool_type;
  record.tool_call_id = draft.tool_call_id;
  record.error = draft.error;
  record.usage = draft.usage;
  record.finish_reason = draft.finish_reason;
  record.began_virtual = times_.Inside(step, draft.began);
  record.began_wall = times_.WallOr(draft.began, record.began_virtual);
  record.duration = record.measured = draft.duration;
  record.finished_after = StepNumber(committed_);
  record.pure = draft.kind == EffectKind::kLlm;
  times_.AddCall(step, draft.duration);
  BACKSTEP_ASSIGN_OR_RETURN(item.request, Read(draft.request));
  if (draft.response) {
    BACKSTEP_ASSIGN_OR_RETURN(item.response, Read(*draft.response));
  }
  happened_.AddField(draft.name);
  happened_.AddField(item.request.bytes);
  happened_.AddField(item.response.bytes);
  if (Shared()) return {};
  if (draft.kind == EffectKind::kLlm) {
    ++counts_.llm_calls;
    counts_.usage += draft.usage;
  }
  counts_.tool_calls += draft.kind == EffectKind::kTool ? 1 : 0;
  counts_.errors += draft.error ? 1 : 0;
  return options_.writer->Effect(item);
}

Status Play::Note(uint32_t index) {
  const NoteDraft& draft = draft_.notes[index];
  const bool annotation = draft.category == "annotation";
  if (Shared()) return {};
  recorder::EventItem item;
  EventRecord& record = item.record;
  record.kind = draft.kind;
  record.name = draft.name;
  record.category = draft.category;
  record.data = draft.data;
  if (draft.kept_data) {
    BACKSTEP_ASSIGN_OR_RETURN(record.data, bodies_.Read(*draft.kept_data));
  }
  if (draft.step) {
    const uint32_t step = draft.step->value;
    record.step = {agents_[draft_.steps[step].agent.value], step_clocks_[step]};
    if (!annotation) times_.Inside(step, draft.began);
  }
  record.began_wall = draft.began.ns != 0 ? draft.began : times_.WallOr(ended_, {});
  record.duration = draft.duration;
  record.after = StepNumber(committed_);
  ++(annotation ? counts_.annotations : counts_.events);
  return options_.writer->Event(item);
}

Status Play::Commit(uint32_t step) {
  const StepDraft& draft = draft_.steps[step];
  const bool shared = Shared();
  auto open = open_.extract(step);
  recorder::CommitItem item;
  item.record = std::move(open.mapped().record);
  StepRecord& record = item.record;
  BACKSTEP_ASSIGN_OR_RETURN(item.state, states_.After(draft));
  if (const auto* edit = std::get_if<StateEdit>(&item.state)) {
    happened_.AddField(edit->splices[0].insert);
  } else if (const auto* body = std::get_if<Body>(&item.state)) {
    happened_.AddField(body->bytes);
  }
  record.number = StepNumber(++committed_);
  happened_.AddNumber(committed_);
  FillEnd(step, open.mapped().took, &record);
  KeepMoment();
  if (!shared) {
    ++counts_.steps;
    counts_.errors += draft.error ? 1 : 0;
    BACKSTEP_RETURN_IF_ERROR(options_.writer->Commit(item));
    BACKSTEP_RETURN_IF_ERROR(TellOverlap(draft, item.record));
  }
  return EndSegments(draft.segment, record.ended_wall);
}

// Of an agent's steps that ran side by side one follows the other here, and the later one may seem
// shorter than it was.
Status Play::TellOverlap(const StepDraft& draft, const StepRecord& step) {
  if (draft_.restored) return {};
  const DurationNs lasted = draft.ended - draft.began;
  if (draft.began.ns == 0 || draft.ended.ns == 0 || step.duration >= lasted) return {};
  recorder::EventItem item;
  item.record.name = "ran side by side";
  item.record.category = "import";
  item.record.data = "{\"duration_ns\":" + std::to_string(lasted.ns) + "}";
  item.record.step = {step.agent, step.clock};
  item.record.began_wall = draft.began;
  item.record.duration = lasted;
  item.record.after = StepNumber(committed_);
  ++counts_.events;
  return options_.writer->Event(item);
}

void Play::FillEnd(uint32_t step, const std::vector<uint32_t>& took, StepRecord* record) {
  const StepDraft& draft = draft_.steps[step];
  for (size_t i = 0; i < took.size(); ++i) {
    const auto& from = draft_.messages[took[i]].from;
    record->took[i].early = from && open_.count(from->value) > 0;
  }
  record->duration = times_.End(step);
  record->own = times_.own(step);
  record->ended_wall = times_.WallOr(draft.ended, times_.began(step) + record->duration);
  ended_ = std::max(ended_, record->ended_wall);
  record->error = draft.error;
  record->outcome = draft.outcome;
  record->faults = draft.faults;
  for (FaultRecord& fault : record->faults) {
    fault.message.reset();
    fault.effect_ordinal.reset();
  }
}

void Play::CountInto(ImportSummary* summary) const {
  summary->agents += counts_.agents;
  summary->segments += counts_.segments;
  summary->steps += counts_.steps;
  summary->messages += counts_.messages;
  summary->llm_calls += counts_.llm_calls;
  summary->tool_calls += counts_.tool_calls;
  summary->events += counts_.events;
  summary->annotations += counts_.annotations;
  summary->errors += counts_.errors;
  summary->usage += counts_.usage;
}

void Play::TellLeftOut(std::vector<std::string>* notes) const {
  const auto tell = [&](uint64_t count, const char* what) {
    if (count > 0) notes->push_back(std::to_string(count) + what);
  };
  tell(states_.left_out(), " states are left out: so many agents share a conversation that it "
                           "would have to be written again and again");
  tell(bodies_left_out_, " messages are without their text: it is one that was sent so often that "
                         "it would have to be written again and again");
}

}  // namespace backstep::adapters
