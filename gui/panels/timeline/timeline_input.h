// Gestures and keys of the timeline. Private to the panel.
#pragma once

#include "backstep/gui/panels/timeline/draw/timeline_draw.h"

namespace backstep::gui {

// What is under the mouse; nothing where another window lies over the panel.
TimelineHover FindHover(const replay::Timeline& timeline, const TimelinePicture& picture,
                        bool hovered);
// The mouse, after the panel's invisible button has been submitted.
void HandleTimelineMouse(Frame& frame, const replay::Timeline& timeline,
                         const TimelinePicture& picture, const TimelineHover& hover);
// A press in the panel has taken hold of something and is not released.
bool TimelineHeld();
void HandleTimelineKeys(Frame& frame, const replay::Timeline& timeline,
                        const TimelinePicture& picture, const TimelineHover& hover);
// Keeps the cursor and the chosen agent in sight when something else has moved them.
void FollowCursor(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture);

}  // namespace backstep::gui
