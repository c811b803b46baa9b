#include "backstep/replay/view/timeline/timeline_view.h"

#include <algorithm>
#include <cmath>

namespace backstep::replay {
namespace {

constexpr double kOutsidePx = 8;  // how far an item may reach out of the viewport

float Cut(double x, const TimelineViewport& viewport) {
  return static_cast<float>(std::clamp(x, -kOutsidePx, viewport.width_px + kOutsidePx));
}

TimeShares SharesOf(const StepSum& sum) {
  const float whole = sum.model_ns + sum.tool_ns + sum.own_ns + sum.waiting_ns;
  if (whole <= 0) return {0, 0, 255, 0};
  const float scale = 255 / whole;
  TimeShares shares;
  shares.model = static_cast<uint8_t>(sum.model_ns * scale + 0.5f);
  shares.tool = static_cast<uint8_t>(sum.tool_ns * scale + 0.5f);
  shares.waiting = static_cast<uint8_t>(sum.waiting_ns * scale + 0.5f);
  shares.own = static_cast<uint8_t>(std::max(255 - shares.model - shares.tool - shares.waiting, 0));
  return shares;
}

// Sweeps one lane from left to right.
class LaneSweep {
 public:
  LaneSweep(const Timeline::Lane& lane, const TimelineViewport& viewport,
            std::vector<LaneItem>* items)
      : lane_(lane), viewport_(viewport), items_(*items) {}

  void Run() {
    if (viewport_.mode == TimelineMode::kTime) AddEnclosing();
    const double fold = kFoldPx / viewport_.PxPerUnit();
    uint32_t i = First(viewport_.from, 0);
    size_t wide = 0;
    while (i < lane_.size) {
      while (wide < wide_.size() && wide_[wide] < i) ++wide;
      if (wide < wide_.size() && wide_[wide] == i) {
        ++i;  // drawn already
        continue;
      }
      const double began = Began(i);
      if (began > viewport_.to) break;
      if (Ended(i) - began >= fold) {
        AddOne(i);
        ++i;
        continue;
      }
      uint32_t end = First(std::nextafter(began + fold, INFINITY), i);
      if (wide < wide_.size()) end = std::min(end, wide_[wide]);
      end = std::max(end, i + 1);
      AddFolded(i, end);
      i = end;
    }
  }

 private:
  bool steps() const { return viewport_.mode == TimelineMode::kSteps; }
  double Began(uint32_t i) const {
    return steps() ? static_cast<double>(lane_.number(i).value - 1)
                   : static_cast<double>(lane_.began_ns(i));
  }
  double Ended(uint32_t i) const {
    return steps() ? static_cast<double>(lane_.number(i).value)
                   : static_cast<double>(lane_.ended_ns(i));
  }
  // The first step from `from` on that ends at `position` or after it.
  uint32_t First(double position, uint32_t from) const {
    if (!steps()) return lane_.IndexOfEnd(position, from);
    return lane_.IndexOfNumber(static_cast<uint64_t>(std::max(std::ceil(position), 0.0)), from);
  }

  void AddEnclosing() {
    const double least = kFoldPx / viewport_.PxPerUnit();
    for (const EnclosingStep& step : lane_.enclosing) {
      if (static_cast<double>(step.ended_ns) < viewport_.from) continue;
      const auto took = static_cast<double>(step.ended_ns - step.began_ns);
      if (static_cast<double>(step.began_ns) > viewport_.to || took < least) continue;
      wide_.push_back(step.index);
    }
    // The outermost is under all others.
    for (size_t i = wide_.size(); i-- > 0;) AddOne(wide_[i]);
  }

  void AddOne(uint32_t i) {
    LaneItem item;
    item.x0 = Cut(viewport_.X(Began(i)), viewport_);
    item.x1 = Cut(viewport_.X(Ended(i)), viewport_);
    item.first = item.last = lane_.number(i);
    item.flags = lane_.flags(i);
    item.shares = lane_.shares(i);
    items_.push_back(item);
  }

  void AddFolded(uint32_t from, uint32_t to) {
    if (to == from + 1) return AddOne(from);
    LaneItem item;
    item.x0 = Cut(viewport_.X(Began(from)), viewport_);
    item.x1 = Cut(viewport_.X(Ended(to - 1)), viewport_);
    item.first = lane_.number(from);
    item.last = lane_.number(to - 1);
    item.count = to - from;
    const StepSum sum = lane_.Sum(from, to);
    item.flags = sum.flags;
    item.shares = SharesOf(sum);
    items_.push_back(item);
  }

  const Timeline::Lane& lane_;
  const TimelineViewport& viewport_;
  std::vector<LaneItem>& items_;
  std::vector<uint32_t> wide_;  // enclosing steps that are items of their own, by index
};

}  // namespace

double TimelineEnd(const Timeline& timeline, TimelineMode mode) {
  const double end = mode == TimelineMode::kSteps ? static_cast<double>(timeline.last.value)
                                                  : static_cast<double>(timeline.end_ns);
  return std::max(end, 1.0);
}

double MomentPosition(const Timeline& timeline, TimelineMode mode, StepNumber step) {
  step = std::min(step, timeline.last);
  if (mode == TimelineMode::kSteps) return static_cast<double>(step.value);
  return static_cast<double>(timeline.TimeAfter(step));
}

StepNumber MomentAt(const Timeline& timeline, TimelineMode mode, double position) {
  const double inside = std::clamp(position, 0.0, TimelineEnd(timeline, mode));
  if (mode == TimelineMode::kTime) return timeline.StepAtTime(static_cast<int64_t>(inside));
  return std::min(StepNumber(static_cast<uint64_t>(std::llround(inside))), timeline.last);
}

std::pair<double, double> StepExtent(const Timeline& timeline, TimelineMode mode, StepNumber step) {
  if (mode == TimelineMode::kSteps) {
    return {static_cast<double>(step.value - 1), static_cast<double>(step.value)};
  }
  const Timeline::Lane& lane = timeline.lanes[static_cast<size_t>(timeline.lane_of(step))];
  const uint32_t index = timeline.index_of(step);
  return {static_cast<double>(lane.began_ns(index)), static_cast<double>(lane.ended_ns(index))};
}

void LaneItems(const Timeline& timeline, int lane, const TimelineViewport& viewport,
               std::vector<LaneItem>* items) {
  items->clear();
  LaneSweep(timeline.lanes[static_cast<size_t>(lane)], viewport, items).Run();
}

std::vector<OverviewBucket> OverviewBuckets(const Timeline& timeline, TimelineMode mode,
                                            int width_px) {
  const bool steps = mode == TimelineMode::kSteps;
  const OverviewBins& bins = steps ? timeline.step_bins : timeline.time_bins;
  const double end = TimelineEnd(timeline, mode);
  const double bin_width = static_cast<double>(bins.bin_width);
  const auto used = static_cast<uint32_t>(
      std::min(std::ceil((end + (steps ? 0 : 1)) / bin_width), double{OverviewBins::kBins}));
  const uint32_t count = std::min(static_cast<uint32_t>(std::max(width_px, 1)), used);
  std::vector<OverviewBucket> buckets(count);
  std::vector<double> loads(count);
  double running = 0, most = 0;
  for (uint32_t b = 0; b < count; ++b) {
    OverviewBucket& bucket = buckets[b];
    const auto from = static_cast<uint32_t>(uint64_t{used} * b / count);
    const auto to = static_cast<uint32_t>(uint64_t{used} * (b + 1) / count);
    bucket.x0 = static_cast<float>(from * bin_width / end * width_px);
    bucket.x1 = static_cast<float>(std::min(to * bin_width / end, 1.0) * width_px);
    loads[b] = running;
    for (uint32_t i = from; i < to; ++i) {
      const OverviewBins::Bin& bin = bins.bins[i];
      bucket.steps += bin.ended;
      bucket.errors += bin.errors;
      bucket.faults += bin.faults;
      loads[b] += steps ? bin.busy_ns : bin.began;
      if (!steps) running += double{1} * bin.began - bin.ended;
    }
    most = std::max(most, loads[b]);
  }
  for (uint32_t b = 0; b < count && most > 0; ++b) {
    buckets[b].load = static_cast<float>(loads[b] / most);
  }
  return buckets;
}

std::vector<SegmentSpan> SegmentSpans(const Timeline& timeline, const TimelineViewport& viewport) {
  const bool steps = viewport.mode == TimelineMode::kSteps;
  std::vector<SegmentSpan> spans;
  for (uint32_t i = 0; i < timeline.segments.size(); ++i) {
    const TimelineSegment& segment = timeline.segments[i];
    const double began = static_cast<double>(
        steps ? static_cast<int64_t>(segment.began_after.value) : segment.began_ns);
    const double ended = static_cast<double>(
        steps ? static_cast<int64_t>(segment.ended_after.value) : segment.ended_ns);
    if (ended < viewport.from || began > viewport.to) continue;
    const double x0 = viewport.X(began), x1 = viewport.X(ended);
    if (!spans.empty() && spans.back().depth == segment.depth && x1 - x0 < kFoldPx) {
      SegmentSpan& before = spans.back();
      const bool tiny = before.count > 1 || before.x1 - before.x0 < kFoldPx;
      if (tiny && x0 - before.x0 < kFoldPx) {
        before.x1 = std::max(before.x1, Cut(x1, viewport));
        ++before.count;
        continue;
      }
    }
    spans.push_back({Cut(x0, viewport), Cut(x1, viewport), segment.depth, i, 1});
  }
  return spans;
}

}  // namespace backstep::replay
