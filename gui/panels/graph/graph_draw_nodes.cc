#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "backstep/gui/panels/graph/graph_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

using replay::AgentCondition;

constexpr float kNameLeast = 40, kNameBeside = 110, kNameAbove = 64, kHoveredName = 220;   // points

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

// Of many dots the names that say most come first, and those of no note only where they cover
// nothing.
constexpr size_t kSeenMax = 300;         // dots in sight beyond which only those of note are named

struct DotNames {
  bool beside = false;                   // else above
  bool few = true;                       // every one is of note
  float right = 0;                       // where the panel ends
  // rectangles; dots: of those in sight, where names avoid them
  std::vector<ImVec4> drawn, dots;
};

bool Covers(const std::vector<ImVec4>& drawn, const ImVec4& r) {
  return std::any_of(drawn.begin(), drawn.end(), [&](const ImVec4& other) {
    return r.x < other.z && other.x < r.z && r.y < other.w && other.y < r.w;
  });
}

constexpr int kDotSides = 4;             // above, beside, below, on the other side

ImVec4 DotNamePlace(const Frame& frame, const PlacedNode& placed, ImVec2 size, int side) {
  const ImVec2 c = placed.centre;
  const float away = placed.half.x + frame.Px(side % 2 == 0 ? 6 : 8);
  ImVec2 at{c.x - size.x / 2, side == 0 ? c.y - away - size.y : c.y + away};
  if (side % 2 != 0) at = {side == 1 ? c.x + away : c.x - away - size.x, c.y - size.y / 2};
  at = {std::floor(at.x), std::floor(at.y)};
  return {at.x, at.y + 1, at.x + size.x, at.y + size.y - 1};
}

// The same place, moved inside the panel as far as it goes.
ImVec4 InsidePanel(const ImVec4& r) {
  const ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 low = draw->GetClipRectMin(), high = draw->GetClipRectMax();
  const float x = std::max(low.x + 4, std::min(r.x, high.x - (r.z - r.x) - 4));
  const float y = std::max(low.y + 3, std::min(r.y, high.y - (r.w - r.y) - 3));
  return {x, y, x + r.z - r.x, y + r.w - r.y};
}

// 0: chosen, 1: of note, 2: any other.
int DotRank(const replay::GraphNode& node, bool asked, bool few) {
  if (asked) return 0;
  return few || node.touched || node.condition != AgentCondition::kIdle ? 1 : 2;
}

// A place that covers nothing; nullopt: there is none.
std::optional<ImVec4> FreePlace(const Frame& frame, const PlacedNode& placed, ImVec2 size, int rank,
                                const DotNames& names) {
  std::optional<ImVec4> over_dots;   // the next best
  for (int i = 0; i < kDotSides; ++i) {
    const ImVec4 wanted = DotNamePlace(frame, placed, size, names.beside ? (i + 1) % kDotSides : i);
    const ImVec4 rect = InsidePanel(wanted);
    const bool moved = rect.x != wanted.x || rect.y != wanted.y;
    if ((rank == 2 && moved) || Covers(names.drawn, rect)) continue;
    if (!Covers(names.dots, rect)) return rect;
    if (!over_dots && (names.few || rank == 0)) over_dots = rect;
  }
  if (over_dots || rank > 0) return over_dots;
  return InsidePanel(DotNamePlace(frame, placed, size, names.beside ? 1 : 0));
}

void DrawDotName(Frame& frame, const replay::GraphNode& node, const PlacedNode& placed,
                 bool hovered, int rank, DotNames* names) {
  ImFont* font = frame.fonts.small;
  float width = frame.Px(hovered ? kHoveredName : names->beside ? kNameBeside : kNameAbove);
  if (names->beside && !hovered) {  // as far as the panel goes
    const float room = names->right - placed.centre.x - placed.half.x - frame.Px(16);
    width = std::max(std::min(width, room), frame.Px(kNameLeast));
  }
  const std::string name = CutLine(node.name, font, font->FontSize, width);
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e6f, 0, name.c_str());
  const auto rect = FreePlace(frame, placed, size, rank, *names);
  if (!rect) return;
  names->drawn.push_back(*rect);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({rect->x - 3, rect->y - 2}, {rect->z + 3, rect->w + 2},
                      WithAlpha(frame.theme.card, 0.9f), frame.Px(3));
  draw->AddText(font, font->FontSize, {rect->x, rect->y - 1}, frame.theme.text, name.c_str());
  frame.Name("name:" + node.name, {rect->x, rect->y}, {rect->z, rect->w});
}

void DrawDot(Frame& frame, const replay::GraphNode& node, const PlacedNode& placed, bool asked) {
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
  if (asked) {
    draw->AddCircle(placed.centre, radius + frame.Px(3), frame.theme.accent, 0, frame.Px(2));
  }
}

DotNames NamesOf(const GraphPicture& picture) {
  DotNames names;
  names.few = picture.nodes.size() <= kNamedDotsMax;
  names.beside = names.few && IsColumn(picture);
  const GraphRegion& region = picture.region;
  names.right = region.max.x;
  names.drawn.push_back({region.max.x - region.corner.x, region.min.y, region.max.x,
                         region.min.y + region.corner.y});  // what lies over it
  for (const PlacedNode& placed : picture.nodes) {
    if (!placed.visible) continue;
    names.dots.push_back({placed.centre.x - placed.half.x, placed.centre.y - placed.half.y,
                          placed.centre.x + placed.half.x, placed.centre.y + placed.half.y});
  }
  return names;
}

// After the dots: those of note first, so that they have room.
void DrawDotNames(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                  const GraphHover& hover) {
  DotNames names = NamesOf(picture);
  const int lowest = names.few || names.dots.size() <= kSeenMax ? 2 : 1;
  for (int rank = 0; rank <= lowest; ++rank) {
    for (const PlacedNode& placed : picture.nodes) {
      const replay::GraphNode& node = graph.nodes[placed.node];
      const bool hovered = hover.node == static_cast<int>(placed.node);
      const bool asked = hovered || frame.view.agent == node.name;
      if (!placed.visible || DotRank(node, asked, names.few) != rank) continue;
      DrawDotName(frame, node, placed, hovered, rank, &names);
    }
  }
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
  const bool dots = picture.detail == GraphDetail::kDot;
  // The selected and the hovered one last: they may lie over others.
  for (const bool lifted : {false, true}) {
    for (const PlacedNode& placed : picture.nodes) {
      const replay::GraphNode& node = graph.nodes[placed.node];
      const bool hovered = hover.node == static_cast<int>(placed.node);
      const bool selected = frame.view.agent == node.name;
      if (!placed.visible || (hovered || selected) != lifted) continue;
      if (dots) DrawDot(frame, node, placed, lifted);
      else DrawBox(frame, node, placed, picture.detail, hovered, selected);
      frame.Name("node:" + node.name,
                 {placed.centre.x - placed.half.x, placed.centre.y - placed.half.y},
                 {placed.centre.x + placed.half.x, placed.centre.y + placed.half.y});
    }
  }
  if (dots) DrawDotNames(frame, graph, picture, hover);
}

}  // namespace backstep::gui
