#include "backstep/gui/widgets/shapes.h"

#include <imgui_internal.h>

namespace backstep::gui {

ImU32 MarkColor(const Theme& theme, Mark mark) {
  switch (mark) {
    case Mark::kOk: return theme.ok;
    case Mark::kFailed: return theme.failed;
    case Mark::kFault: return theme.fault;
    case Mark::kChanged: return theme.changed;
    case Mark::kLive: return theme.live;
  }
  return theme.text;
}

void DrawMark(ImDrawList* draw, ImVec2 c, float r, Mark mark, const Theme& theme) {
  const ImU32 color = MarkColor(theme, mark);
  switch (mark) {
    case Mark::kOk:
      draw->AddCircleFilled(c, r * 0.8f, color);
      break;
    case Mark::kFailed:
      draw->AddLine({c.x - r * 0.75f, c.y - r * 0.75f}, {c.x + r * 0.75f, c.y + r * 0.75f}, color,
                    r * 0.5f);
      draw->AddLine({c.x - r * 0.75f, c.y + r * 0.75f}, {c.x + r * 0.75f, c.y - r * 0.75f}, color,
                    r * 0.5f);
      break;
    case Mark::kFault:
      draw->AddQuadFilled({c.x, c.y - r}, {c.x + r, c.y}, {c.x, c.y + r}, {c.x - r, c.y}, color);
      break;
    case Mark::kChanged:
      draw->AddTriangleFilled({c.x, c.y - r}, {c.x + r, c.y + r * 0.8f}, {c.x - r, c.y + r * 0.8f},
                              color);
      break;
    case Mark::kLive:
      draw->AddCircle(c, r * 0.75f, color, 0, r * 0.4f);
      break;
  }
}

void MarkItem(const Theme& theme, Mark mark) {
  const float height = ImGui::GetTextLineHeight();
  const float drop = ImGui::GetCurrentWindow()->DC.CurrLineTextBaseOffset;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  DrawMark(ImGui::GetWindowDrawList(), {at.x + height * 0.5f, at.y + drop + height * 0.5f},
           height * 0.3f, mark, theme);
  ImGui::Dummy({height, height + drop});
}

}  // namespace backstep::gui
