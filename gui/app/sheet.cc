#include "backstep/gui/app/sheet.h"

#include <algorithm>

namespace backstep::gui {
namespace {

constexpr float kTop = 0.1f;   // of the window's height

}  // namespace

bool BeginSheet(Frame& frame, const char* name, float width) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({size.x * 0.5f, size.y * kTop}, ImGuiCond_Always, {0.5f, 0});
  ImGui::SetNextWindowSize({std::min(frame.Px(width), size.x - frame.Px(16)), 0});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, frame.theme.card);
  ImGui::PushStyleColor(ImGuiCol_Border, frame.theme.accent);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(16), frame.Px(12)});
  return ImGui::Begin(name, nullptr,
                      ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                          ImGuiWindowFlags_NoSavedSettings);
}

// A field that has the focus does not hide the sheet it is in from the mouse; a list in it is its
// own.
bool ClickedElsewhere() {
  return ImGui::IsMouseClicked(0) &&
         !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows |
                                 ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
}

void EndSheet() {
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(2);
}

}  // namespace backstep::gui
