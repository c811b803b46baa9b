// How every panel is drawn: a free function `DrawX(Frame&)` inside a region that the layout has
// begun (an ImGui child window; ImGui::GetContentRegionAvail() is its size). A panel reads the
// model and the view state, draws, and asks for changes with Send. It holds no state of its own
// between frames beyond ViewState, never blocks and never reads a recording.
#pragma once

#include "backstep/gui/widgets/frame.h"

namespace backstep::gui {

void DrawTopBar(Frame& frame);
void DrawStatusLine(Frame& frame);
void DrawWelcome(Frame& frame);         // instead of everything, while nothing is open
void DrawRecordings(Frame& frame);
void DrawFileDialog(Frame& frame);      // over everything, while it is open
void DrawTimeline(Frame& frame);
void DrawGraph(Frame& frame);
void DrawAgents(Frame& frame);          // the list under the graph
void DrawConversation(Frame& frame);
void DrawComparison(Frame& frame);
void DrawInspector(Frame& frame);       // its tabs: step, state, mailboxes, fork

}  // namespace backstep::gui
