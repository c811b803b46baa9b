// Messages as arrows, and what lies over everything: playhead, hover guide, selection, marks.
#include <algorithm>
#include <cmath>

#include "backstep/gui/panels/timeline/draw/timeline_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kStub = 12;     // of a message that nobody took
constexpr float kHead = 5;
constexpr int kCurveParts = 12;

struct Curve {
  ImVec2 p0, p1, p2, p3;
  ImVec2 At(float t) const {
    const float u = 1 - t;
    const float a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
    return {a * p0.x + b * p1.x + c * p2.x + d * p3.x, a * p0.y + b * p1.y + c * p2.y + d * p3.y};
  }
};

Curve CurveOf(const TimelinePicture& picture, const replay::MessageArrow& arrow) {
  const replay::MessageOnTimeline& message = arrow.message;
  const float x0 = picture.PlotX(arrow.x0), y0 = picture.LaneMiddle(message.from_lane);
  float x1 = picture.PlotX(arrow.x1), y1 = picture.LaneMiddle(message.to_lane);
  const float scale = picture.scale;
  if (message.taken_by.value == 0) {
    const float down = y1 > y0 ? 1.f : y1 < y0 ? -1.f : 0.f;
    x1 = x0 + kStub * scale;
    y1 = y0 + down * kStub * scale;
  }
  if (message.from_lane == message.to_lane && message.taken_by.value != 0) {
    const float lift = picture.lane_height * 0.8f;
    return {{x0, y0}, {x0, y0 - lift}, {x1, y1 - lift}, {x1, y1}};
  }
  // Leaves and lands sideways; a message to the same moment bows out a little.
  const float reach = std::clamp(std::abs(x1 - x0) * 0.5f, 5.f * scale, 60.f * scale);
  return {{x0, y0}, {x0 + reach, y0}, {x1 - reach, y1}, {x1, y1}};
}

struct ArrowLook {
  ImU32 color;
  float thickness;
};

ArrowLook LookOf(Frame& frame, const replay::MessageArrow& arrow, bool own, bool hovered) {
  const Theme& theme = frame.theme;
  ImU32 color = theme.text_dim;
  if ((arrow.message.flags & (replay::kMessageDropped | replay::kMessageEdited)) != 0) {
    color = theme.fault;
  }
  if (hovered) return {theme.text, frame.Px(2)};
  if (own) return {color == theme.fault ? color : theme.accent, frame.Px(1.75f)};
  return {WithAlpha(color, 0.42f), frame.Px(1)};
}

void DrawHead(Frame& frame, const Curve& curve, ImU32 color) {
  const ImVec2 tip = curve.p3, before = curve.At(0.9f);
  const float dx = tip.x - before.x, dy = tip.y - before.y;
  const float length = std::sqrt(dx * dx + dy * dy);
  if (length < 0.01f) return;
  const float size = frame.Px(kHead);
  const ImVec2 back{tip.x - dx / length * size, tip.y - dy / length * size};
  const ImVec2 side{-dy / length * size * 0.5f, dx / length * size * 0.5f};
  ImGui::GetWindowDrawList()->AddTriangleFilled(tip, {back.x + side.x, back.y + side.y},
                                                {back.x - side.x, back.y - side.y}, color);
}

void DrawArrow(Frame& frame, const TimelinePicture& picture, const replay::MessageArrow& arrow,
               bool own, bool hovered) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Curve curve = CurveOf(picture, arrow);
  const ArrowLook look = LookOf(frame, arrow, own, hovered);
  draw->AddBezierCubic(curve.p0, curve.p1, curve.p2, curve.p3, look.color, look.thickness);
  if ((arrow.message.flags & replay::kMessageDropped) != 0) {
    DrawMark(draw, curve.p3, frame.Px(4), Mark::kFault, frame.theme);
  } else if (arrow.message.taken_by.value == 0) {
    draw->AddCircle(curve.p3, frame.Px(2.5f), look.color, 0, frame.Px(1));
  } else {
    DrawHead(frame, curve, look.color);
  }
}

void DrawSelection(Frame& frame, const replay::Timeline& timeline,
                   const TimelinePicture& picture) {
  if (!picture.selection) return;
  const auto [x0, x1] = *picture.selection;
  const float left = std::max(picture.PlotX(x0), picture.lanes.x0);
  const float right = std::min(picture.PlotX(x1), picture.lanes.x1);
  if (right <= left) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({left, picture.ruler.y0}, {right, picture.lanes.y1},
                      WithAlpha(frame.theme.accent, 0.14f));
  const ImU32 edge = WithAlpha(frame.theme.accent, 0.8f);
  for (const float x : {left, right}) {
    draw->AddLine({x, picture.ruler.y0}, {x, picture.lanes.y1}, edge);
  }
  const TimelineWindow& window = frame.view.timeline;
  const auto mode = picture.viewport.mode;
  const StepNumber from = replay::MomentAt(timeline, mode, window.select_from);
  const StepNumber to = replay::MomentAt(timeline, mode, window.select_to);
  std::string text = replay::FormatCount(to.value - from.value, "step");
  if (!window.by_step) {
    const auto took = static_cast<int64_t>(window.select_to - window.select_from);
    text += " in " + replay::FormatDuration({took});
  }
  const float y = picture.lanes.y1 - frame.fonts.small->FontSize - frame.Px(2);
  DrawCutText(frame, {left + frame.Px(4), y}, right - left - frame.Px(8), text, frame.theme.text);
}

void DrawForkMark(Frame& frame, const TimelinePicture& picture, const ForkMark& mark,
                  bool hovered) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = std::floor(picture.PlotX(mark.x)) + 0.5f;
  const ImU32 color = mark.leaves_here ? frame.theme.changed : frame.theme.text_dim;
  draw->AddLine({x, picture.ruler.y1}, {x, picture.lanes.y1}, WithAlpha(color, 0.55f));
  // A stem that splits.
  const float y = picture.ruler.y1 - frame.Px(2), size = frame.Px(6);
  const float thick = frame.Px(hovered ? 2.5f : 1.75f);
  draw->AddLine({x, y}, {x, y - size}, color, thick);
  draw->AddBezierQuadratic({x, y - frame.Px(1)}, {x + size, y - frame.Px(1)},
                           {x + size, y - size}, color, thick);
  draw->AddCircleFilled({x, y - size}, frame.Px(2), color);
  draw->AddCircleFilled({x + size, y - size}, frame.Px(2), color);
  frame.Name("fork-mark:" + mark.branch, {x - size, y - 2 * size}, {x + 2 * size, y + 2});
}

void DrawBookmarks(Frame& frame, const TimelinePicture& picture) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (const BookmarkMark& mark : picture.bookmarks) {
    const float x = std::floor(picture.PlotX(mark.x)), y = picture.ruler.y1, size = frame.Px(4);
    if (x < picture.ruler.x0 || x > picture.ruler.x1) continue;
    draw->AddTriangleFilled({x - size, y - size * 2}, {x + size, y - size * 2}, {x, y},
                            frame.theme.changed);
    frame.Name("bookmark:" + std::to_string(mark.bookmark + 1), {x - size, y - size * 2},
               {x + size, y});
  }
}

void DrawPlayhead(Frame& frame, const TimelinePicture& picture) {
  const float x = std::floor(picture.PlotX(picture.playhead_x)) + 0.5f;
  if (x < picture.lanes.x0 - 1 || x > picture.lanes.x1 + 1) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImU32 color = frame.theme.accent;
  draw->AddLine({x, picture.ruler.y1}, {x, picture.lanes.y1}, color, frame.Px(1.5f));
  ImFont* font = frame.fonts.small;
  const float size = font->FontSize * 0.92f, pad = frame.Px(5);
  const std::string text = GroupDigits(frame.view.cursor.value);
  const float width = font->CalcTextSizeA(size, FLT_MAX, 0, text.c_str()).x + 2 * pad;
  float left = std::floor(x - width / 2);
  left = std::clamp(left, picture.ruler.x0, std::max(picture.ruler.x1 - width, picture.ruler.x0));
  const ImVec2 min{left, picture.ruler.y0 + frame.Px(1)};
  const ImVec2 max{left + width, picture.ruler.y1 - frame.Px(2)};
  draw->AddRectFilled(min, max, color, frame.Px(3));
  draw->AddTriangleFilled({x - frame.Px(4), max.y - 1}, {x + frame.Px(4), max.y - 1},
                          {x, max.y + frame.Px(4)}, color);
  draw->AddText(font, size, {left + pad, std::floor((min.y + max.y - size) / 2)},
                frame.theme.accent_text, text.c_str());
  frame.Name("playhead", {std::min(min.x, x - 3), min.y}, {std::max(max.x, x + 3), max.y});
}

// Where the mouse is, across all lanes and bands.
void DrawHoverGuide(Frame& frame, const TimelinePicture& picture, const TimelineHover& hover) {
  using Zone = TimelineHover::Zone;
  if (hover.zone != Zone::kLanes && hover.zone != Zone::kRuler && hover.zone != Zone::kSegments) {
    return;
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = std::floor(ImGui::GetIO().MousePos.x) + 0.5f;
  draw->AddLine({x, picture.ruler.y0}, {x, picture.lanes.y1},
                WithAlpha(frame.theme.text_dim, 0.5f));
  if (hover.zone != Zone::kRuler) return;
  const double position = picture.PositionAt(x);
  const std::string text =
      PositionText(picture.viewport.mode, position, 1 / picture.viewport.PxPerUnit());
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(4)});
  ImGui::SetTooltip("%s", text.c_str());
  ImGui::PopStyleVar();
}

}  // namespace

float DistanceToArrow(const TimelinePicture& picture, const replay::MessageArrow& arrow, ImVec2 p) {
  const Curve curve = CurveOf(picture, arrow);
  float least = FLT_MAX;
  ImVec2 a = curve.p0;
  for (int i = 1; i <= kCurveParts; ++i) {
    const ImVec2 b = curve.At(static_cast<float>(i) / kCurveParts);
    const float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const float along = length2 <= 0 ? 0 : ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2;
    const float t = std::clamp(along, 0.f, 1.f);
    const float ex = a.x + dx * t - p.x, ey = a.y + dy * t - p.y;
    least = std::min(least, ex * ex + ey * ey);
    a = b;
  }
  return std::sqrt(least);
}

void DrawArrows(Frame& frame, const TimelinePicture& picture, const TimelineHover& hover) {
  ImGui::PushClipRect(picture.lanes.min(), picture.lanes.max(), true);
  const auto hovered = [&](const replay::MessageArrow& arrow) {
    return hover.arrow != nullptr && hover.arrow->message.index == arrow.message.index;
  };
  if (!picture.dense) {
    for (const replay::MessageArrow& arrow : picture.arrows.arrows) {
      DrawArrow(frame, picture, arrow, false, hovered(arrow));
    }
  }
  for (const replay::MessageArrow& arrow : picture.own) {
    DrawArrow(frame, picture, arrow, true, hovered(arrow));
  }
  ImGui::PopClipRect();
}

void DrawGuides(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                const TimelineHover& hover) {
  // Marks at the very edges reach out of the plot.
  ImGui::PushClipRect({picture.ruler.x0 - frame.Px(8), picture.ruler.y0},
                      {picture.ruler.x1 + frame.Px(8), picture.lanes.y1}, true);
  DrawSelection(frame, timeline, picture);
  for (const ForkMark& mark : picture.forks) {
    DrawForkMark(frame, picture, mark, hover.fork == &mark);
  }
  DrawBookmarks(frame, picture);
  DrawHoverGuide(frame, picture, hover);
  DrawPlayhead(frame, picture);
  ImGui::PopClipRect();
}

}  // namespace backstep::gui
