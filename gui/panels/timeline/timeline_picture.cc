#include "backstep/gui/panels/timeline/timeline_picture.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kBar = 26, kOverview = 30, kRuler = 18, kSegment = 16;
constexpr float kLane = 22, kLaneMost = 34;   // few lanes share what room there is
constexpr float kLow = 170, kLowOverview = 16;  // a low panel gives its room to the lanes
constexpr float kNames = 148, kScrollbar = 10, kPad = 8;
constexpr float kLeastStatus = 5;
constexpr int kSegmentRowsMax = 3;
constexpr double kTickPx = 84;
constexpr size_t kArrowsMax = 200, kOwnMax = 40;
constexpr double kDensePx = 5;          // a step; below it arrows hide the lanes
constexpr size_t kForksMax = 200;

void PlaceRegions(const replay::Timeline& timeline, const TimelineRegion& region,
                  TimelinePicture* picture) {
  const float s = region.scale;
  const float left = region.min.x + kNames * s;
  const float right = region.max.x - kScrollbar * s;
  float y = region.min.y;
  const auto row = [&](float height) {
    const Rect rect{left, y, right, y + std::floor(height * s)};
    y = rect.y1;
    return rect;
  };
  picture->bar = row(kBar);
  picture->bar.x0 = region.min.x + kPad * s;
  const bool low = region.max.y - region.min.y < kLow * s;
  picture->overview = row(low ? kLowOverview : kOverview);
  picture->ruler = row(kRuler);
  picture->segment_rows = low ? 0 : std::min(timeline.segment_depth, kSegmentRowsMax);
  picture->segments = row(kSegment * static_cast<float>(picture->segment_rows));
  picture->lanes = {left, y, right, std::max(region.max.y, y + kLane * s)};
  picture->names = {region.min.x, y, left, picture->lanes.y1};
  picture->scrollbar = {right, y, region.max.x, picture->lanes.y1};
  const float share = picture->lanes.height() / static_cast<float>(timeline.lanes.size());
  picture->scale = s;
  picture->lane_height = std::floor(std::clamp(share, kLane * s, kLaneMost * s));
  picture->lanes_height = picture->lane_height * static_cast<float>(timeline.lanes.size());
}

void FillRows(const replay::Timeline& timeline, float scroll_px, TimelinePicture* picture) {
  const float height = picture->lane_height;
  const auto first = static_cast<int>(std::max(scroll_px, 0.f) / height);
  for (int lane = first; lane < static_cast<int>(timeline.lanes.size()); ++lane) {
    const float y = picture->lanes.y0 + static_cast<float>(lane) * height - scroll_px;
    if (y >= picture->lanes.y1) break;
    LaneRow row;
    row.lane = lane;
    row.rect = {picture->lanes.x0, y, picture->lanes.x1, y + height};
    replay::LaneItems(timeline, lane, picture->viewport, &row.items);
    if (timeline.branch) row.statuses = StatusRuns(row.items, kLeastStatus * picture->scale);
    picture->rows.push_back(std::move(row));
  }
}

void FillArrows(const replay::Timeline& timeline, StepNumber cursor, TimelinePicture* picture) {
  replay::ArrowQuery query;
  query.cursor = cursor;
  query.max = kArrowsMax;
  if (!picture->rows.empty()) {
    query.first_lane = picture->rows.front().lane;
    query.last_lane = picture->rows.back().lane;
  }
  picture->arrows = replay::MessageArrows(timeline, picture->viewport, query);
  const auto steps = static_cast<double>(picture->last_visible.value -
                                         picture->first_visible.value + 1);
  picture->dense = picture->viewport.width_px / steps < kDensePx;
  picture->own = replay::ArrowsOfStep(timeline, picture->viewport, cursor, kOwnMax);
}

// The number behind the last ':' of a moment; 0 where there is none.
StepNumber StepOfMoment(const std::string& moment) {
  uint64_t number = 0;
  const size_t colon = moment.rfind(':');
  const char* begin = moment.data() + (colon == std::string::npos ? 0 : colon + 1);
  std::from_chars(begin, moment.data() + moment.size(), number);
  return StepNumber(number);
}

void FillForks(const replay::Timeline& timeline, const OpenFacts& facts, TimelinePicture* picture) {
  for (const replay::BranchRow& row : facts.branches) {
    if (picture->forks.size() >= kForksMax) return;
    const bool child = row.parent == facts.log && row.id != facts.log && !row.fork.empty();
    const bool self = row.id == facts.log && !row.fork.empty();
    if (!child && !self) continue;
    ForkMark mark;
    mark.step = StepOfMoment(row.fork);
    mark.leaves_here = child;
    mark.branch = row.name;
    if (self) {
      for (const replay::BranchRow& parent : facts.branches) {
        if (parent.id == row.parent) mark.branch = parent.depth == 0 ? "main" : parent.name;
      }
      mark.text = row.name + " leaves " + row.fork + ": steps before it are shared";
    } else {
      mark.text = row.name + " leaves here: " + row.experiment + "; " + row.result + ", " +
                  OutcomeName(row.outcome.kind);
    }
    const double position = replay::MomentPosition(timeline, picture->viewport.mode, mark.step);
    mark.x = static_cast<float>(picture->viewport.X(position));
    if (mark.x < -1 || mark.x > picture->viewport.width_px + 1) continue;
    picture->forks.push_back(std::move(mark));
  }
}

void FillCursor(const replay::Timeline& timeline, const ViewState& view, TimelinePicture* picture) {
  const replay::TimelineViewport& viewport = picture->viewport;
  const auto overview_x = [&](double position) {
    return static_cast<float>(position / replay::TimelineEnd(timeline, viewport.mode) *
                              viewport.width_px);
  };
  const double cursor = replay::MomentPosition(timeline, viewport.mode, view.cursor);
  picture->playhead_x = static_cast<float>(std::clamp(viewport.X(cursor), -1e5, 1e5));
  picture->overview_playhead_x = overview_x(cursor);
  picture->window_x0 = overview_x(viewport.from);
  picture->window_x1 = overview_x(viewport.to);
  picture->first_visible = replay::MomentAt(timeline, viewport.mode, viewport.from);
  picture->last_visible = replay::MomentAt(timeline, viewport.mode, viewport.to);
  for (size_t i = 0; i < view.bookmarks.size(); ++i) {
    const double at = replay::MomentPosition(timeline, viewport.mode, view.bookmarks[i].step);
    picture->bookmarks.push_back({static_cast<float>(viewport.X(at)), overview_x(at), i});
  }
  if (view.timeline.select_to > view.timeline.select_from) {
    picture->selection = {static_cast<float>(viewport.X(view.timeline.select_from)),
                          static_cast<float>(viewport.X(view.timeline.select_to))};
  }
}

}  // namespace

float TimelinePicture::LaneMiddle(int lane) const {
  if (lane < 0) return lanes.y0;
  const int first = rows.empty() ? 0 : rows.front().lane;
  const float top = rows.empty() ? lanes.y0 : rows.front().rect.y0;
  return top + (static_cast<float>(lane - first) + 0.5f) * lane_height;
}

int TimelinePicture::LaneAt(float y) const {
  if (y < lanes.y0 || y >= lanes.y1) return -1;
  for (const LaneRow& row : rows) {
    if (y >= row.rect.y0 && y < row.rect.y1) return row.lane;
  }
  return -1;
}

std::vector<StatusRun> StatusRuns(const std::vector<replay::LaneItem>& items, float least_px) {
  std::vector<StatusRun> runs;
  for (const replay::LaneItem& item : items) {
    const replay::StepStatus status = replay::StatusOf(item.flags);
    if (status == replay::StepStatus::kNone) continue;
    const bool joins = !runs.empty() && runs.back().status == status &&
                       item.x0 - runs.back().x1 < 1 && item.x1 > runs.back().x1;
    if (joins) runs.back().x1 = item.x1;
    else runs.push_back({item.x0, item.x1, status});
  }
  for (StatusRun& run : runs) {
    const float lacking = std::max(least_px - (run.x1 - run.x0), 0.f);
    run.x0 -= lacking / 2;
    run.x1 += lacking / 2;
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const StatusRun& a, const StatusRun& b) { return a.status < b.status; });
  return runs;
}

TimelinePicture MakeTimelinePicture(const Model& model, const ViewState& view,
                                    const TimelineRegion& region) {
  const replay::Timeline& timeline = *model.timeline.value;
  TimelinePicture picture;
  PlaceRegions(timeline, region, &picture);
  const auto width = static_cast<double>(std::max(picture.lanes.width(), 1.f));
  picture.viewport = ViewportOf(timeline, view.timeline, width);
  picture.whole = view.timeline.to <= view.timeline.from;
  picture.ticks = RulerTicks(picture.viewport, kTickPx * static_cast<double>(region.scale));
  picture.buckets =
      replay::OverviewBuckets(timeline, picture.viewport.mode, static_cast<int>(width));
  picture.spans = replay::SegmentSpans(timeline, picture.viewport);
  FillRows(timeline, view.timeline.scroll_px, &picture);
  FillCursor(timeline, view, &picture);
  FillArrows(timeline, view.cursor, &picture);
  if (model.open.value != nullptr) FillForks(timeline, *model.open.value, &picture);
  return picture;
}

}  // namespace backstep::gui
