#include <algorithm>
#include <map>

#include "backstep/replay/view/timeline/parent_steps.h"
#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/replay/view/timeline/timeline_writer.h"

namespace backstep::replay {
namespace {

constexpr uint64_t kProgressEvery = 128;  // steps: some milliseconds
constexpr int kSegmentDepthMax = 64;

// Fewer steps than these are not worth opening the index for.
constexpr uint64_t kPackedStepsMin = 4096;

uint16_t FlagsOf(const store::StepOutline& step, StepNumber fork) {
  constexpr std::pair<store::OutlineFlag, StepFlag> kFlags[] = {
      {store::kOutlineFailed, kStepFailed},         {store::kOutlineCallFailed, kStepCallFailed},
      {store::kOutlineHit, kStepHit},               {store::kOutlineOutcome, kStepOutcome},
      {store::kOutlineOutcomeFailed, kStepOutcomeFailed},
      {store::kOutlineIncomplete, kStepIncomplete}, {store::kOutlineLive, kStepLive}};
  uint16_t flags = 0;
  for (const auto& [outline, flag] : kFlags) {
    if ((step.flags & outline) != 0) flags |= flag;
  }
  if (step.caller) flags |= kStepNested;
  if (step.number <= fork) flags |= kStepInherited;
  return flags;
}

int64_t Minus(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? (b < 0 ? INT64_MAX : INT64_MIN) : result;
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

TimelineBuilder::TimelineBuilder(store::Line& line, store::Line* parent,
                                 const store::Recording* recording)
    : line_(line),
      recording_(recording),
      writer_(std::make_unique<TimelineWriter>()),
      entry_(std::make_unique<StepEntry>()) {
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
  constexpr uint32_t kNear = 4096;
  if (agent.value >= near_lanes_.size() && agent.value < kNear) {
    near_lanes_.resize(agent.value + 1, kOutsideLane);
  }
  int& known = agent.value < kNear
                   ? near_lanes_[agent.value]
                   : far_lanes_.try_emplace(agent, kOutsideLane).first->second;
  if (known != kOutsideLane) return known;
  if (writer_->lanes() >= TimelineWriter::kLanesMax) {
    return Status::InvalidArgument("a timeline has room for 65,535 agents and this run has more");
  }
  return known = writer_->AddLane(agent, line_.AgentName(agent), {});
}

bool TimelineBuilder::Compares(StepNumber step) const {
  return parent_ != nullptr && step > writer_->timeline().fork;
}

void TimelineBuilder::AddVerdict(const StepRecord& step, StepEntry* entry) {
  if (!Compares(step.number)) return;
  const Result<bool> same = parent_->Same(step);
  // A damaged parent takes the verdicts away, not the branch's timeline.
  if (!same.ok()) parent_ = nullptr;
  else entry->flags |= *same ? kStepSame : kStepDifferent;
}

Status TimelineBuilder::AddMessages(const store::StepOutline& step, StepEntry* entry) {
  entry->sent.clear();
  for (const auto& sent : step.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(const int to, LaneOf(sent.to));
    uint8_t flags = sent.dropped ? kMessageDropped : 0;
    if (sent.hit) flags |= kMessageEdited;
    entry->sent.push_back({sent.id.ordinal, sent.id.copy, to, flags});
  }
  entry->taken.clear();
  for (const auto& taken : step.took) {
    BACKSTEP_ASSIGN_OR_RETURN(const int from, LaneOf(taken.id.sender));
    uint8_t flags = taken.early ? kMessageEarly : 0;
    if (taken.hit) flags |= kMessageEdited;
    entry->taken.push_back({from, taken.id.clock, taken.id.ordinal, taken.id.copy, flags});
  }
  return {};
}

Status TimelineBuilder::AddStep(const store::StepOutline& step, const StepRecord* record) {
  StepEntry& entry = *entry_;
  BACKSTEP_ASSIGN_OR_RETURN(entry.lane, LaneOf(step.agent));
  entry.clock = step.clock;
  entry.flags = FlagsOf(step, writer_->timeline().fork);
  if (record == nullptr) entry.flags |= kStepRounded;
  const store::StepSpan& span = writer_->timeline().wall ? step.wall : step.in_virtual;
  entry.began_ns = span.began_ns;
  entry.ended_ns = span.ended_ns;
  entry.shares = step.shares;
  BACKSTEP_RETURN_IF_ERROR(AddMessages(step, &entry));
  if (record != nullptr) AddVerdict(*record, &entry);
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

Status TimelineBuilder::Extend(const Progress& progress, const Added& added) {
  if (line_.last().value > UINT32_MAX) {
    return Status::InvalidArgument("a timeline has room for 2^32 steps and this run has more");
  }
  BACKSTEP_RETURN_IF_ERROR(AddAgents());
  BACKSTEP_RETURN_IF_ERROR(FindOutside());
  const StepNumber to = line_.last();
  writer_->SetTotal(to);
  const bool many = to.value >= writer_->last().value + kPackedStepsMin;
  if (many && recording_ != nullptr && packed_ == nullptr) {
    packed_ = std::make_unique<store::PackedSteps>(*recording_, line_);
  }
  const auto after_each = [&]() -> Status {
    const uint64_t done = writer_->last().value;
    if (!progress || done % kProgressEvery != 0 || progress(done, to.value)) return {};
    return Status::Cancelled("the timeline was not wanted any more");
  };
  while (writer_->last() < to) BACKSTEP_RETURN_IF_ERROR(AddStretch(to, after_each, added));
  packed_.reset();
  BACKSTEP_RETURN_IF_ERROR(AddOutside(writer_->last()));
  return AddSegments();
}

Status TimelineBuilder::AddStretch(StepNumber to, const std::function<Status()>& after_each,
                                   const Added& added) {
  const StepNumber from = writer_->last().Next();
  store::PackedSteps::Stretch stretch{to, false};
  if (packed_ != nullptr && !Compares(from)) {
    const StepNumber fork = writer_->timeline().fork;
    stretch = packed_->At(from, parent_ != nullptr ? std::min(to, fork) : to);
  }
  Status failure;
  const auto add = [&](const store::StepOutline& outline, const StepRecord* record) {
    failure = AddOutside(writer_->last());
    if (failure.ok()) failure = AddStep(outline, record);
    if (failure.ok() && added) added(outline);
    if (failure.ok()) failure = after_each();
    return failure.ok();
  };
  if (stretch.packed) {
    // A chunk that contradicts itself is not found packed again: the log goes on where it ended.
    const Status visited = packed_->Visit(
        from, stretch.last, [&](const auto& outline) { return add(outline, nullptr); });
    return visited.code() == StatusCode::kCorruption && failure.ok() ? Status() : failure;
  }
  const std::optional<TimeNs> began = store::OutlineOrigin(line_.header());
  const Status scanned = line_.ScanStepsWithEffects(
      from, stretch.last, [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
        store::MakeOutline(step, effects, began, &outline_);
        return add(outline_, &step);
      });
  return failure.ok() ? scanned : failure;
}

std::shared_ptr<const Timeline> TimelineBuilder::Snapshot() const { return writer_->Snapshot(); }

}  // namespace backstep::replay
