// The second pass of the timeline: draws a TimelinePicture. Private to the panel.
#pragma once

#include <string>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/panels/timeline/timeline_picture.h"

namespace backstep::gui {

// What the mouse is over.
struct TimelineHover {
  enum class Zone { kNone, kOverview, kRuler, kSegments, kLanes, kNames, kScrollbar };
  Zone zone = Zone::kNone;
  int lane = -1;                           // in kLanes and kNames
  const replay::LaneItem* item = nullptr;  // of that lane
  StepNumber step;                         // the step there; 0: none
  const replay::MessageArrow* arrow = nullptr;
  const replay::SegmentSpan* span = nullptr;
  const ForkMark* fork = nullptr;
  const BookmarkMark* bookmark = nullptr;
  bool playhead = false;
};

void DrawOverview(Frame& frame, const TimelinePicture& picture);
void DrawRuler(Frame& frame, const TimelinePicture& picture);
void DrawSegments(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                  const TimelineHover& hover);
// Their steps, with the messages as arrows between them.
void DrawLanes(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
               const TimelineHover& hover);
// Over the lanes' bars: what became of each step in a branch, below its bar.
void DrawStatuses(Frame& frame, const TimelinePicture& picture, const LaneRow& row);
constexpr float kStatusHeight = 5;      // points
// The pattern of a status, each its own, so that it is told without its colour.
void DrawStatusPattern(ImDrawList* draw, const Rect& r, replay::StepStatus status,
                       const Theme& theme);
const char* StatusName(replay::StepStatus status);
void DrawArrows(Frame& frame, const TimelinePicture& picture, const TimelineHover& hover);
// Over all of the above: playhead, hover guide, selection, fork marks, bookmarks.
void DrawGuides(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                const TimelineHover& hover);

// How far a point is from an arrow as drawn, in pixels.
float DistanceToArrow(const TimelinePicture& picture, const replay::MessageArrow& arrow, ImVec2 p);

void DrawTimelineTooltip(Frame& frame, const replay::Timeline& timeline,
                         const TimelineHover& hover);
// The menu opened by OpenTimelineMenu, while it is open.
void OpenTimelineMenu(const TimelineHover& hover);
void DrawTimelineMenu(Frame& frame, const replay::Timeline& timeline);

// One line of small text on a draw list, cut with an ellipsis to `width` pixels.
void DrawCutText(Frame& frame, ImVec2 at, float width, const std::string& text, ImU32 color);

}  // namespace backstep::gui
