#include "backstep/gui/panels/timeline/timeline_input.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {
namespace {

constexpr double kZoomNotch = 1.25;
constexpr double kStepMargin = 10;         // on each side of a step zoomed to, in its lengths
constexpr float kGrabPx = 5, kDragPx = 4;

// What a press in the panel has taken hold of, until it is released.
enum class Grip { kNone, kPlayhead, kOverviewWindow, kOverviewLeft, kOverviewRight, kOverviewNew,
                  kSelect, kPan, kScroll };

Grip CurrentGrip() { return static_cast<Grip>(*Kept("grip")); }

// A position of the whole run, in the overview.
double OverviewPosition(const replay::Timeline& timeline, const TimelinePicture& picture, float x) {
  const float share = (x - picture.overview.x0) / std::max(picture.overview.width(), 1.f);
  return std::clamp(static_cast<double>(share), 0.0, 1.0) *
         replay::TimelineEnd(timeline, picture.viewport.mode);
}

void TravelTo(Frame& frame, StepNumber step) {
  if (step != frame.view.cursor) frame.Send(GoTo{step});
}

Grip OverviewGrip(const TimelinePicture& picture, float x, float reach) {
  if (picture.whole) return Grip::kOverviewNew;
  const float x0 = picture.overview.x0 + picture.window_x0;
  const float x1 = picture.overview.x0 + picture.window_x1;
  if (std::abs(x - x0) <= reach) return Grip::kOverviewLeft;
  if (std::abs(x - x1) <= reach) return Grip::kOverviewRight;
  return Grip::kOverviewWindow;
}

Grip GripOf(const TimelinePicture& picture, const TimelineHover& hover, float reach) {
  using Zone = TimelineHover::Zone;
  if (ImGui::IsMouseDown(2)) return Grip::kPan;
  if (!ImGui::IsMouseDown(0)) return Grip::kNone;  // the right button opens the menu
  if (hover.zone == Zone::kOverview) {
    return OverviewGrip(picture, ImGui::GetIO().MousePos.x, reach);
  }
  if (hover.fork != nullptr || hover.bookmark != nullptr) return Grip::kNone;
  if (hover.zone == Zone::kRuler || hover.playhead) return Grip::kPlayhead;
  if (hover.zone == Zone::kScrollbar) return Grip::kScroll;
  if (hover.zone != Zone::kLanes) return Grip::kNone;
  return ImGui::GetIO().KeyShift ? Grip::kPan : Grip::kSelect;
}

void SelectSegment(Frame& frame, const replay::TimelineSegment& segment) {
  TimelineWindow* window = &frame.view.timeline;
  const bool steps = window->by_step;
  const auto from = steps ? static_cast<int64_t>(segment.began_after.value) : segment.began_ns;
  const auto to = steps ? static_cast<int64_t>(segment.ended_after.value) : segment.ended_ns;
  window->select_from = static_cast<double>(from);
  window->select_to = static_cast<double>(to);
}

// Shows what was folded, or one step with some of what is around it; never less closely than now.
void ZoomToItem(const replay::Timeline& timeline, const TimelinePicture& picture,
                const TimelineHover& hover, TimelineWindow* window) {
  const bool folded = hover.item != nullptr && hover.item->count > 1;
  const auto first = replay::StepExtent(timeline, picture.viewport.mode,
                                        folded ? hover.item->first : hover.step);
  const auto last = replay::StepExtent(timeline, picture.viewport.mode,
                                       folded ? hover.item->last : hover.step);
  const double margin = (last.second - first.first) * (folded ? 0.05 : kStepMargin);
  const double from = first.first - margin, to = last.second + margin;
  if (to - from < picture.viewport.to - picture.viewport.from) {
    ShowRange(timeline, from, to, window);
  }
}

void HandleDoubleClick(Frame& frame, const replay::Timeline& timeline,
                       const TimelinePicture& picture, const TimelineHover& hover) {
  const float x = ImGui::GetIO().MousePos.x;
  TimelineWindow* window = &frame.view.timeline;
  if (hover.step.value != 0) {
    TravelTo(frame, hover.step);
    ZoomToItem(timeline, picture, hover, window);
  } else if (hover.zone == TimelineHover::Zone::kLanes) {
    frame.Send(GoTo{replay::MomentAt(timeline, picture.viewport.mode, picture.PositionAt(x))});
  } else if (hover.zone == TimelineHover::Zone::kOverview) {
    const double position = OverviewPosition(timeline, picture, x);
    frame.Send(GoTo{replay::MomentAt(timeline, picture.viewport.mode, position)});
  } else if (hover.span != nullptr) {
    ShowRange(timeline, window->select_from, window->select_to, window);
  }
}

// A press that is no drag: chooses what it fell on.
void HandlePress(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                 const TimelineHover& hover) {
  if (hover.fork != nullptr) {
    frame.Send(SelectBranch{hover.fork->branch});
  } else if (hover.bookmark != nullptr) {
    frame.Send(GoTo{frame.view.bookmarks[hover.bookmark->bookmark].step});
  } else if (hover.lane >= 0) {
    frame.Send(SelectAgent{timeline.lanes[static_cast<size_t>(hover.lane)].name});
  }
  if (hover.span != nullptr) SelectSegment(frame, timeline.segments[hover.span->segment]);
  if (ImGui::IsMouseDoubleClicked(0)) HandleDoubleClick(frame, timeline, picture, hover);
}

void DragSelection(Frame& frame, const TimelinePicture& picture) {
  const ImGuiIO& io = ImGui::GetIO();
  if (std::abs(io.MousePos.x - io.MouseClickedPos[0].x) < frame.Px(kDragPx) &&
      frame.view.timeline.select_to <= frame.view.timeline.select_from) {
    return;
  }
  double from = picture.PositionAt(io.MouseClickedPos[0].x), to = picture.PositionAt(io.MousePos.x);
  if (from > to) std::swap(from, to);
  if (frame.view.timeline.by_step) {
    from = std::floor(from + 0.5);
    to = std::floor(to + 0.5);
  }
  frame.view.timeline.select_from = std::max(from, 0.0);
  frame.view.timeline.select_to = std::max(to, 0.0);
}

// The window goes with the mouse; pressed outside, it jumps there first.
void MoveWindow(const replay::Timeline& timeline, const TimelinePicture& picture, double here,
                TimelineWindow* window) {
  const ImGuiIO& io = ImGui::GetIO();
  const double span = picture.viewport.to - picture.viewport.from;
  const bool outside = here < picture.viewport.from || here > picture.viewport.to;
  if (ImGui::IsMouseClicked(0) && outside) {
    ShowRange(timeline, here - span / 2, here + span / 2, window);
  } else if (io.MouseDelta.x != 0) {
    const double per_px = replay::TimelineEnd(timeline, picture.viewport.mode) /
                          std::max(static_cast<double>(picture.overview.width()), 1.0);
    PanWindow(timeline, static_cast<double>(io.MouseDelta.x) * per_px, window);
  }
}

void DragOverview(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                  Grip grip) {
  const ImGuiIO& io = ImGui::GetIO();
  TimelineWindow* window = &frame.view.timeline;
  const double here = OverviewPosition(timeline, picture, io.MousePos.x);
  switch (grip) {
    case Grip::kOverviewLeft:
      ShowRange(timeline, std::min(here, picture.viewport.to), picture.viewport.to, window);
      break;
    case Grip::kOverviewRight:
      ShowRange(timeline, picture.viewport.from, std::max(here, picture.viewport.from), window);
      break;
    case Grip::kOverviewNew: {
      if (std::abs(io.MousePos.x - io.MouseClickedPos[0].x) < frame.Px(kDragPx)) return;
      const double press = OverviewPosition(timeline, picture, io.MouseClickedPos[0].x);
      window->select_from = std::min(press, here);
      window->select_to = std::max(press, here);
      break;
    }
    default: MoveWindow(timeline, picture, here, window); break;
  }
}

void Drag(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture) {
  const ImGuiIO& io = ImGui::GetIO();
  const Grip grip = CurrentGrip();
  switch (grip) {
    case Grip::kNone: break;
    case Grip::kPlayhead:
      TravelTo(frame, replay::MomentAt(timeline, picture.viewport.mode,
                                       std::clamp(picture.PositionAt(io.MousePos.x),
                                                  picture.viewport.from, picture.viewport.to)));
      break;
    case Grip::kSelect: DragSelection(frame, picture); break;
    case Grip::kPan:
      PanWindow(timeline, -static_cast<double>(io.MouseDelta.x) / picture.viewport.PxPerUnit(),
                &frame.view.timeline);
      frame.view.timeline.scroll_px -= io.MouseDelta.y;
      break;
    case Grip::kScroll:
      frame.view.timeline.scroll_px += io.MouseDelta.y * picture.lanes_height /
                                       std::max(picture.scrollbar.height(), 1.f);
      break;
    default: DragOverview(frame, timeline, picture, grip); break;
  }
}

void Release(Frame& frame, const replay::Timeline& timeline, const TimelineHover& hover) {
  const ImGuiIO& io = ImGui::GetIO();
  const Grip grip = CurrentGrip();
  const float dx = io.MousePos.x - io.MouseClickedPos[0].x;
  TimelineWindow* window = &frame.view.timeline;
  const bool dragged = std::abs(dx) >= frame.Px(kDragPx);
  if (grip == Grip::kSelect && !dragged) {
    window->select_from = window->select_to = 0;
    if (hover.step.value != 0) TravelTo(frame, hover.step);
  }
  if (grip == Grip::kOverviewNew && dragged) {
    ShowRange(timeline, window->select_from, window->select_to, window);
    window->select_from = window->select_to = 0;
  }
  *Kept("grip") = 0;
}

void HandleWheel(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                 const TimelineHover& hover) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel == 0 && io.MouseWheelH == 0) return;
  TimelineWindow* window = &frame.view.timeline;
  const double notch = (picture.viewport.to - picture.viewport.from) * 0.08;
  if (io.KeyCtrl != frame.view.wheel_zooms) {
    const bool over = hover.zone == TimelineHover::Zone::kOverview;
    const double about = over ? OverviewPosition(timeline, picture, io.MousePos.x)
                              : picture.PositionAt(std::max(io.MousePos.x, picture.lanes.x0));
    ZoomWindow(timeline, about, std::pow(kZoomNotch, static_cast<double>(io.MouseWheel)), window);
  } else if (io.KeyShift) {
    PanWindow(timeline, -static_cast<double>(io.MouseWheel) * notch, window);
  } else {
    window->scroll_px -= io.MouseWheel * picture.lane_height * 1.5f;
    PanWindow(timeline, -static_cast<double>(io.MouseWheelH) * notch, window);
  }
}

void ClampScroll(Frame& frame, const TimelinePicture& picture) {
  const float most = std::max(picture.lanes_height - picture.lanes.height(), 0.f);
  frame.view.timeline.scroll_px = std::clamp(frame.view.timeline.scroll_px, 0.f, most);
}

void SetMouseCursor(const TimelinePicture& picture, const TimelineHover& hover, float reach) {
  if (hover.playhead) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (hover.fork != nullptr || hover.bookmark != nullptr) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  }
  if (hover.zone != TimelineHover::Zone::kOverview) return;
  const Grip grip = OverviewGrip(picture, ImGui::GetIO().MousePos.x, reach);
  if (grip == Grip::kOverviewLeft || grip == Grip::kOverviewRight) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  }
}

}  // namespace

bool TimelineHeld() { return CurrentGrip() != Grip::kNone; }

void HandleTimelineMouse(Frame& frame, const replay::Timeline& timeline,
                         const TimelinePicture& picture, const TimelineHover& hover) {
  const float reach = frame.Px(kGrabPx);
  if (ImGui::IsItemActivated()) {
    *Kept("grip") = static_cast<int>(GripOf(picture, hover, reach));
    if (ImGui::IsMouseDown(0)) HandlePress(frame, timeline, picture, hover);
  }
  if (ImGui::IsItemActive()) Drag(frame, timeline, picture);
  if (ImGui::IsItemDeactivated()) Release(frame, timeline, hover);
  if (ImGui::IsItemHovered()) {
    SetMouseCursor(picture, hover, reach);
    HandleWheel(frame, timeline, picture, hover);
    if (ImGui::IsMouseReleased(1)) OpenTimelineMenu(hover);
  }
  ClampScroll(frame, picture);
}

}  // namespace backstep::gui
