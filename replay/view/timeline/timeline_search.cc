#include <algorithm>
#include <cmath>

#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::replay {
namespace {

constexpr uint32_t kNeighbours = 16;

// How far a position is from an extent; 0 inside.
double Away(double position, std::pair<double, double> extent) {
  return std::max({extent.first - position, position - extent.second, 0.0});
}

// The lane's first step at or after index `i` with one of the flags.
uint32_t FlaggedFrom(const Timeline::Lane& lane, uint32_t i, uint16_t flags) {
  while (i < lane.size) {
    const LaneChunk& chunk = lane.At(i);
    const bool whole = Timeline::Lane::Place(i) == 0 && i + LaneChunk::kSteps <= lane.size;
    if (whole && (chunk.all.flags & flags) == 0) {
      i += LaneChunk::kSteps;
    } else if ((lane.flags(i) & flags) != 0) {
      return i;
    } else {
      ++i;
    }
  }
  return lane.size;
}

// The lane's last step before index `end` with one of the flags; lane.size: none.
uint32_t FlaggedBefore(const Timeline::Lane& lane, uint32_t end, uint16_t flags) {
  while (end > 0) {
    const LaneChunk& chunk = lane.At(end - 1);
    if (end % LaneChunk::kSteps == 0 && (chunk.all.flags & flags) == 0) {
      end -= LaneChunk::kSteps;
    } else if ((lane.flags(end - 1) & flags) != 0) {
      return end - 1;
    } else {
      --end;
    }
  }
  return lane.size;
}

}  // namespace

std::optional<StepNumber> StepAt(const Timeline& timeline, int lane_number,
                                 const TimelineViewport& viewport, double x, double tolerance_px) {
  const Timeline::Lane& lane = timeline.lanes[static_cast<size_t>(lane_number)];
  const double position = viewport.Position(x);
  const double tolerance = tolerance_px / viewport.PxPerUnit();
  const bool steps = viewport.mode == TimelineMode::kSteps;
  const double from = position - tolerance;
  uint32_t i = steps ? lane.IndexOfNumber(static_cast<uint64_t>(std::max(std::ceil(from), 0.0)))
                     : lane.IndexOfEnd(from);
  // Near the position, rather than at the left end of the tolerance, where steps are tiny.
  uint32_t near = steps ? lane.IndexOfNumber(static_cast<uint64_t>(std::max(position, 0.0)), i)
                        : lane.IndexOfEnd(position, i);
  i = std::max(i, near - std::min(near, kNeighbours / 2));
  std::optional<StepNumber> best;
  double least = tolerance;
  for (uint32_t n = 0; i < lane.size && n < kNeighbours; ++i, ++n) {
    const auto extent = StepExtent(timeline, viewport.mode, lane.number(i));
    const double away = Away(position, extent);
    if (away < least || (!best && away <= least)) {
      best = lane.number(i);
      least = away;
    }
  }
  if (best && least == 0) return best;
  for (const EnclosingStep& step : lane.enclosing) {
    if (steps || static_cast<double>(step.began_ns) > position) continue;
    if (static_cast<double>(step.ended_ns) >= position) return lane.number(step.index);
  }
  return best;
}

std::optional<StepNumber> NextOnLane(const Timeline& timeline, int lane_number, StepNumber step,
                                     int direction) {
  const Timeline::Lane& lane = timeline.lanes[static_cast<size_t>(lane_number)];
  const uint32_t next = lane.IndexOfNumber(step.value + (direction > 0 ? 1 : 0));
  if (direction > 0) {
    return next == lane.size ? std::nullopt : std::optional(lane.number(next));
  }
  return next == 0 ? std::nullopt : std::optional(lane.number(next - 1));
}

std::optional<StepNumber> NextFlagged(const Timeline& timeline, StepNumber step, int direction,
                                      uint16_t flags) {
  std::optional<StepNumber> best;
  for (const Timeline::Lane& lane : timeline.lanes) {
    const uint32_t place = lane.IndexOfNumber(step.value + (direction > 0 ? 1 : 0));
    const uint32_t found = direction > 0 ? FlaggedFrom(lane, place, flags)
                                         : FlaggedBefore(lane, place, flags);
    if (found == lane.size) continue;
    const StepNumber number = lane.number(found);
    if (!best || (direction > 0 ? number < *best : number > *best)) best = number;
  }
  return best;
}

}  // namespace backstep::replay
