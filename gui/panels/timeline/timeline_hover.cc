// What of the timeline is under the mouse.
#include <algorithm>
#include <cmath>

#include "backstep/gui/panels/timeline/timeline_input.h"

namespace backstep::gui {
namespace {

using Zone = TimelineHover::Zone;

constexpr float kReachPx = 5, kArrowReachPx = 4;

Zone ZoneAt(const TimelinePicture& picture, ImVec2 p) {
  const std::pair<const Rect*, Zone> zones[] = {
      {&picture.overview, Zone::kOverview}, {&picture.ruler, Zone::kRuler},
      {&picture.segments, Zone::kSegments}, {&picture.lanes, Zone::kLanes},
      {&picture.names, Zone::kNames},       {&picture.scrollbar, Zone::kScrollbar}};
  for (const auto& [rect, zone] : zones) {
    if (rect->Contains(p)) return zone;
  }
  return Zone::kNone;
}

void FindMark(const TimelinePicture& picture, ImVec2 p, TimelineHover* hover) {
  const float reach = kReachPx * picture.scale;
  for (const ForkMark& mark : picture.forks) {
    if (std::abs(picture.PlotX(mark.x) + reach / 2 - p.x) <= reach * 1.6f) hover->fork = &mark;
  }
  for (const BookmarkMark& mark : picture.bookmarks) {
    if (std::abs(picture.PlotX(mark.x) - p.x) <= reach) hover->bookmark = &mark;
  }
}

void FindSegment(const TimelinePicture& picture, ImVec2 p, TimelineHover* hover) {
  const float row = picture.segments.height() / static_cast<float>(picture.segment_rows);
  const int depth = static_cast<int>((p.y - picture.segments.y0) / row);
  for (const replay::SegmentSpan& span : picture.spans) {
    const bool inside = p.x >= picture.PlotX(span.x0) - 1 && p.x <= picture.PlotX(span.x1) + 1;
    if (span.depth == depth && inside) hover->span = &span;
  }
}

void FindItem(const replay::Timeline& timeline, const TimelinePicture& picture, float x,
              TimelineHover* hover) {
  const auto step = replay::StepAt(timeline, hover->lane, picture.viewport, static_cast<double>(x));
  if (step) hover->step = *step;
  for (const LaneRow& row : picture.rows) {
    if (row.lane != hover->lane) continue;
    // The last one is on top.
    for (const replay::LaneItem& item : row.items) {
      if (x >= item.x0 - 1 && x <= std::max(item.x1, item.x0 + 2) + 1) hover->item = &item;
    }
  }
}

void FindArrow(const TimelinePicture& picture, ImVec2 p, TimelineHover* hover) {
  float least = kArrowReachPx * picture.scale;
  const auto nearest = [&](const std::vector<replay::MessageArrow>& arrows) {
    for (const replay::MessageArrow& arrow : arrows) {
      const float distance = DistanceToArrow(picture, arrow, p);
      if (distance > least) continue;
      least = distance;
      hover->arrow = &arrow;
    }
  };
  if (!picture.dense) nearest(picture.arrows.arrows);
  nearest(picture.own);
}

}  // namespace

TimelineHover FindHover(const replay::Timeline& timeline, const TimelinePicture& picture,
                        bool hovered) {
  TimelineHover hover;
  if (!hovered) return hover;
  const ImVec2 p = ImGui::GetIO().MousePos;
  hover.zone = ZoneAt(picture, p);
  if (hover.zone == Zone::kRuler) FindMark(picture, p, &hover);
  if (hover.zone == Zone::kSegments) FindSegment(picture, p, &hover);
  if (hover.zone != Zone::kLanes && hover.zone != Zone::kNames) return hover;
  hover.lane = picture.LaneAt(p.y);
  if (hover.zone == Zone::kNames || hover.lane < 0) return hover;
  const float x = p.x - picture.lanes.x0, reach = kReachPx * picture.scale;
  hover.playhead = std::abs(x - picture.playhead_x) <= reach * 0.6f;
  FindItem(timeline, picture, x, &hover);
  // Arrows begin and end on bars: there a wide bar wins.
  const bool wide = hover.item != nullptr && hover.item->x1 - hover.item->x0 > 2 * reach;
  if (!wide) FindArrow(picture, p, &hover);
  return hover;
}

}  // namespace backstep::gui
