#include <algorithm>
#include <cmath>
#include <vector>

#include "backstep/gui/panels/graph/graph_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

using replay::AgentCondition;

constexpr float kNameBeside = 110, kNameAbove = 64, kHoveredName = 220;   // points

void Clipped(ImDrawList* draw, ImFont* font, float size, ImVec2 at, float width, ImU32 color,
             const std::string& raw) {
  draw->AddText(font, size, {std::floor(at.x), std::floor(at.y)}, color,
                CutLine(raw, font, size, width).c_str());
}

// How many wait, at the box's upper right corner.
void DrawMailbox(Frame& frame, const PlacedNode& placed, uint64_t waiting) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = frame.fonts.small;
  const float size = font->FontSize * 0.85f;
  const std::string text = waiting > 999 ? "999+" : std::to_string(waiting);
  const ImVec2 text_size = font->CalcTextSizeA(size, 1e6f, 0, text.c_str());
  const float height = text_size.y + frame.Px(2);
  const float width = std::max(height, text_size.x + frame.Px(8));
  const ImVec2 max{std::floor(placed.centre.x + placed.half.x + frame.Px(6)),
                   std::floor(placed.centre.y - placed.half.y + frame.Px(8))};
  const ImVec2 min{max.x - width, max.y - height};
  draw->AddRectFilled(min, max, frame.theme.live, height / 2);
  draw->AddRect(min, max, frame.theme.panel, height / 2);
  draw->AddText(font, size,
                {std::floor((min.x + max.x - text_size.x) / 2), std::floor(min.y + frame.Px(1))},
                frame.theme.accent_text, text.c_str());
}

// The marks that a comparison and the selection draw round a node.
void DrawRings(Frame& frame, const PlacedNode& placed, bool touched, bool selected, float round) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto ring = [&](float out, ImU32 color, float thickness) {
    draw->AddRect({placed.centre.x - placed.half.x - out, placed.centre.y - placed.half.y - out},
                  {placed.centre.x + placed.half.x + out, placed.centre.y + placed.half.y + out},
                  color, round + out, 0, thickness);
  };
  if (touched) {
    ring(frame.Px(5), frame.theme.changed, frame.Px(1.5f));
    DrawMark(draw, {placed.centre.x - placed.half.x - frame.Px(4),
                    placed.centre.y - placed.half.y - frame.Px(4)},
             frame.Px(5), Mark::kChanged, frame.theme);
  }
  if (selected) ring(frame.Px(2), frame.theme.accent, frame.Px(2));
}

std::string SecondLine(const replay::GraphNode& node) {
  if (node.outside) return "outside the system";
  if (!node.role.empty() && node.role != node.name) return node.role;
  if (!node.model.empty()) return node.model;
  return replay::FormatCount(node.steps, "step");
}

void DrawText(Frame& frame, const replay::GraphNode& node, const PlacedNode& placed,
              GraphDetail detail, float alpha) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float zoom = placed.half.y / frame.Px(20);
  const float left = placed.centre.x - placed.half.x + (node.outside ? frame.Px(10) : frame.Px(20));
  const float width = placed.centre.x + placed.half.x - frame.Px(6) - left;
  ImFont* font = zoom > 0.95f ? frame.fonts.body : frame.fonts.small;
  const float name_size = std::clamp(frame.Px(14) * zoom, frame.Px(11), font->FontSize);
  const ImU32 ink = WithAlpha(frame.theme.text, alpha);
  if (detail == GraphDetail::kName) {
    Clipped(draw, font, name_size, {left, placed.centre.y - name_size / 2}, width, ink, node.name);
    return;
  }
  const float role_size = std::clamp(frame.Px(12) * zoom, frame.Px(10.5f), frame.Px(13));
  const float top = placed.centre.y - (name_size + role_size + frame.Px(1)) / 2;
  Clipped(draw, font, name_size, {left, top}, width, ink, node.name);
  Clipped(draw, frame.fonts.small, role_size, {left, top + name_size + frame.Px(1)}, width,
          WithAlpha(frame.theme.text_dim, alpha), SecondLine(node));
}

void DrawBox(Frame& frame, const replay::GraphNode& node, const PlacedNode& placed,
             GraphDetail detail, bool hovered, bool selected) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 min{placed.centre.x - placed.half.x, placed.centre.y - placed.half.y};
  const ImVec2 max{placed.centre.x + placed.half.x, placed.centre.y + placed.half.y};
  const float round = node.outside ? placed.half.y : std::min(frame.Px(6), placed.half.y);
  const float alpha = node.present ? 1.f : 0.45f;
  const bool calm = node.condition == AgentCondition::kIdle;
  const ImU32 edge = calm ? frame.theme.border : ConditionColor(frame.theme, node.condition);
  draw->AddRectFilled(min, max, frame.theme.panel, round);
  draw->AddRectFilled(min, max, hovered ? frame.theme.hover : frame.theme.card, round);
  if (!calm) draw->AddRectFilled(min, max, WithAlpha(edge, 0.13f), round);
  draw->AddRect(min, max, WithAlpha(edge, alpha), round, 0, frame.Px(calm ? 1 : 1.8f));
  DrawRings(frame, placed, node.touched, selected, round);
  if (!node.outside) {
    DrawCondition(draw, {min.x + frame.Px(11), placed.centre.y}, frame.Px(4.5f), node.condition,
                  frame.theme);
  }
  DrawText(frame, node, placed, detail, alpha);
  if (node.mailbox != 0) DrawMailbox(frame, placed, node.mailbox);
}

// Whether the dots stand one under the other, with room for names beside them.
bool IsColumn(const GraphPicture& picture) {
  float left = 1e9f, right = -1e9f, top = 1e9f, bottom = -1e9f;
  for (const PlacedNode& node : picture.nodes) {
    left = std::min(left, node.centre.x), right = std::max(right, node.centre.x);
    top = std::min(top, node.centre.y), bottom = std::max(bottom, node.centre.y);
  }
  return (right - left) * 3 < bottom - top;
}

enum class DotName { kHidden, kAbove, kBeside };

// A name that would lie on one of `drawn` is left out, unless it is asked for.
bool Covers(const std::vector<ImVec4>& drawn, const ImVec4& r) {
  return std::any_of(drawn.begin(), drawn.end(), [&](const ImVec4& other) {
    return r.x < other.z && other.x < r.z && r.y < other.w && other.y < r.w;
  });
}

void DrawDotName(Frame& frame, const std::string& name, const PlacedNode& placed, DotName where,
                 bool asked, std::vector<ImVec4>* drawn) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = frame.fonts.small;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e6f, 0, name.c_str());
  const float radius = placed.half.x;
  ImVec2 at{placed.centre.x - size.x / 2, placed.centre.y - radius - size.y - frame.Px(6)};
  if (where == DotName::kBeside) {
    at = {placed.centre.x + radius + frame.Px(12), placed.centre.y - size.y / 2};
  }
  // Inside the panel, as far as it goes.
  const ImVec2 low = draw->GetClipRectMin(), high = draw->GetClipRectMax();
  at.x = std::floor(std::max(low.x + 4, std::min(at.x, high.x - size.x - 4)));
  at.y = std::floor(std::max(low.y + 2, std::min(at.y, high.y - size.y - 2)));
  const ImVec4 rect{at.x, at.y + 1, at.x + size.x, at.y + size.y - 1};
  if (!asked && Covers(*drawn, rect)) return;
  drawn->push_back(rect);
  draw->AddRectFilled({at.x - 3, at.y - 1}, {at.x + size.x + 3, at.y + size.y + 1},
                      WithAlpha(frame.theme.card, 0.9f), frame.Px(3));
  draw->AddText(font, font->FontSize, at, frame.theme.text, name.c_str());
}

void DrawDot(Frame& frame, const replay::GraphNode& node, const PlacedNode& placed, bool hovered,
             bool selected, DotName named, std::vector<ImVec4>* drawn) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float radius = placed.half.x;
  const bool calm = node.condition == AgentCondition::kIdle;
  if (calm) {
    draw->AddCircleFilled(placed.centre, radius,
                          node.present ? frame.theme.own : frame.theme.border);
  } else {
    draw->AddCircleFilled(placed.centre, radius + frame.Px(2), frame.theme.panel);
    DrawCondition(draw, placed.centre, radius + frame.Px(1), node.condition, frame.theme);
  }
  if (node.touched) {
    draw->AddCircle(placed.centre, radius + frame.Px(4), frame.theme.changed, 0, frame.Px(1.5f));
  }
  if (selected || hovered) {
    draw->AddCircle(placed.centre, radius + frame.Px(3), frame.theme.accent, 0, frame.Px(2));
  }
  if (named == DotName::kHidden) {
    if (!selected && !hovered) return;
    named = DotName::kAbove;
  }
  const float width = hovered ? kHoveredName : named == DotName::kBeside ? kNameBeside : kNameAbove;
  ImFont* font = frame.fonts.small;
  DrawDotName(frame, CutLine(node.name, font, font->FontSize, frame.Px(width)), placed, named,
              hovered || selected, drawn);
}

}  // namespace

ImU32 ConditionColor(const Theme& theme, AgentCondition condition) {
  switch (condition) {
    case AgentCondition::kIdle: return theme.text_faint;
    case AgentCondition::kRunning: return theme.ok;
    case AgentCondition::kWaiting: return theme.live;
    case AgentCondition::kFailed: return theme.failed;
    case AgentCondition::kHit: return theme.fault;
  }
  return theme.text_faint;
}

void DrawCondition(ImDrawList* draw, ImVec2 c, float r, AgentCondition condition,
                   const Theme& theme) {
  const ImU32 color = ConditionColor(theme, condition);
  switch (condition) {
    case AgentCondition::kIdle:
      draw->AddCircle(c, r * 0.62f, color, 0, r * 0.3f);
      break;
    case AgentCondition::kRunning:
      draw->AddTriangleFilled({c.x - r * 0.7f, c.y - r}, {c.x + r, c.y}, {c.x - r * 0.7f, c.y + r},
                              color);
      break;
    case AgentCondition::kWaiting:
      draw->AddRectFilled({c.x - r * 0.8f, c.y - r * 0.9f}, {c.x - r * 0.15f, c.y + r * 0.9f},
                          color);
      draw->AddRectFilled({c.x + r * 0.25f, c.y - r * 0.9f}, {c.x + r * 0.9f, c.y + r * 0.9f},
                          color);
      break;
    case AgentCondition::kFailed: DrawMark(draw, c, r * 1.1f, Mark::kFailed, theme); break;
    case AgentCondition::kHit: DrawMark(draw, c, r * 1.1f, Mark::kFault, theme); break;
  }
}

void DrawGraphNodes(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                    const GraphHover& hover) {
  // The selected and the hovered one last: they may lie over others.
  DotName named = DotName::kHidden;
  if (picture.nodes.size() <= kNamedDotsMax) {
    named = IsColumn(picture) ? DotName::kBeside : DotName::kAbove;
  }
  std::vector<ImVec4> names;
  for (const bool lifted : {false, true}) {
    for (const PlacedNode& placed : picture.nodes) {
      const replay::GraphNode& node = graph.nodes[placed.node];
      const bool hovered = hover.node == static_cast<int>(placed.node);
      const bool selected = frame.view.agent == node.name;
      if (!placed.visible || (hovered || selected) != lifted) continue;
      if (picture.detail == GraphDetail::kDot) {
        DrawDot(frame, node, placed, hovered, selected, named, &names);
      } else {
        DrawBox(frame, node, placed, picture.detail, hovered, selected);
      }
      frame.Name("node:" + node.name,
                 {placed.centre.x - placed.half.x, placed.centre.y - placed.half.y},
                 {placed.centre.x + placed.half.x, placed.centre.y + placed.half.y});
    }
  }
}

}  // namespace backstep::gui
