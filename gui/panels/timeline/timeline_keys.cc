// The timeline's keys, and how it follows what something else has moved.
#include <algorithm>
#include <cmath>
#include <utility>

#include "backstep/gui/panels/timeline/timeline_input.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {
namespace {

constexpr double kKeyZoomPerSecond = 6, kKeyPanPerSecond = 0.9;
constexpr float kFrameSecondsMax = 0.1f;

// The selection, or everything where there is none or it is framed already.
void FrameSelection(const replay::Timeline& timeline, const TimelinePicture& picture,
                    TimelineWindow* window) {
  const double slack = (picture.viewport.to - picture.viewport.from) * 0.01;
  const bool selected = window->select_to > window->select_from;
  const bool framed = picture.viewport.from >= window->select_from - slack &&
                      picture.viewport.to <= window->select_to + slack;
  if (selected && !framed) {
    ShowRange(timeline, window->select_from, window->select_to, window);
  } else {
    window->from = window->to = 0;
  }
}

void StepOnLane(Frame& frame, const replay::Timeline& timeline, int direction) {
  for (size_t i = 0; i < timeline.lanes.size(); ++i) {
    if (timeline.lanes[i].name != frame.view.agent) continue;
    const auto lane = static_cast<int>(i);
    const auto next = replay::NextOnLane(timeline, lane, frame.view.cursor, direction);
    if (next) frame.Send(GoTo{*next});
    return;
  }
}

// Scrolls the lanes no further than it takes to see all of this one.
void ShowLane(const TimelinePicture& picture, int lane, TimelineWindow* window) {
  const float top = static_cast<float>(lane) * picture.lane_height;
  const float least = top + picture.lane_height - picture.lanes.height();
  window->scroll_px = std::max(std::min(window->scroll_px, top), least);
}

// Not while it plays or is dragged: lanes that jump cannot be read.
void FollowLane(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture) {
  if (frame.view.playing || frame.view.cursor.value == 0 || frame.view.cursor > timeline.last) {
    return;
  }
  const int lane = timeline.lane_of(frame.view.cursor);
  const auto height = static_cast<int>(picture.lanes.height());
  const bool resized = std::exchange(*Kept("lanes-height"), height) != height;
  const bool moved = std::exchange(*Kept("cursor-lane"), lane + 1) != lane + 1;
  if ((moved || resized) && lane >= 0 && !TimelineHeld()) {
    ShowLane(picture, lane, &frame.view.timeline);
  }
}

}  // namespace

void HandleTimelineKeys(Frame& frame, const replay::Timeline& timeline,
                        const TimelinePicture& picture, const TimelineHover& hover) {
  if (ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup)) return;
  TimelineWindow* window = &frame.view.timeline;
  const double seconds = std::min(ImGui::GetIO().DeltaTime, kFrameSecondsMax);
  const double span = picture.viewport.to - picture.viewport.from;
  const bool over = hover.zone == TimelineHover::Zone::kLanes ||
                    hover.zone == TimelineHover::Zone::kRuler;
  const double about =
      over ? picture.PositionAt(ImGui::GetIO().MousePos.x)
           : replay::MomentPosition(timeline, picture.viewport.mode, frame.view.cursor);
  const double zoom = std::pow(kKeyZoomPerSecond, seconds);
  if (Held("W")) ZoomWindow(timeline, about, zoom, window);
  if (Held("S")) ZoomWindow(timeline, about, 1 / zoom, window);
  if (Held("A")) PanWindow(timeline, -span * kKeyPanPerSecond * seconds, window);
  if (Held("D")) PanWindow(timeline, span * kKeyPanPerSecond * seconds, window);
  if (Pressed("T")) ToggleMode(timeline, window);
  if (Pressed("F")) FrameSelection(timeline, picture, window);
  if (Pressed(".")) StepOnLane(frame, timeline, 1);
  if (Pressed(",")) StepOnLane(frame, timeline, -1);
}

void FollowCursor(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture) {
  const auto cursor = static_cast<int>(frame.view.cursor.value);
  const bool moved = std::exchange(*Kept("cursor"), cursor) != cursor;
  if (moved && !picture.whole && !TimelineHeld()) {
    const double at = replay::MomentPosition(timeline, picture.viewport.mode, frame.view.cursor);
    const double span = picture.viewport.to - picture.viewport.from;
    if (at < picture.viewport.from || at > picture.viewport.to) {
      ShowRange(timeline, at - span * 0.4, at + span * 0.6, &frame.view.timeline);
    }
  }
  const auto agent = static_cast<int>(ImGui::GetID(frame.view.agent.c_str()));
  const bool chosen = std::exchange(*Kept("agent"), agent) != agent;
  for (size_t i = 0; chosen && i < timeline.lanes.size(); ++i) {
    if (timeline.lanes[i].name != frame.view.agent) continue;
    ShowLane(picture, static_cast<int>(i), &frame.view.timeline);
    break;
  }
  FollowLane(frame, timeline, picture);
}

}  // namespace backstep::gui
