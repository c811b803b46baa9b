// What became of each step in a branch: a strip below its bar, by pattern and by colour.
#include <algorithm>
#include <cmath>

#include "backstep/gui/panels/timeline/draw/timeline_draw.h"

namespace backstep::gui {
namespace {

using replay::StepStatus;

constexpr float kPitch = 6;             // of teeth, diamonds and dashes
constexpr size_t kStatusNamedMax = 2000;

// Calls `shape(x, width)` for each place of a pattern that runs through the whole lane, so that
// neighbours continue it; a narrow one has one in its middle.
template <typename Shape>
void Repeat(const Rect& r, float pitch, const Shape& shape) {
  if (r.width() < 2 * pitch) {
    shape((r.x0 + r.x1 - pitch) / 2, pitch);
    return;
  }
  for (float x = std::ceil(r.x0 / pitch) * pitch; x + pitch <= r.x1 + 0.5f; x += pitch) {
    shape(x, pitch);
  }
}

void DrawTeeth(ImDrawList* draw, const Rect& r, float pitch, ImU32 color) {
  draw->AddRectFilled({r.x0, r.y1 - 1}, {r.x1, r.y1}, color);
  Repeat(r, pitch, [&](float x, float width) {
    draw->AddTriangleFilled({x, r.y1}, {x + width, r.y1}, {x + width / 2, r.y0}, color);
  });
}

void DrawDiamonds(ImDrawList* draw, const Rect& r, float pitch, ImU32 color) {
  const float middle = (r.y0 + r.y1) / 2, half = r.height() / 2;
  draw->AddRectFilled({r.x0, middle - 0.5f}, {r.x1, middle + 0.5f}, color);
  Repeat(r, pitch, [&](float x, float width) {
    const float c = x + width / 2;
    draw->AddQuadFilled({c, r.y0}, {c + half, middle}, {c, r.y1}, {c - half, middle}, color);
  });
}

void DrawDashes(ImDrawList* draw, const Rect& r, float pitch, ImU32 color) {
  Repeat(r, pitch, [&](float x, float width) {
    draw->AddRectFilled({x, r.y0}, {x + width * 0.55f, r.y1}, color);
  });
}

}  // namespace

const char* StatusName(StepStatus status) {
  switch (status) {
    case StepStatus::kNone: return "";
    case StepStatus::kShared: return "shared";
    case StepStatus::kSame: return "same again";
    case StepStatus::kDifferent: return "different";
    case StepStatus::kLive: return "live";
    case StepStatus::kHit: return "fault or edit";
  }
  return "";
}

void DrawStatusPattern(ImDrawList* draw, const Rect& r, StepStatus status, const Theme& theme) {
  const float pitch = theme.Px(kPitch), middle = std::floor((r.y0 + r.y1) / 2);
  switch (status) {
    case StepStatus::kNone: break;
    case StepStatus::kShared:
      draw->AddRectFilled({r.x0, middle}, {r.x1, middle + theme.Px(1)}, theme.text_faint);
      break;
    case StepStatus::kSame:
      draw->AddRectFilled({r.x0, r.y0 + theme.Px(1)}, {r.x1, r.y1 - theme.Px(1)}, theme.ok);
      break;
    case StepStatus::kDifferent: DrawTeeth(draw, r, pitch, theme.changed); break;
    case StepStatus::kLive: DrawDashes(draw, r, pitch, theme.live); break;
    case StepStatus::kHit: DrawDiamonds(draw, r, pitch, theme.fault); break;
  }
}

void DrawStatuses(Frame& frame, const TimelinePicture& picture, const LaneRow& row) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float y1 = row.rect.y1 - frame.Px(1), y0 = y1 - frame.Px(kStatusHeight);
  for (const StatusRun& run : row.statuses) {
    const float gap = run.x1 - run.x0 > frame.Px(kStatusHeight) ? 1.f : 0.f;
    Rect r{picture.PlotX(run.x0), y0, picture.PlotX(run.x1) - gap, y1};
    r.x0 = std::max(r.x0, picture.lanes.x0 - 1);
    r.x1 = std::min(r.x1, picture.lanes.x1 + 1);
    if (r.x0 >= r.x1) continue;
    // What says less may lie under it.
    if (run.status > StepStatus::kShared) {
      draw->AddRectFilled(r.min(), r.max(), frame.theme.panel);
    }
    DrawStatusPattern(draw, r, run.status, frame.theme);
    if (frame.named.size() < kStatusNamedMax) {
      frame.Name(std::string("status:") + StatusName(run.status), r.min(), r.max());
    }
  }
}

}  // namespace backstep::gui
