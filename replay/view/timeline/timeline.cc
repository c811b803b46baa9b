#include "backstep/replay/view/timeline/timeline.h"

#include <algorithm>

namespace backstep::replay {
namespace {

// The first index in [from, size) for which `reached` holds, it being false and then true; `size`
// when it holds nowhere. Looks near `from` first.
template <typename Reached>
uint32_t Gallop(uint32_t from, uint32_t size, const Reached& reached) {
  uint32_t low = from;
  uint64_t stride = 1;
  uint64_t high = from;
  while (high < size && !reached(static_cast<uint32_t>(high))) {
    low = static_cast<uint32_t>(high) + 1;
    high += stride;
    stride *= 2;
  }
  uint32_t end = static_cast<uint32_t>(std::min<uint64_t>(high, size));
  while (low < end) {
    const uint32_t middle = low + (end - low) / 2;
    if (reached(middle)) {
      end = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

uint32_t Timeline::Lane::IndexOfNumber(uint64_t wanted, uint32_t from) const {
  return Gallop(from, size, [&](uint32_t i) { return cell(i).number >= wanted; });
}

uint32_t Timeline::Lane::IndexOfEnd(double wanted_ns, uint32_t from) const {
  return Gallop(from, size,
                [&](uint32_t i) { return static_cast<double>(ended_ns(i)) >= wanted_ns; });
}

uint32_t Timeline::Lane::SentBefore(uint32_t index) const {
  if (index == 0) return 0;
  const LaneChunk& chunk = At(index - 1);
  const uint32_t end = Place(index - 1) + 1;
  uint32_t sum = chunk.sent_before;
  for (uint32_t i = 0; i < end;) {
    const bool whole = i % LaneChunk::kLarge == 0 && i + LaneChunk::kLarge <= end;
    sum += whole ? chunk.large[i / LaneChunk::kLarge].sent : chunk.steps[i].sent;
    i += whole ? LaneChunk::kLarge : 1;
  }
  return sum;
}

int Timeline::lane_of(StepNumber step) const {
  const uint64_t i = step.value - 1;
  return lane_chunks[i / LaneOfStepChunk::kSteps]->lane[i % LaneOfStepChunk::kSteps];
}

uint32_t Timeline::index_of(StepNumber step) const {
  const Lane& lane = lanes[static_cast<size_t>(lane_of(step))];
  uint32_t low = 0, high = lane.size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (lane.number(middle) < step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int64_t Timeline::began_ns(StepNumber step) const {
  return lanes[static_cast<size_t>(lane_of(step))].began_ns(index_of(step));
}

int64_t Timeline::ended_ns(StepNumber step) const {
  return lanes[static_cast<size_t>(lane_of(step))].ended_ns(index_of(step));
}

int64_t Timeline::TimeAfter(StepNumber step) const {
  constexpr uint32_t kBlock = LaneOfStepChunk::kBlock;
  const uint64_t whole = step.value / kBlock;   // blocks
  int64_t time = 0;
  if (whole > 0) {
    const uint64_t first = (whole - 1) * kBlock;
    time = lane_chunks[first / LaneOfStepChunk::kSteps]
               ->ended_max_ns[first % LaneOfStepChunk::kSteps / kBlock];
  }
  for (uint64_t n = whole * kBlock + 1; n <= step.value; ++n) {
    time = std::max(time, ended_ns(StepNumber(n)));
  }
  return time;
}

StepNumber Timeline::StepAtTime(int64_t ns) const {
  constexpr uint32_t kBlock = LaneOfStepChunk::kBlock;
  uint64_t low = 0, high = last.value / kBlock;  // blocks that have ended by `ns`
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (TimeAfter(StepNumber((middle + 1) * kBlock)) <= ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  uint64_t step = low * kBlock;
  while (step < last.value && ended_ns(StepNumber(step + 1)) <= ns) ++step;
  return StepNumber(step);
}

uint32_t Timeline::FirstMessageSentBy(uint64_t step) const {
  uint32_t low = 0, high = message_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (message_cell(middle).sent_by < step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

MessageOnTimeline Timeline::message(uint32_t index) const {
  const MessageCell& cell = message_cell(index);
  MessageOnTimeline message;
  message.index = index;
  message.sent_by = StepNumber(cell.sent_by);
  message.taken_by = StepNumber(cell.taken_by);
  message.to_lane = cell.to_lane;
  message.ordinal = cell.ordinal;
  message.copy = cell.copy;
  message.flags = cell.flags;
  if ((cell.flags & kMessageOutside) == 0) message.from_lane = lane_of(message.sent_by);
  return message;
}

MessageId Timeline::message_id(const MessageOnTimeline& message) const {
  if (message.from_lane == kOutsideLane) {
    return {kOutside, AgentClock(0), message.ordinal, message.copy};
  }
  const Lane& lane = lanes[static_cast<size_t>(message.from_lane)];
  return {lane.agent, lane.clock(index_of(message.sent_by)), message.ordinal, message.copy};
}

std::string Timeline::StepText(StepNumber step) const {
  const Lane& lane = lanes[static_cast<size_t>(lane_of(step))];
  return lane.name + "/" + std::to_string(lane.clock(index_of(step)).value);
}

std::string Timeline::MessageText(const MessageOnTimeline& message) const {
  const std::string sender = message.from_lane == kOutsideLane
                                 ? std::string(kOutsideName) + "/0"
                                 : StepText(message.sent_by);
  const std::string text = sender + "." + std::to_string(message.ordinal);
  return message.copy == 0 ? text : text + "+" + std::to_string(message.copy);
}

uint64_t Timeline::bytes() const {
  uint64_t sum = sizeof(*this);
  // counts, and the pointer to it
  constexpr uint64_t kShared = 16 + sizeof(std::shared_ptr<void>);
  for (const Lane& lane : lanes) {
    sum += sizeof(lane) + lane.name.capacity() + lane.role.capacity();
    sum += lane.chunks.size() * (sizeof(LaneChunk) + kShared);
    sum += lane.enclosing.size() * sizeof(EnclosingStep);
  }
  sum += lane_chunks.size() * (sizeof(LaneOfStepChunk) + kShared);
  sum += message_chunks.size() * (sizeof(MessageChunk) + kShared);
  for (const TimelineSegment& segment : segments) sum += sizeof(segment) + segment.name.capacity();
  return sum + 2 * OverviewBins::kBins * sizeof(OverviewBins::Bin);
}

}  // namespace backstep::replay
