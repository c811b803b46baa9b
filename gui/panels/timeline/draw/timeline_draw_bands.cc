// The bands above the lanes: overview, ruler, segments.
#include <algorithm>
#include <cmath>

#include "backstep/gui/panels/timeline/draw/timeline_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr float kLeastBar = 1;   // px, so that a single step is seen

float Snap(float x) { return std::floor(x + 0.5f); }

void DrawLoad(Frame& frame, const TimelinePicture& picture) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.overview;
  const float top = r.y0 + frame.Px(9), bottom = r.y1 - frame.Px(2);
  const ImU32 color = WithAlpha(frame.theme.accent, 0.55f);
  for (const replay::OverviewBucket& bucket : picture.buckets) {
    if (bucket.load <= 0 && bucket.steps == 0) continue;  // steps without length are seen, too
    const float height = std::max(bucket.load * (bottom - top), kLeastBar);
    const float x0 = r.x0 + bucket.x0, x1 = std::max(r.x0 + bucket.x1, x0 + 1);
    draw->AddRectFilled({x0, bottom - height}, {x1, bottom}, color);
  }
}

// Errors and faults as ticks on lines of their own, wide enough to be seen wherever they are.
void DrawMishaps(Frame& frame, const TimelinePicture& picture) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.overview;
  const float least = frame.Px(2);
  const float fault_y = r.y0 + frame.Px(1), error_y = r.y0 + frame.Px(5), height = frame.Px(3);
  for (const replay::OverviewBucket& bucket : picture.buckets) {
    const float x0 = r.x0 + bucket.x0, x1 = std::max(r.x0 + bucket.x1, x0 + least);
    if (bucket.faults > 0) {
      draw->AddRectFilled({x0, fault_y}, {x1, fault_y + height}, frame.theme.fault);
    }
    if (bucket.errors > 0) {
      draw->AddRectFilled({x0, error_y}, {x1, error_y + height}, frame.theme.failed);
    }
  }
}

void DrawWindowFrame(Frame& frame, const TimelinePicture& picture) {
  if (picture.whole) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.overview;
  const float least = frame.Px(4);
  float x0 = Snap(r.x0 + picture.window_x0), x1 = Snap(r.x0 + picture.window_x1);
  if (x1 - x0 < least) x1 = x0 + least;
  const ImU32 shade = WithAlpha(frame.theme.panel, 0.62f);
  draw->AddRectFilled({r.x0, r.y0}, {x0, r.y1}, shade);
  draw->AddRectFilled({x1, r.y0}, {r.x1, r.y1}, shade);
  draw->AddRect({x0, r.y0}, {x1, r.y1}, frame.theme.accent, frame.Px(2), 0, frame.Px(1));
  const float middle = (r.y0 + r.y1) / 2, grip = frame.Px(5);
  for (const float x : {x0, x1}) {
    draw->AddRectFilled({x - frame.Px(1.5f), middle - grip}, {x + frame.Px(1.5f), middle + grip},
                        frame.theme.accent, frame.Px(1));
  }
  frame.Name("overview-window", {x0, r.y0}, {x1, r.y1});
}

// A fork mark or the playhead's number stands where a label at x would be.
bool Covered(const TimelinePicture& picture, float x, float width, float playhead_reach) {
  if (picture.playhead_x > x - playhead_reach && picture.playhead_x < x + width + playhead_reach) {
    return true;
  }
  return std::any_of(picture.forks.begin(), picture.forks.end(), [&](const ForkMark& mark) {
    return mark.x > x - playhead_reach / 2 && mark.x < x + width + playhead_reach / 4;
  });
}

}  // namespace

void DrawCutText(Frame& frame, ImVec2 at, float width, const std::string& text, ImU32 color) {
  ImFont* font = frame.fonts.small;
  const std::string shown = DrawableLine(text);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const char* end = shown.c_str() + shown.size();
  if (font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, shown.c_str(), end).x <= width) {
    draw->AddText(font, font->FontSize, at, color, shown.c_str(), end);
    return;
  }
  static constexpr char kEllipsis[] = "…";
  const float dots = font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, kEllipsis).x;
  if (width < dots + font->FontSize * 0.6f) return;
  const char* cut = end;
  const float used =
      font->CalcTextSizeA(font->FontSize, width - dots, 0, shown.c_str(), end, &cut).x;
  draw->AddText(font, font->FontSize, at, color, shown.c_str(), cut);
  draw->AddText(font, font->FontSize, {at.x + used, at.y}, color, kEllipsis);
}

void DrawOverview(Frame& frame, const TimelinePicture& picture) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.overview;
  draw->AddRectFilled(r.min(), r.max(), frame.theme.field, frame.Px(2));
  ImGui::PushClipRect(r.min(), r.max(), true);
  DrawLoad(frame, picture);
  DrawWindowFrame(frame, picture);
  DrawMishaps(frame, picture);
  for (const BookmarkMark& mark : picture.bookmarks) {
    const float x = Snap(r.x0 + mark.overview_x), size = frame.Px(4);
    draw->AddTriangleFilled({x - size, r.y1}, {x + size, r.y1}, {x, r.y1 - size * 1.6f},
                            frame.theme.changed);
  }
  const float x = Snap(r.x0 + picture.overview_playhead_x);
  draw->AddLine({x, r.y0}, {x, r.y1}, frame.theme.text, frame.Px(1));
  ImGui::PopClipRect();
  frame.Name("overview", r.min(), r.max());
}

void DrawRuler(Frame& frame, const TimelinePicture& picture) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.ruler;
  ImFont* font = frame.fonts.small;
  ImGui::PushClipRect(r.min(), r.max(), true);
  const ImU32 faint = WithAlpha(frame.theme.text_faint, 0.7f);
  for (const Tick& tick : picture.ticks) {
    const float x = Snap(r.x0 + tick.x);
    const float height = tick.label.empty() ? frame.Px(3) : frame.Px(6);
    draw->AddLine({x, r.y1 - height}, {x, r.y1}, faint);
    if (tick.label.empty()) continue;
    const float width = font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, tick.label.c_str()).x;
    if (Covered(picture, tick.x, width + frame.Px(4), frame.Px(24))) continue;
    draw->AddText(font, font->FontSize * 0.92f, {x + frame.Px(3), r.y0 + frame.Px(1)},
                  frame.theme.text_dim, tick.label.c_str());
  }
  ImGui::PopClipRect();
  draw->AddLine({r.x0, r.y1 - 1}, {r.x1, r.y1 - 1}, frame.theme.border);
  frame.Name("ruler", r.min(), r.max());
}

void DrawSegments(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
                  const TimelineHover& hover) {
  if (picture.segment_rows == 0) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rect& r = picture.segments;
  const float row_height = r.height() / static_cast<float>(picture.segment_rows);
  ImGui::PushClipRect(r.min(), r.max(), true);
  for (const replay::SegmentSpan& span : picture.spans) {
    if (span.depth >= picture.segment_rows) continue;
    const float y0 = r.y0 + row_height * static_cast<float>(span.depth) + frame.Px(1);
    const float y1 = y0 + row_height - frame.Px(2);
    const float x0 = r.x0 + span.x0, x1 = std::max(r.x0 + span.x1 - 1, x0 + frame.Px(2));
    const bool hovered = hover.span == &span;
    draw->AddRectFilled({x0, y0}, {x1, y1}, hovered ? frame.theme.selected : frame.theme.card,
                        frame.Px(3));
    draw->AddRect({x0, y0}, {x1, y1}, frame.theme.border, frame.Px(3));
    const replay::TimelineSegment& segment = timeline.segments[span.segment];
    std::string text = span.count == 1 ? segment.name : "×" + std::to_string(span.count);
    if (span.count == 1 && segment.open) text += " …";
    const float text_x = std::max(x0, r.x0) + frame.Px(6);
    DrawCutText(frame, {text_x, y0 - frame.Px(0.5f)}, x1 - text_x - frame.Px(4), text,
                frame.theme.text_dim);
    if (span.count == 1 && x1 - x0 > frame.Px(24)) {
      frame.Name("segment:" + segment.name, {std::max(x0, r.x0), y0}, {std::min(x1, r.x1), y1});
    }
  }
  ImGui::PopClipRect();
}

}  // namespace backstep::gui
