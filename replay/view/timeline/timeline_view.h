// What a window of some pixels shows of a timeline, as plain values: pure functions, thread-safe.
// The cost of each follows the pixels and not the steps. Positions are nanoseconds or steps by the
// viewport's mode; in steps mode step n covers [n-1, n]. x counts pixels from the viewport's left.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::replay {

enum class TimelineMode { kTime, kSteps };

// `to` > `from`; `width_px` > 0.
struct TimelineViewport {
  TimelineMode mode = TimelineMode::kSteps;
  double from = 0, to = 1;
  double width_px = 1;
  double PxPerUnit() const { return width_px / (to - from); }
  double X(double position) const { return (position - from) * PxPerUnit(); }
  double Position(double x) const { return from + x / PxPerUnit(); }
};

// The whole run, 0 to its end. While the line is being read, by steps as far as it goes and by time
// as far as it has been read; moments go as far.
double TimelineEnd(const Timeline& timeline, TimelineMode mode);
// Where the moment after step n is, and the moment at a position (the nearest; by time the newest
// that has happened).
double MomentPosition(const Timeline& timeline, TimelineMode mode, StepNumber step);
StepNumber MomentAt(const Timeline& timeline, TimelineMode mode, double position);
// The extent of a step from 1 to `last`.
std::pair<double, double> StepExtent(const Timeline& timeline, TimelineMode mode, StepNumber step);

// One step, or several that would be under 3 px each and lie within 3 px.
struct LaneItem {
  float x0 = 0, x1 = 0;         // cut a little outside the viewport
  StepNumber first, last;       // equal where count is 1
  uint32_t count = 1;
  uint16_t flags = 0;           // StepFlag, of any of them
  TimeShares shares;            // of their time together
};

// What became of a step in a branch, the later the more it says; of several the latest.
enum class StepStatus {
  kNone,       // not compared: a main line, or a parent that cannot be read
  kShared,     // the parent's own
  kSame,       // recomputed, as the parent's
  kDifferent,  // recomputed, not as the parent's
  kLive,       // a call of it ran live
  kHit,        // a fault or an edit hit it
};
StepStatus StatusOf(uint16_t flags);

inline constexpr double kFoldPx = 3;

// Fills `items` from left to right; steps that enclose others of their lane come first.
void LaneItems(const Timeline& timeline, int lane, const TimelineViewport& viewport,
               std::vector<LaneItem>* items);

// A column of the overview, which shows the whole run.
struct OverviewBucket {
  float x0 = 0, x1 = 0;
  float load = 0;               // 0..1 of the greatest: steps running (time), time taken (steps)
  uint32_t steps = 0;           // that ended there
  uint32_t errors = 0, faults = 0;  // steps
};

// At most `width_px` columns, and no more than the run can fill.
std::vector<OverviewBucket> OverviewBuckets(const Timeline& timeline, TimelineMode mode,
                                            int width_px);

struct MessageArrow {
  MessageOnTimeline message;
  float x0 = 0, x1 = 0;         // x1 = x0 where it was not taken
};

struct MessageArrowSet {
  std::vector<MessageArrow> arrows;  // nearest to the cursor first
  uint64_t total = 0;                // messages that a visible step sent
};

struct ArrowQuery {
  StepNumber cursor;
  size_t max = 200;
  int first_lane = 0, last_lane = INT32_MAX;  // one end must be on these
};

// Messages that a visible step sent or took. When they are more than `max`, the nearest to the
// cursor by step.
MessageArrowSet MessageArrows(const Timeline& timeline, const TimelineViewport& viewport,
                              const ArrowQuery& query);
// Of one message, whether or not it is visible.
MessageArrow ArrowOf(const Timeline& timeline, const TimelineViewport& viewport, uint32_t message);
// Those that a step sent and took, at most `max`.
std::vector<MessageArrow> ArrowsOfStep(const Timeline& timeline, const TimelineViewport& viewport,
                                       StepNumber step, size_t max);

struct SegmentSpan {
  float x0 = 0, x1 = 0;
  int depth = 0;
  uint32_t segment = 0;         // the first of them, in Timeline::segments
  uint32_t count = 1;           // more: folded
};

std::vector<SegmentSpan> SegmentSpans(const Timeline& timeline, const TimelineViewport& viewport);

// The step of a lane at x, or the nearest within `tolerance_px`; of nested ones the inner.
std::optional<StepNumber> StepAt(const Timeline& timeline, int lane,
                                 const TimelineViewport& viewport, double x,
                                 double tolerance_px = kFoldPx);
// The lane's next (direction 1) or previous (-1) step after `step`, which may be of another lane.
std::optional<StepNumber> NextOnLane(const Timeline& timeline, int lane, StepNumber step,
                                     int direction);
// The next or previous step of any lane that has one of `flags`.
std::optional<StepNumber> NextFlagged(const Timeline& timeline, StepNumber step, int direction,
                                      uint16_t flags = kStepErrors);

}  // namespace backstep::replay
