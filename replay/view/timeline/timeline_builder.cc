#include <algorithm>
#include <map>

#include "backstep/replay/view/timeline/parent_steps.h"
#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/replay/view/timeline/timeline_writer.h"

namespace backstep::replay {
namespace {

constexpr uint64_t kProgressEvery = 128;  // steps: some milliseconds
constexpr int kSegmentDepthMax = 64;

uint16_t FlagsOf(const StepRecord& step, StepNumber fork) {
  uint16_t flags = 0;
  if (step.error) flags |= kStepFailed;
  if (!step.faults.empty()) flags |= kStepHit;
  if (step.outcome) flags |= kStepOutcome;
  if (step.outcome && step.outcome->kind == Outcome::Kind::kFailed) flags |= kStepOutcomeFailed;
  if (step.incomplete) flags |= kStepIncomplete;
  if (step.caller) flags |= kStepNested;
  if (step.number <= fork) flags |= kStepInherited;
  return flags;
}

// Times of a recording may be anything; the ends of the range stand for what is beyond them.
int64_t Minus(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? (b < 0 ? INT64_MAX : INT64_MIN) : result;
}
int64_t Plus(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? (b < 0 ? INT64_MIN : INT64_MAX) : result;
}

bool IsHit(const StepRecord& step, const MessageId& message) {
  return std::any_of(step.faults.begin(), step.faults.end(),
                     [&](const FaultRecord& fault) { return fault.message == message; });
}

void AddCalls(const StepRecord& step, const std::vector<EffectRecord>& effects, StepEntry* entry) {
  int64_t calls_ns = 0;
  for (const EffectRecord& effect : effects) {
    int64_t* sum = effect.kind == EffectKind::kLlm ? &entry->model_ns : &entry->tool_ns;
    *sum = Plus(*sum, effect.duration.ns);
    calls_ns = Plus(calls_ns, effect.duration.ns);
    if (effect.error) entry->flags |= kStepCallFailed;
    if (effect.status == CallStatus::kLive) entry->flags |= kStepLive;
  }
  entry->own_ns = step.own.ns;
  entry->waiting_ns = Minus(Minus(step.duration.ns, step.own.ns), calls_ns);
}

// Depths of segments, parents first.
void SetDepths(const std::vector<SegmentRecord>& records, std::vector<TimelineSegment>* segments) {
  std::map<SegmentId, SegmentId> parents;
  for (const SegmentRecord& record : records) parents[record.id] = record.parent;
  for (TimelineSegment& segment : *segments) {
    SegmentId at = segment.id;
    for (int depth = 0; depth < kSegmentDepthMax; ++depth) {
      const auto parent = parents.find(at);
      if (parent == parents.end() || parent->second.value == 0) break;
      at = parent->second;
      segment.depth = depth + 1;
    }
  }
  std::stable_sort(segments->begin(), segments->end(), [](const auto& a, const auto& b) {
    return a.depth < b.depth;
  });
}

}  // namespace

TimelineBuilder::TimelineBuilder(store::Line& line, store::Line* parent)
    : line_(line), writer_(std::make_unique<TimelineWriter>()) {
  const bool branch = line.header().origin.has_value();
  writer_->SetOrigin(!branch && line.session_header().began_wall.ns != 0, branch, line.fork());
  if (branch && parent != nullptr) parent_ = std::make_unique<ParentSteps>(*parent, line);
}

TimelineBuilder::~TimelineBuilder() = default;

int64_t TimelineBuilder::SinceOrigin(TimeNs wall) const {
  return Minus(wall.ns, line_.session_header().began_wall.ns);
}

Status TimelineBuilder::AddAgents() {
  for (const AgentRecord& agent : line_.agents()) {
    if (agent.id == kOutside) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const int lane, LaneOf(agent.id));
    writer_->RenameLane(lane, agent.name, agent.role);
  }
  return {};
}

Result<int> TimelineBuilder::LaneOf(AgentId agent) {
  if (agent == kOutside) return kOutsideLane;
  const auto found = lanes_.find(agent);
  if (found != lanes_.end()) return found->second;
  if (writer_->lanes() >= TimelineWriter::kLanesMax) {
    return Status::InvalidArgument("a timeline has room for 65,535 agents and this run has more");
  }
  const int lane = writer_->AddLane(agent, line_.AgentName(agent), {});
  lanes_[agent] = lane;
  return lane;
}

void TimelineBuilder::AddVerdict(const StepRecord& step, StepEntry* entry) {
  if (parent_ == nullptr || step.number <= writer_->timeline().fork) return;
  const Result<bool> same = parent_->Same(step);
  // A damaged parent takes the verdicts away, not the branch's timeline.
  if (!same.ok()) parent_ = nullptr;
  else entry->flags |= *same ? kStepSame : kStepDifferent;
}

Status TimelineBuilder::AddMessages(const StepRecord& step, StepEntry* entry) {
  for (const SentMessage& sent : step.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(const int to, LaneOf(sent.to));
    uint8_t flags = sent.dropped ? kMessageDropped : 0;
    if (IsHit(step, sent.id)) flags |= kMessageEdited;
    entry->sent.push_back({sent.id.ordinal, sent.id.copy, to, flags});
  }
  for (const TakenMessage& taken : step.took) {
    BACKSTEP_ASSIGN_OR_RETURN(const int from, LaneOf(taken.id.sender));
    uint8_t flags = taken.early ? kMessageEarly : 0;
    if (IsHit(step, taken.id)) flags |= kMessageEdited;
    entry->taken.push_back({from, taken.id.clock, taken.id.ordinal, taken.id.copy, flags});
  }
  return {};
}

Status TimelineBuilder::AddStep(const StepRecord& step,
                                const std::vector<EffectRecord>& effects) {
  StepEntry entry;
  BACKSTEP_ASSIGN_OR_RETURN(entry.lane, LaneOf(step.agent));
  entry.clock = step.clock;
  entry.flags = FlagsOf(step, writer_->timeline().fork);
  if (writer_->timeline().wall) {
    entry.began_ns = SinceOrigin(step.began_wall);
    entry.ended_ns = SinceOrigin(step.ended_wall);
  } else {
    entry.began_ns = step.began_virtual.ns;
    entry.ended_ns = Plus(step.began_virtual.ns, step.duration.ns);
  }
  AddCalls(step, effects, &entry);
  BACKSTEP_RETURN_IF_ERROR(AddMessages(step, &entry));
  AddVerdict(step, &entry);
  writer_->AddStep(entry);
  return {};
}

Status TimelineBuilder::FindOutside() {
  if (outside_seen_ == 0) {
    return line_.ScanMessages([this](const MessageRecord& message) {
      if (message.id.sender != kOutside) return false;
      outside_.push_back(message);
      outside_seen_ = message.id.ordinal + 1;
      return true;
    });
  }
  // Later ones are looked for by number, so that following a run costs what is new.
  while (true) {
    uint32_t copy = 0;
    for (;; ++copy) {
      auto message = line_.FindMessage({kOutside, AgentClock(0), outside_seen_, copy});
      if (message.status().code() == StatusCode::kNotFound) break;
      if (!message.ok()) return message.status();
      outside_.push_back(std::move(*message));
    }
    if (copy == 0) return {};
    ++outside_seen_;
  }
}

Status TimelineBuilder::AddOutside(StepNumber until) {
  while (!outside_.empty() && outside_.front().sent_after <= until) {
    const MessageRecord& message = outside_.front();
    BACKSTEP_ASSIGN_OR_RETURN(const int to, LaneOf(message.to));
    uint8_t flags = message.dropped ? kMessageDropped : 0;
    if (message.edited) flags |= kMessageEdited;
    writer_->AddOutside(message.id.ordinal, message.id.copy, to, message.sent_after, flags);
    outside_.pop_front();
  }
  return {};
}

Status TimelineBuilder::AddSegments() {
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<SegmentRecord> records, line_.Segments());
  const Timeline& timeline = writer_->timeline();
  std::vector<TimelineSegment> segments;
  for (const SegmentRecord& record : records) {
    TimelineSegment segment;
    segment.id = record.id;
    segment.name = record.name;
    segment.open = !record.ended_wall.has_value();
    segment.began_after = std::min(record.began_after, timeline.last);
    const StepNumber ended = segment.open ? timeline.last : record.ended_after;
    segment.ended_after = std::min(ended, timeline.last);
    segment.ended_after = std::max(segment.ended_after, segment.began_after);
    if (timeline.wall) {
      segment.began_ns = SinceOrigin(record.began_wall);
      segment.ended_ns = segment.open ? timeline.end_ns : SinceOrigin(*record.ended_wall);
    } else {
      segment.began_ns = timeline.TimeAfter(segment.began_after);
      segment.ended_ns = timeline.TimeAfter(segment.ended_after);
    }
    segment.began_ns = std::max<int64_t>(segment.began_ns, 0);
    segment.ended_ns = std::max(segment.ended_ns, segment.began_ns);
    segments.push_back(std::move(segment));
  }
  SetDepths(records, &segments);
  writer_->SetSegments(std::move(segments));
  return {};
}

Status TimelineBuilder::Extend(const std::function<bool(uint64_t, uint64_t)>& progress,
                               const std::function<void(const StepRecord&)>& added) {
  if (line_.last().value > UINT32_MAX) {
    return Status::InvalidArgument("a timeline has room for 2^32 steps and this run has more");
  }
  BACKSTEP_RETURN_IF_ERROR(AddAgents());
  BACKSTEP_RETURN_IF_ERROR(FindOutside());
  Status failure;
  const StepNumber to = line_.last();
  writer_->SetTotal(to);
  const Status scanned = line_.ScanStepsWithEffects(
      writer_->last().Next(), to,
      [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
        failure = AddOutside(writer_->last());
        if (failure.ok()) failure = AddStep(step, effects);
        if (failure.ok() && added) added(step);
        const uint64_t done = writer_->last().value;
        if (failure.ok() && progress && done % kProgressEvery == 0 && !progress(done, to.value)) {
          failure = Status::Cancelled("the timeline was not wanted any more");
        }
        return failure.ok();
      });
  BACKSTEP_RETURN_IF_ERROR(failure);
  BACKSTEP_RETURN_IF_ERROR(scanned);
  BACKSTEP_RETURN_IF_ERROR(AddOutside(writer_->last()));
  return AddSegments();
}

std::shared_ptr<const Timeline> TimelineBuilder::Snapshot() const { return writer_->Snapshot(); }

}  // namespace backstep::replay
