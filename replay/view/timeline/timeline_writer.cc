#include "backstep/replay/view/timeline/timeline_writer.h"

#include <algorithm>
#include <utility>

namespace backstep::replay {
namespace {

// No time of a recording is beyond it; some 36 years.
constexpr int64_t kTimeMax = int64_t{1} << 60;

}  // namespace

void TimelineWriter::SetOrigin(bool wall, bool branch, StepNumber fork) {
  timeline_.wall = wall;
  timeline_.branch = branch;
  timeline_.fork = fork;
}

int TimelineWriter::AddLane(AgentId agent, std::string name, std::string role) {
  Timeline::Lane lane;
  lane.agent = agent;
  lane.name = std::move(name);
  lane.role = std::move(role);
  timeline_.lanes.push_back(std::move(lane));
  tails_.emplace_back();
  return static_cast<int>(timeline_.lanes.size()) - 1;
}

void TimelineWriter::RenameLane(int lane, std::string name, std::string role) {
  timeline_.lanes[static_cast<size_t>(lane)].name = std::move(name);
  timeline_.lanes[static_cast<size_t>(lane)].role = std::move(role);
}

void TimelineWriter::SetSegments(std::vector<TimelineSegment> segments) {
  timeline_.segments = std::move(segments);
  timeline_.segment_depth = 0;
  for (const TimelineSegment& segment : timeline_.segments) {
    timeline_.segment_depth = std::max(timeline_.segment_depth, segment.depth + 1);
  }
}

void TimelineWriter::AddStep(const StepEntry& step) {
  const Timeline::Lane& lane = timeline_.lanes[static_cast<size_t>(step.lane)];
  const int64_t before = lane.size == 0 ? 0 : lane.ended_ns(lane.size - 1);
  const int64_t ended = std::clamp(step.ended_ns, before, kTimeMax);
  const int64_t began = std::clamp<int64_t>(step.began_ns, 0, ended);
  timeline_.last = timeline_.last.Next();
  timeline_.total = std::max(timeline_.total, timeline_.last);
  timeline_.end_ns = std::max(timeline_.end_ns, ended);
  if ((timeline_.last.value - 1) % kStepsApart == 0) {
    messages_before_.push_back(timeline_.message_count);
  }
  AppendToLane(step, began, ended);
  AppendNumber(step.lane);
  AddToOverview(step, began, ended);
  AddSent(step);
  for (const StepEntry::Taken& taken : step.taken) Take(taken);
}

void TimelineWriter::AppendToLane(const StepEntry& step, int64_t began_ns, int64_t ended_ns) {
  Timeline::Lane& lane = timeline_.lanes[static_cast<size_t>(step.lane)];
  Tail& tail = tails_[static_cast<size_t>(step.lane)];
  const uint32_t index = lane.size;
  const uint32_t at = Timeline::Lane::Place(index);
  if (at == 0) {
    auto chunk = std::make_shared<LaneChunk>();
    if (tail.chunk != nullptr) chunk->sent_before = tail.chunk->sent_before + tail.chunk->all.sent;
    tail.chunk = chunk.get();
    lane.chunks.push_back(std::move(chunk));
  }
  NoteOrder(step, index, began_ns, ended_ns);
  StepCell& cell = tail.chunk->steps[at];
  cell.began_ns = began_ns;
  cell.ended_ns = ended_ns;
  cell.number = static_cast<uint32_t>(timeline_.last.value);
  cell.clock = static_cast<uint32_t>(step.clock.value);
  cell.shares = step.shares;
  cell.flags = step.flags;
  cell.sent = static_cast<uint8_t>(std::min<size_t>(step.sent.size(), UINT8_MAX));
  ++lane.size;
  CloseGroups(*tail.chunk, at + 1);
}

void TimelineWriter::NoteOrder(const StepEntry& step, uint32_t index, int64_t began_ns,
                               int64_t ended_ns) {
  Timeline::Lane& lane = timeline_.lanes[static_cast<size_t>(step.lane)];
  Clocks& clocks = tails_[static_cast<size_t>(step.lane)].clocks;
  const auto clock = static_cast<uint32_t>(step.clock.value);
  if (index > 0 && began_ns < lane.ended_ns(index - 1)) {
    lane.enclosing.push_back({index, began_ns, ended_ns});
  }
  if (clock <= clocks.greatest) clocks.late[clock] = index;
  clocks.greatest = std::max(clocks.greatest, clock);
}

void TimelineWriter::CloseGroups(LaneChunk& chunk, uint32_t end) {
  constexpr uint32_t kSmall = LaneChunk::kSmall, kLarge = LaneChunk::kLarge;
  if (end % kSmall == 0) chunk.small[end / kSmall - 1] = chunk.GroupOf(end - kSmall, kSmall);
  if (end % kLarge == 0) chunk.large[end / kLarge - 1] = chunk.GroupOf(end - kLarge, kLarge);
  if (end == LaneChunk::kSteps) chunk.all = chunk.GroupOf(0, end);
}

void TimelineWriter::AppendNumber(int lane) {
  const uint64_t i = timeline_.last.value - 1;
  const uint64_t at = i % LaneOfStepChunk::kSteps;
  if (at == 0) {
    auto chunk = std::make_shared<LaneOfStepChunk>();
    lane_tail_ = chunk.get();
    timeline_.lane_chunks.push_back(std::move(chunk));
  }
  lane_tail_->lane[at] = static_cast<uint16_t>(lane);
  if ((at + 1) % LaneOfStepChunk::kBlock == 0) {
    lane_tail_->ended_max_ns[at / LaneOfStepChunk::kBlock] = timeline_.end_ns;
  }
}

void TimelineWriter::AddToOverview(const StepEntry& step, int64_t began_ns, int64_t ended_ns) {
  const bool error = (step.flags & kStepErrors) != 0, fault = (step.flags & kStepHit) != 0;
  const auto busy = static_cast<float>(ended_ns - began_ns);
  timeline_.time_bins.Add(began_ns, ended_ns, error, fault, busy);
  const auto place = static_cast<int64_t>(timeline_.last.value - 1);
  timeline_.step_bins.Add(place, place, error, fault, busy);
}

void TimelineWriter::AddSent(const StepEntry& step) {
  for (const StepEntry::Sent& sent : step.sent) {
    MessageCell cell;
    cell.sent_by = static_cast<uint32_t>(timeline_.last.value);
    cell.ordinal = sent.ordinal;
    cell.copy = static_cast<uint8_t>(std::min<uint32_t>(sent.copy, UINT8_MAX));
    cell.to_lane = static_cast<uint16_t>(std::max(sent.to_lane, 0));
    cell.flags = sent.flags;
    const MessageKey key{step.lane, step.clock.value, sent.ordinal, cell.copy};
    if (const auto early = taken_early_.find(key); early != taken_early_.end()) {
      cell.taken_by = early->second.step;
      cell.flags |= early->second.flags;
      taken_early_.erase(early);
    }
    AppendMessage(cell);
  }
}

void TimelineWriter::AddOutside(uint32_t ordinal, uint32_t copy, int to_lane, StepNumber after,
                                uint8_t flags) {
  MessageCell cell;
  cell.sent_by = static_cast<uint32_t>(std::min(after, timeline_.last).value);
  if (timeline_.message_count > 0) {
    const MessageCell& newest = timeline_.message_cell(timeline_.message_count - 1);
    cell.sent_by = std::max(cell.sent_by, newest.sent_by);
  }
  cell.ordinal = ordinal;
  cell.copy = static_cast<uint8_t>(std::min<uint32_t>(copy, UINT8_MAX));
  cell.to_lane = static_cast<uint16_t>(std::max(to_lane, 0));
  cell.flags = flags | kMessageOutside;
  const auto early = taken_early_.find({kOutsideLane, 0, ordinal, cell.copy});
  if (early != taken_early_.end()) {
    cell.taken_by = early->second.step;
    cell.flags |= early->second.flags;
    taken_early_.erase(early);
  }
  outside_[{ordinal, cell.copy}] = timeline_.message_count;
  AppendMessage(cell);
}

void TimelineWriter::AppendMessage(const MessageCell& cell) {
  const uint32_t at = timeline_.message_count % MessageChunk::kMessages;
  if (at == 0) {
    messages_.push_back(std::make_shared<MessageChunk>());
    message_chunk_shared_.push_back(false);
    timeline_.message_chunks.push_back(messages_.back());
  }
  // A cell beyond a snapshot's messages may be written; what its readers read may not.
  const bool outside = (cell.flags & kMessageOutside) != 0;
  MessageChunk& chunk = outside ? Own(messages_.size() - 1) : *messages_.back();
  chunk.cells[at] = cell;
  if (outside) ++chunk.outside;
  ++timeline_.message_count;
  if (cell.taken_by != 0) SetTaken(timeline_.message_count - 1, {cell.taken_by, 0});
}

MessageChunk& TimelineWriter::Own(size_t chunk) {
  if (message_chunk_shared_[chunk]) {
    messages_[chunk] = std::make_shared<MessageChunk>(*messages_[chunk]);
    timeline_.message_chunks[chunk] = messages_[chunk];
    message_chunk_shared_[chunk] = false;
  }
  return *messages_[chunk];
}

void TimelineWriter::SetTaken(uint32_t message, TakenBy by) {
  MessageChunk& chunk = Own(message / MessageChunk::kMessages);
  MessageCell& cell = chunk.cells[message % MessageChunk::kMessages];
  cell.taken_by = by.step;
  cell.flags |= by.flags;
  chunk.taken_max = std::max(chunk.taken_max, by.step);
}

void TimelineWriter::Take(const StepEntry::Taken& taken) {
  const TakenBy by{static_cast<uint32_t>(timeline_.last.value), taken.flags};
  if (const auto message = Find(taken)) {
    SetTaken(*message, by);
    return;
  }
  const uint32_t copy = std::min<uint32_t>(taken.copy, UINT8_MAX);
  taken_early_[{taken.from_lane, taken.clock.value, taken.ordinal, copy}] = by;
}

std::optional<uint32_t> TimelineWriter::Find(const StepEntry::Taken& taken) const {
  const uint32_t copy = std::min<uint32_t>(taken.copy, UINT8_MAX);
  if (taken.from_lane == kOutsideLane) {
    const auto found = outside_.find({taken.ordinal, copy});
    return found == outside_.end() ? std::nullopt : std::optional(found->second);
  }
  const auto step = StepOf(taken.from_lane, taken.clock.value);
  if (!step) return std::nullopt;
  for (uint32_t i = FirstMessageOf(*step); i < timeline_.message_count; ++i) {
    const MessageCell& cell = timeline_.message_cell(i);
    if (cell.sent_by != *step) break;
    const bool outside = (cell.flags & kMessageOutside) != 0;
    if (!outside && cell.ordinal == taken.ordinal && cell.copy == copy) return i;
  }
  return std::nullopt;
}

uint32_t TimelineWriter::FirstMessageOf(uint32_t step) const {
  const uint32_t part = (step - 1) / kStepsApart;
  uint32_t low = messages_before_[part];
  uint32_t high = part + 1 < messages_before_.size() ? messages_before_[part + 1]
                                                     : timeline_.message_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (timeline_.message_cell(middle).sent_by < step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<uint32_t> TimelineWriter::StepOf(int lane, uint64_t clock) const {
  const Timeline::Lane& steps = timeline_.lanes[static_cast<size_t>(lane)];
  const Clocks& clocks = tails_[static_cast<size_t>(lane)].clocks;
  const auto late = [&](uint32_t index) {
    const auto found = clocks.late.find(static_cast<uint32_t>(steps.clock(index).value));
    return found != clocks.late.end() && found->second == index;
  };
  const auto found = clocks.late.find(static_cast<uint32_t>(clock));
  if (found != clocks.late.end()) {
    return static_cast<uint32_t>(steps.number(found->second).value);
  }
  // Mostly a clock is its step's place.
  const uint64_t likely = clock - (steps.size == 0 ? 0 : steps.clock(0).value);
  if (clocks.late.empty() && likely < steps.size &&
      steps.clock(static_cast<uint32_t>(likely)).value == clock) {
    return static_cast<uint32_t>(steps.number(static_cast<uint32_t>(likely)).value);
  }
  // Without the late ones clocks ascend; a late one stands for the nearest before it that is not.
  uint32_t low = 0, high = steps.size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    uint32_t probe = middle;
    while (probe > low && late(probe)) --probe;
    if (!late(probe) && steps.clock(probe).value >= clock) {
      high = probe;
    } else {
      low = middle + 1;
    }
  }
  if (low == steps.size || steps.clock(low).value != clock) return std::nullopt;
  return static_cast<uint32_t>(steps.number(low).value);
}

std::shared_ptr<const Timeline> TimelineWriter::Snapshot() {
  std::fill(message_chunk_shared_.begin(), message_chunk_shared_.end(), true);
  return std::make_shared<const Timeline>(timeline_);
}

}  // namespace backstep::replay
