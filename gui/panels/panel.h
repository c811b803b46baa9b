// How every panel is drawn: a free function `DrawX(Frame&)` inside a region that the layout has
// begun (an ImGui child window; ImGui::GetContentRegionAvail() is its size). A panel reads the model
// and the view state, draws, and asks for changes with Send. It holds no state of its own between
// frames beyond ViewState, never blocks and never reads a recording.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <imgui.h>

#include "backstep/gui/app/fonts.h"
#include "backstep/gui/app/theme.h"
#include "backstep/gui/bridge/action.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/view_state.h"

namespace backstep::gui {

// Where a named thing was drawn in this frame, so that a script can click it and a test can see it.
// Names are stable: "lane:planner", "step:12", "button:run", "node:coder", "tab:state", ...
struct NamedRect {
  std::string name;
  ImVec2 min, max;
};

struct Frame {
  const Model& model;
  ViewState& view;
  const Theme& theme;
  const Fonts& fonts;
  double now = 0;                      // seconds since the window opened
  std::vector<Action>& actions;
  std::vector<NamedRect>& named;

  void Send(Action action) { actions.push_back(std::move(action)); }
  void Name(std::string name, ImVec2 min, ImVec2 max) {
    named.push_back({std::move(name), min, max});
  }
  // Names the item ImGui has just drawn.
  void NameItem(std::string name) {
    Name(std::move(name), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  }
  float Px(float points) const { return theme.Px(points); }
};

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
