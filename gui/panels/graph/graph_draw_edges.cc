#include <algorithm>
#include <cmath>

#include "backstep/gui/panels/graph/graph_draw.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr size_t kCountsMax = 60;       // edges beyond which counts show on hover only
constexpr size_t kNamedMax = 100;
constexpr size_t kCurvesMax = 400;      // beyond it edges are straight

struct Look {
  ImU32 color = 0;
  float thickness = 1;
};

Look LookOf(Frame& frame, const replay::GraphEdge& edge, const PlacedEdge& placed, bool hovered) {
  Look look;
  look.thickness = frame.Px(1 + std::min(3.f, 0.45f * std::log2(static_cast<float>(edge.count))));
  look.color = frame.theme.text_faint;
  if (!placed.messages.empty()) {
    look.color = frame.theme.accent;
    look.thickness = std::max(look.thickness, frame.Px(2.5f));
  } else if (hovered) {
    look.color = frame.theme.text;
  } else if (edge.dropped != 0 && edge.dropped == edge.count) {
    look.color = frame.theme.fault;
  }
  return look;
}

void ArrowHead(ImDrawList* draw, ImVec2 tip, ImVec2 before, float size, ImU32 color) {
  const float dx = tip.x - before.x, dy = tip.y - before.y;
  const float length = std::sqrt(dx * dx + dy * dy);
  if (length < 0.5f) return;
  const ImVec2 back{tip.x - dx / length * size, tip.y - dy / length * size};
  const ImVec2 side{-dy / length * size * 0.5f, dx / length * size * 0.5f};
  draw->AddTriangleFilled(tip, {back.x + side.x, back.y + side.y},
                          {back.x - side.x, back.y - side.y}, color);
}

void DrawLine(Frame& frame, const GraphPicture& picture, const PlacedEdge& edge, const Look& look) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float head = frame.Px(picture.detail == GraphDetail::kDot ? 4 : 6) + look.thickness;
  if (edge.loop) {
    const float radius = frame.Px(picture.detail == GraphDetail::kDot ? 6 : 9);
    draw->AddCircle(edge.bend, radius, look.color, 0, look.thickness);
    // Back into the box, under its right edge.
    ArrowHead(draw, {edge.bend.x - frame.Px(1), edge.bend.y + radius},
              {edge.bend.x + head, edge.bend.y + radius}, head, look.color);
    return;
  }
  if (picture.edges.size() > kCurvesMax) {  // thousands of lines: faint enough to see through
    const auto lines = static_cast<float>(picture.edges.size());
    const float faint = std::max(0.1f, 0.4f * kCurvesMax / lines);
    draw->AddLine(edge.from, edge.to, WithAlpha(look.color, edge.messages.empty() ? faint : 1),
                  look.thickness);
    if (!edge.messages.empty()) ArrowHead(draw, edge.to, edge.from, head, look.color);
    return;
  }
  // The line ends inside the head, so that its blunt end does not show.
  const ImVec2 near = edge.At(0.97f);
  draw->AddBezierQuadratic(edge.from, edge.bend, near, look.color, look.thickness);
  ArrowHead(draw, edge.to, edge.At(0.85f), head, look.color);
}

// What the cursor's step did on this edge: "took task", "sent 3 messages".
std::string MessageLabel(const replay::AgentGraph& graph, const PlacedEdge& edge) {
  size_t took = 0, sent = 0;
  std::string kind;
  for (const size_t i : edge.messages) {
    const replay::GraphMessage& message = graph.messages[i];
    ++(message.taken ? took : sent);
    kind = message.kind.empty() ? "message" : message.kind;
    if (message.dropped) kind += ", dropped";
    if (message.edited) kind += ", edited";
  }
  std::string text;
  if (took != 0) text = took == 1 ? "took " + kind : "took " + std::to_string(took) + " messages";
  if (took != 0 && sent != 0) text += ", ";
  if (sent != 0) text += sent == 1 ? "sent " + kind : "sent " + std::to_string(sent) + " messages";
  return text;
}

// By how much of its own size a label stands beside its place: -1, 0 or 1 each way.
struct Side {
  float x = 0, y = 0;
};

void Label(Frame& frame, ImVec2 at, Side side, const std::string& text, ImU32 fill, ImU32 border,
           ImU32 ink) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = frame.fonts.small;
  const float size = font->FontSize * 0.88f, pad = frame.Px(4);
  const std::string shown = DrawableLine(replay::Elide(text, 28));
  const ImVec2 text_size = font->CalcTextSizeA(size, 1e6f, 0, shown.c_str());
  at.x += side.x * (text_size.x / 2 + pad + 1);
  at.y += side.y * (text_size.y / 2 + 2);
  // Inside the panel.
  const ImVec2 low = draw->GetClipRectMin(), high = draw->GetClipRectMax();
  const float half = text_size.x / 2 + pad + frame.Px(6);
  if (at.x > low.x && at.x < high.x) at.x = std::max(low.x + half, std::min(at.x, high.x - half));
  // Whole pixels keep the letters sharp.
  const float wide = text_size.x / 2 + pad, high_half = text_size.y / 2 + 1;
  const ImVec2 min{std::floor(at.x - wide), std::floor(at.y - high_half)};
  const ImVec2 max{std::floor(at.x + wide), std::floor(at.y + high_half)};
  draw->AddRectFilled(min, max, fill, frame.Px(4));
  if (border != 0) draw->AddRect(min, max, border, frame.Px(4));
  draw->AddText(font, size, {min.x + pad, min.y + 1}, ink, shown.c_str());
}

// A bowed edge has its label on the outer side, so that those of two directions stand apart.
Side LabelSide(const PlacedEdge& edge) {
  if (edge.loop) return {1, 0};
  const float dx = edge.to.x - edge.from.x, dy = edge.to.y - edge.from.y;
  const float bow_x = edge.bend.x - (edge.from.x + edge.to.x) / 2;
  const float bow_y = edge.bend.y - (edge.from.y + edge.to.y) / 2;
  if (std::fabs(bow_x) + std::fabs(bow_y) < 3) return {};
  if (std::fabs(dx) > 3 * std::fabs(dy)) return {0, bow_y < 0 ? -1.f : 1.f};
  return {bow_x < 0 ? -1.f : 1.f, 0};
}

void DrawEdgeLabel(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                   const PlacedEdge& placed, bool hovered) {
  const replay::GraphEdge& edge = graph.edges[placed.edge];
  const Theme& theme = frame.theme;
  ImVec2 at = placed.At(0.5f);
  if (placed.loop) at.x += frame.Px(12);
  const Side side = LabelSide(placed);
  if (!placed.messages.empty()) {
    // Few dots have their names beside them, which it would hide.
    const bool names = picture.detail == GraphDetail::kDot &&
                       picture.nodes.size() <= kNamedDotsMax;
    if (names && !hovered) return;
    Label(frame, at, side, MessageLabel(graph, placed), theme.accent, 0, theme.accent_text);
    return;
  }
  const bool room = picture.detail != GraphDetail::kDot && picture.edges.size() <= kCountsMax;
  if (!room && !hovered) return;
  if (edge.count < 2 && edge.dropped == 0 && !hovered) return;
  std::string text = std::to_string(edge.count);
  if (edge.dropped != 0) text += ", " + std::to_string(edge.dropped) + " dropped";
  Label(frame, at, side, text, theme.panel, edge.dropped != 0 ? theme.fault : 0,
        hovered ? theme.text : theme.text_dim);
}

}  // namespace

std::string DescribeEdge(const replay::AgentGraph& graph, const replay::GraphEdge& edge) {
  std::string text = graph.nodes[edge.from].name + " to " + graph.nodes[edge.to].name + ": " +
                     replay::FormatCount(edge.count, "message");
  if (edge.dropped != 0) text += ", " + std::to_string(edge.dropped) + " dropped";
  if (edge.newest.value != 0) text += "; the newest in step " + std::to_string(edge.newest.value);
  return text;
}

void DrawGraphEdges(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                    const GraphHover& hover) {
  // Those of the cursor's step last, so that nothing lies over them.
  for (const bool highlighted : {false, true}) {
    for (size_t i = 0; i < picture.edges.size(); ++i) {
      const PlacedEdge& edge = picture.edges[i];
      if (!edge.visible || edge.messages.empty() == highlighted) continue;
      const bool hovered = hover.edge == static_cast<int>(i);
      DrawLine(frame, picture, edge, LookOf(frame, graph.edges[edge.edge], edge, hovered));
    }
  }
}

void DrawGraphLabels(Frame& frame, const replay::AgentGraph& graph, const GraphPicture& picture,
                     const GraphHover& hover) {
  for (const bool highlighted : {false, true}) {
    for (size_t i = 0; i < picture.edges.size(); ++i) {
      const PlacedEdge& edge = picture.edges[i];
      if (!edge.visible || edge.messages.empty() == highlighted) continue;
      DrawEdgeLabel(frame, graph, picture, edge, hover.edge == static_cast<int>(i));
      if (picture.edges.size() > kNamedMax) continue;
      const replay::GraphEdge& told = graph.edges[edge.edge];
      const ImVec2 at = edge.At(0.5f);
      frame.Name("edge:" + graph.nodes[told.from].name + ">" + graph.nodes[told.to].name,
                 {at.x - 4, at.y - 4}, {at.x + 4, at.y + 4});
    }
  }
}

}  // namespace backstep::gui
