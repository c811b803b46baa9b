// Lanes and their steps. A bar's colours are the kinds of its time, each as high as its share.
#include <algorithm>
#include <array>
#include <cmath>

#include "backstep/gui/panels/timeline/draw/timeline_draw.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr float kBarInset = 4;            // above and below the bar in its lane
constexpr float kNestedInset = 6;
constexpr float kLeastWidth = 2;
constexpr float kMarkGap = 9;             // between two status shapes
constexpr float kRingWidth = 40;          // narrower bars have no room for it beside their number
constexpr float kStackWidth = 5;          // narrower bars show their main kind only
constexpr size_t kNamedMax = 300;

class LanePainter {
 public:
  LanePainter(Frame& frame, const TimelinePicture& picture, const LaneRow& row,
              const TimelineHover& hover)
      : frame_(frame), theme_(frame.theme), draw_(ImGui::GetWindowDrawList()), picture_(picture),
        row_(row), hover_(hover) {}

  void DrawBars() {
    for (size_t i = 0; i < row_.items.size(); ++i) DrawItem(row_.items[i], Next(i));
  }

  // Over all bars and arrows, so that nothing hides a number or a mark.
  void DrawNotes() {
    for (size_t i = 0; i < row_.items.size(); ++i) {
      DrawLabel(row_.items[i], BarOf(row_.items[i]), Next(i));
    }
    for (const replay::LaneItem& item : row_.items) DrawMarks(item);
  }

 private:
  // Where the item behind begins.
  float Next(size_t i) const {
    const bool last = i + 1 == row_.items.size();
    return last ? static_cast<float>(picture_.viewport.width_px) + 1e4f : row_.items[i + 1].x0;
  }

  Rect BarOf(const replay::LaneItem& item) const {
    const bool nested = (item.flags & replay::kStepNested) != 0 && item.count == 1;
    const float inset = frame_.Px(nested ? kNestedInset : kBarInset);
    const float strip = row_.statuses.empty() ? 0 : frame_.Px(kStatusHeight - 2);
    Rect r{picture_.PlotX(item.x0), row_.rect.y0 + inset, picture_.PlotX(item.x1),
           row_.rect.y1 - inset - strip};
    const float gap = r.width() >= frame_.Px(6) ? 1.f : 0.f;
    r.x1 = std::max(r.x1 - gap, r.x0 + frame_.Px(kLeastWidth));
    return r;
  }

  using KindList = std::array<std::pair<uint8_t, ImU32>, 4>;
  KindList Kinds(const replay::LaneItem& item) const {
    return {{{item.shares.model, theme_.model},
             {item.shares.tool, theme_.tool},
             {item.shares.own, theme_.own},
             {item.shares.waiting, theme_.waiting}}};
  }

  void DrawItem(const replay::LaneItem& item, float next_x) {
    Rect r = BarOf(item);
    const float alpha = (item.flags & replay::kStepInherited) != 0 ? 0.5f : 1.f;
    const auto kinds = Kinds(item);
    if (r.width() < frame_.Px(kStackWidth)) {
      // On whole pixels and up to its neighbour, or rounding would draw stripes that mean nothing.
      const float next = picture_.PlotX(next_x);
      r.x0 = std::floor(r.x0);
      r.x1 = next - r.x1 < frame_.Px(2) ? std::floor(next) : std::ceil(r.x1);
      r.x1 = std::max(r.x1, r.x0 + 1);
      const auto most = std::max_element(kinds.begin(), kinds.end(),
                                         [](auto& a, auto& b) { return a.first < b.first; });
      draw_->AddRectFilled(r.min(), r.max(), WithAlpha(most->second, alpha));
    } else {
      DrawStack(kinds, r, alpha);
    }
    const bool at_cursor = Holds(item, frame_.view.cursor);
    if (at_cursor || hover_.item == &item) {
      const float out = frame_.Px(1);
      draw_->AddRect({r.x0 - out, r.y0 - out}, {r.x1 + out, r.y1 + out},
                     at_cursor ? theme_.text : theme_.text_dim, frame_.Px(2), 0,
                     frame_.Px(at_cursor ? 1.5f : 1.f));
    }
    NameItem(item, r);
  }

  static bool Holds(const replay::LaneItem& item, StepNumber step) {
    return item.first <= step && step <= item.last && (item.count == 1);
  }

  // Models at the bottom; each share at least a pixel, so that none vanishes.
  void DrawStack(const KindList& kinds, const Rect& r, float alpha) {
    float y = r.y1;
    for (size_t i = 0; i < kinds.size(); ++i) {
      const auto [share, color] = kinds[i];
      if (share == 0) continue;
      float height = std::max(std::floor(r.height() * share / 255 + 0.5f), 1.f);
      const bool last = std::all_of(kinds.begin() + static_cast<ptrdiff_t>(i) + 1, kinds.end(),
                                    [](const auto& kind) { return kind.first == 0; });
      if (last) height = y - r.y0;
      const float top = std::max(y - height, r.y0);
      if (top < y) draw_->AddRectFilled({r.x0, top}, {r.x1, y}, WithAlpha(color, alpha));
      y = top;
    }
  }

  // A number on wide bars; the count beside folded ones where the lane is free.
  void DrawLabel(const replay::LaneItem& item, const Rect& r, float next_x) {
    ImFont* font = frame_.fonts.small;
    const float size = font->FontSize * 0.88f;
    const bool folded = item.count > 1;
    const std::string text =
        folded ? "×" + GroupDigits(item.count) : GroupDigits(item.first.value);
    const float left = std::max(r.x0, picture_.lanes.x0);
    const float width = font->CalcTextSizeA(size, FLT_MAX, 0, text.c_str()).x;
    const float y = std::floor((r.y0 + r.y1 - size) / 2);
    if (folded) {
      if (picture_.PlotX(next_x) - r.x1 < width + frame_.Px(6)) return;
      draw_->AddText(font, size, {r.x1 + frame_.Px(3), y}, theme_.text_dim, text.c_str());
      return;
    }
    const float pad = frame_.Px(3);
    if (r.x1 - left < width + 3 * pad) return;
    // A plate under it, so that it reads on every colour.
    const ImVec2 min{std::floor(left + pad / 2), std::max(y - 1, r.y0)};
    draw_->AddRectFilled(min, {min.x + width + 2 * pad, std::min(y + size + 1, r.y1)},
                         WithAlpha(theme_.panel, 0.86f), frame_.Px(2));
    draw_->AddText(font, size, {min.x + pad, y}, theme_.text, text.c_str());
  }

  // Failures below, faults above, each a coloured edge and, with room, its shape.
  void DrawMarks(const replay::LaneItem& item) {
    const uint16_t flags = item.flags;
    const Rect r = BarOf(item);
    const float edge = frame_.Px(2), middle = (r.x0 + r.x1) / 2;
    if ((flags & replay::kStepErrors) != 0) {
      draw_->AddRectFilled({r.x0, r.y1 - edge}, {r.x1, r.y1 + edge}, theme_.failed);
    }
    if ((flags & replay::kStepHit) != 0) {
      draw_->AddRectFilled({r.x0, r.y0 - edge}, {r.x1, r.y0 + edge}, theme_.fault);
    }
    if ((flags & replay::kStepIncomplete) != 0) {
      draw_->AddRect(r.min(), r.max(), theme_.text_faint, 0, 0, frame_.Px(1));
    }
    if ((flags & replay::kStepFailed) != 0) Shape(Mark::kFailed, middle, r, &failed_x_);
    const float inset = frame_.Px(6);
    if ((flags & replay::kStepHit) != 0) {
      Shape(Mark::kFault, std::min(r.x0 + inset, middle), r, &fault_x_);
    }
    // On a branch the strip below says it.
    if ((flags & replay::kStepLive) != 0 && row_.statuses.empty()) {
      draw_->AddRectFilled(r.min(), {r.x1, r.y0 + edge}, theme_.live);
      if (r.width() > frame_.Px(kRingWidth)) Shape(Mark::kLive, r.x1 - inset, r, &live_x_);
    }
    if ((flags & replay::kStepOutcome) != 0) DrawFlag(item, r);
  }

  void Shape(Mark mark, float x, const Rect& r, float* last_x) {
    if (x - *last_x < frame_.Px(kMarkGap) || x < picture_.lanes.x0 || x > picture_.lanes.x1) return;
    *last_x = x;
    const float radius = frame_.Px(5);
    const ImVec2 centre{x, mark == Mark::kFault ? r.y0 : (r.y0 + r.y1) / 2};
    draw_->AddCircleFilled(centre, radius + frame_.Px(1), theme_.panel);
    DrawMark(draw_, centre, radius, mark, theme_);
  }

  // Where the run's outcome was set: a flag, with a cross on it where it was set to failed.
  void DrawFlag(const replay::LaneItem& item, const Rect& r) {
    const bool failed = (item.flags & replay::kStepOutcomeFailed) != 0;
    const float pole = frame_.Px(1.5f), size = frame_.Px(failed ? 12 : 8);
    const float least = picture_.lanes.x0 + size, most = picture_.lanes.x1 - pole;
    const float x = std::floor(std::clamp(r.x1 - pole, least, std::max(most, least)));
    if (x - flag_x_ < size) return;
    flag_x_ = x;
    const float top = row_.rect.y0 + frame_.Px(1);
    const ImU32 color = failed ? theme_.failed : theme_.ok;
    draw_->AddRectFilled({x, top}, {x + pole, r.y1}, color);
    if (!failed) {
      draw_->AddTriangleFilled({x, top}, {x, top + size}, {x - size, top + size / 2}, color);
    } else {
      const ImVec2 centre{x - size / 2, top + size / 2};
      draw_->AddRectFilled({x - size, top}, {x, top + size}, theme_.panel);
      draw_->AddRect({x - size, top}, {x + pole, top + size}, color, 0, 0, frame_.Px(1));
      DrawMark(draw_, centre, frame_.Px(4), Mark::kFailed, theme_);
    }
    frame_.Name("outcome:" + std::to_string(item.last.value), {x - size, top}, {x + pole, r.y1});
  }

  void NameItem(const replay::LaneItem& item, const Rect& r) {
    if (frame_.named.size() > 2000 || row_.items.size() > kNamedMax) return;
    const ImVec2 min{std::max(r.x0, picture_.lanes.x0), std::max(r.y0, picture_.lanes.y0)};
    const ImVec2 max{std::min(r.x1, picture_.lanes.x1), std::min(r.y1, picture_.lanes.y1)};
    if (min.x >= max.x || min.y >= max.y) return;
    const std::string number = std::to_string(item.first.value);
    frame_.Name(item.count == 1 ? "step:" + number
                                : "steps:" + number + "-" + std::to_string(item.last.value),
                min, max);
  }

  Frame& frame_;
  const Theme& theme_;
  ImDrawList* draw_;
  const TimelinePicture& picture_;
  const LaneRow& row_;
  const TimelineHover& hover_;
  float failed_x_ = -1e6f, fault_x_ = -1e6f, live_x_ = -1e6f, flag_x_ = -1e6f;  // of the last drawn
};

void DrawName(Frame& frame, const replay::Timeline::Lane& lane, const TimelinePicture& picture,
              const LaneRow& row, bool selected) {
  const float y = row.rect.y0 + (row.rect.height() - frame.fonts.small->FontSize) / 2;
  const float x = picture.names.x0 + frame.Px(8);
  const float width = picture.names.x1 - x - frame.Px(8);
  DrawCutText(frame, {x, std::floor(y)}, width, lane.name,
              selected ? frame.theme.text : frame.theme.text_dim);
  const Rect& names = picture.names;
  frame.Name("lane:" + lane.name, {names.x0, std::max(row.rect.y0, names.y0)},
             {names.x1, std::min(row.rect.y1, names.y1)});
}

void DrawBackground(Frame& frame, const TimelinePicture& picture, const LaneRow& row, bool selected,
                    bool hovered) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 min{picture.names.x0, row.rect.y0}, max{picture.lanes.x1, row.rect.y1};
  if (selected) {
    draw->AddRectFilled(min, max, WithAlpha(frame.theme.selected, 0.45f));
    draw->AddRectFilled(min, {min.x + frame.Px(3), max.y}, frame.theme.accent);
  } else if (hovered) {
    draw->AddRectFilled(min, max, WithAlpha(frame.theme.hover, 0.5f));
  } else if (row.lane % 2 == 1) {
    draw->AddRectFilled(min, max, WithAlpha(frame.theme.hover, 0.22f));
  }
}

void DrawScrollbar(Frame& frame, const TimelinePicture& picture) {
  const Rect& r = picture.scrollbar;
  if (picture.lanes_height <= r.height() || picture.rows.empty()) return;
  const float share = r.height() / picture.lanes_height;
  const float top = r.y0 + frame.view.timeline.scroll_px * share;
  const float height = std::max(r.height() * share, frame.Px(16));
  const float x0 = r.x0 + frame.Px(3), x1 = r.x1 - frame.Px(2);
  ImGui::GetWindowDrawList()->AddRectFilled({x0, top}, {x1, std::min(top + height, r.y1)},
                                            frame.theme.border, frame.Px(3));
}

}  // namespace

void DrawLanes(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture,
               const TimelineHover& hover) {
  const Rect& lanes = picture.lanes;
  ImGui::PushClipRect({picture.names.x0, lanes.y0}, {picture.scrollbar.x1, lanes.y1}, true);
  for (const LaneRow& row : picture.rows) {
    const replay::Timeline::Lane& lane = timeline.lanes[static_cast<size_t>(row.lane)];
    const bool selected = lane.name == frame.view.agent;
    DrawBackground(frame, picture, row, selected, hover.lane == row.lane);
    DrawName(frame, lane, picture, row, selected);
  }
  DrawScrollbar(frame, picture);
  ImGui::PushClipRect(lanes.min(), lanes.max(), true);
  for (const LaneRow& row : picture.rows) {
    LanePainter(frame, picture, row, hover).DrawBars();
    DrawStatuses(frame, picture, row);
  }
  DrawArrows(frame, picture, hover);
  for (const LaneRow& row : picture.rows) LanePainter(frame, picture, row, hover).DrawNotes();
  ImGui::PopClipRect();
  ImGui::PopClipRect();
}

}  // namespace backstep::gui
