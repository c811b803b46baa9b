// What a panel and a widget are given to draw one frame with.
#pragma once

#include <cfloat>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <imgui.h>

#include "backstep/gui/bridge/action.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/view_state.h"
#include "backstep/gui/widgets/fonts.h"
#include "backstep/gui/widgets/theme.h"

namespace backstep::gui {

// Where a named thing was drawn in this frame, so that a script can click it and a test can see it.
// Names are stable: "lane:planner", "step:12", "button:run", "node:coder", "tab:state", ...
struct NamedRect {
  std::string name;
  ImVec2 min, max;
  ImVec2 clip_min{-FLT_MAX, -FLT_MAX}, clip_max{FLT_MAX, FLT_MAX};  // outside it nothing is drawn

  // The middle of what shows of it; nullopt: all of it is scrolled or clipped away.
  std::optional<ImVec2> Seen() const;
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
  // Inside a window; what it names is clipped as the window is just then.
  void Name(std::string name, ImVec2 min, ImVec2 max) {
    const ImDrawList* list = ImGui::GetWindowDrawList();
    named.push_back({std::move(name), min, max, list->GetClipRectMin(), list->GetClipRectMax()});
  }
  // Names the item ImGui has just drawn.
  void NameItem(std::string name) {
    Name(std::move(name), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  }
  float Px(float points) const { return theme.Px(points); }
};

// A number that the window being drawn keeps between frames, 0 at first.
inline int* Kept(const char* what) {
  return ImGui::GetStateStorage()->GetIntRef(ImGui::GetID(what));
}

}  // namespace backstep::gui
