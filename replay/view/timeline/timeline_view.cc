#include "backstep/replay/view/timeline/timeline_view.h"

#include <algorithm>
#include <cmath>

namespace backstep::replay {
namespace {

constexpr double kOutsidePx = 8;  // how far an item may reach out of the viewport

float Cut(double x, const TimelineViewport& viewport) {
  return static_cast<float>(std::clamp(x, -kOutsidePx, viewport.width_px + kOutsidePx));
}

// Sweeps one lane from left to right.
class LaneSweep {
 public:
  LaneSweep(const Timeline::Lane& lane, const TimelineViewport& viewport,
            std::vector<LaneItem>* items)
      : lane_(lane), viewport_(viewport), items_(*items),
        steps_(viewport.mode == TimelineMode::kSteps), px_(viewport.PxPerUnit()),
        fold_(kFoldPx / px_) {}

  void Run() {
    if (viewport_.mode == TimelineMode::kTime) AddEnclosing();
    uint32_t i = First(viewport_.from);
    size_t wide = 0;
    while (i < lane_.size) {
      while (wide < wide_.size() && wide_[wide] < i) ++wide;
      if (wide < wide_.size() && wide_[wide] == i) {
        ++i;  // drawn already
        continue;
      }
      const int64_t began = Began(i);
      if (static_cast<double>(began) > viewport_.to) break;
      const double limit = static_cast<double>(began) + fold_;
      if (static_cast<double>(Ended(i)) > limit) {
        AddOne(i);
        ++i;
        continue;
      }
      const uint32_t end = wide < wide_.size() ? std::min(wide_[wide], lane_.size) : lane_.size;
      i = AddFolded(i, end, static_cast<int64_t>(std::min(limit, 9e18)));
    }
  }

 private:
  int64_t Began(uint32_t i) const {
    return steps_ ? static_cast<int64_t>(lane_.number(i).value) - 1 : lane_.began_ns(i);
  }
  int64_t Ended(uint32_t i) const {
    return steps_ ? static_cast<int64_t>(lane_.number(i).value) : lane_.ended_ns(i);
  }
  int64_t EndedIn(const LaneChunk& chunk, uint32_t at) const {
    return steps_ ? static_cast<int64_t>(chunk.steps[at].number) : chunk.steps[at].ended_ns;
  }
  float X(int64_t position) const {
    const double x = (static_cast<double>(position) - viewport_.from) * px_;
    return static_cast<float>(std::clamp(x, -kOutsidePx, viewport_.width_px + kOutsidePx));
  }
  // The first step that ends at `position` or after it.
  uint32_t First(double position) const {
    if (!steps_) return lane_.IndexOfEnd(position);
    return lane_.IndexOfNumber(static_cast<uint64_t>(std::max(std::ceil(position), 0.0)));
  }

  void AddEnclosing() {
    for (const EnclosingStep& step : lane_.enclosing) {
      if (static_cast<double>(step.ended_ns) < viewport_.from) continue;
      const auto took = static_cast<double>(step.ended_ns - step.began_ns);
      if (static_cast<double>(step.began_ns) > viewport_.to || took <= fold_) continue;
      wide_.push_back(step.index);
    }
    // The outermost is under all others.
    for (size_t i = wide_.size(); i-- > 0;) AddOne(wide_[i]);
  }

  void AddOne(uint32_t i) {
    LaneItem item;
    item.x0 = X(Began(i));
    item.x1 = X(Ended(i));
    item.first = item.last = lane_.number(i);
    item.flags = lane_.flags(i);
    item.shares = lane_.shares(i);
    items_.push_back(item);
  }

  // Folds steps from `from` on, before `end`, that have ended by `limit`; returns the next. What
  // covers large groups ends with one, so that the next begins with one and reads no smaller ones.
  uint32_t AddFolded(uint32_t from, uint32_t end, int64_t limit) {
    StepSum sum;
    uint32_t i = from, small = 0, large = 0, whole = 0;
    while (i < end) {
      const LaneChunk& chunk = lane_.At(i);
      const uint32_t at = Timeline::Lane::Place(i);
      const auto take = [&](uint32_t size, const StepGroup& group, uint32_t* taken) {
        if (i + size > end || EndedIn(chunk, at + size - 1) > limit) return false;
        sum.Add(group.shares, group.time_ns, group.flags);
        i += size;
        ++*taken;
        return true;
      };
      if (at == 0 && take(LaneChunk::kSteps, chunk.all, &whole)) continue;
      if (whole >= 2) break;
      const bool large_here = at % LaneChunk::kLarge == 0;
      const StepGroup& large_group = chunk.large[at / LaneChunk::kLarge];
      if (large_here && take(LaneChunk::kLarge, large_group, &large)) continue;
      if (large > 0 || whole > 0) break;
      const bool small_here = at % LaneChunk::kSmall == 0;
      const StepGroup& small_group = chunk.small[at / LaneChunk::kSmall];
      if (small_here && take(LaneChunk::kSmall, small_group, &small)) continue;
      if (small >= 2 || EndedIn(chunk, at) > limit) break;
      sum.Add(chunk.steps[at]);
      ++i;
    }
    if (i == from + 1) {
      AddOne(from);
      return i;
    }
    LaneItem item;
    item.x0 = X(Began(from));
    item.x1 = X(Ended(i - 1));
    item.first = lane_.number(from);
    item.last = lane_.number(i - 1);
    item.count = i - from;
    item.flags = sum.flags;
    item.shares = sum.Shares();
    items_.push_back(item);
    return i;
  }

  const Timeline::Lane& lane_;
  const TimelineViewport& viewport_;
  std::vector<LaneItem>& items_;
  const bool steps_;
  const double px_;             // a unit of the viewport
  const double fold_;           // in those units
  std::vector<uint32_t> wide_;  // enclosing steps that are items of their own, by index
};

}  // namespace

StepStatus StatusOf(uint16_t flags) {
  const auto has = [&](StepFlag flag) { return (flags & flag) != 0; };
  return has(kStepHit) && (flags & (kStepSame | kStepDifferent)) != 0 ? StepStatus::kHit
         : has(kStepLive) && (flags & (kStepSame | kStepDifferent)) != 0 ? StepStatus::kLive
         : has(kStepDifferent) ? StepStatus::kDifferent
         : has(kStepSame)      ? StepStatus::kSame
         : has(kStepInherited) ? StepStatus::kShared
                               : StepStatus::kNone;
}

double TimelineEnd(const Timeline& timeline, TimelineMode mode) {
  const double end = mode == TimelineMode::kSteps ? static_cast<double>(timeline.total.value)
                                                  : static_cast<double>(timeline.end_ns);
  return std::max(end, 1.0);
}

double MomentPosition(const Timeline& timeline, TimelineMode mode, StepNumber step) {
  if (mode == TimelineMode::kSteps) {
    return static_cast<double>(std::min(step, timeline.total).value);
  }
  return static_cast<double>(timeline.TimeAfter(std::min(step, timeline.last)));
}

StepNumber MomentAt(const Timeline& timeline, TimelineMode mode, double position) {
  const double inside = std::clamp(position, 0.0, TimelineEnd(timeline, mode));
  if (mode == TimelineMode::kTime) return timeline.StepAtTime(static_cast<int64_t>(inside));
  return std::min(StepNumber(static_cast<uint64_t>(std::llround(inside))), timeline.total);
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
  const double read = steps ? static_cast<double>(timeline.last.value) : end + 1;
  const auto used = static_cast<uint32_t>(
      std::min(std::ceil(read / bin_width), double{OverviewBins::kBins}));
  const double reach = std::min(used * bin_width / end, 1.0);   // of the whole
  const auto columns = static_cast<uint32_t>(std::max(std::ceil(reach * width_px), 1.0));
  const uint32_t count = std::min(columns, used);
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
