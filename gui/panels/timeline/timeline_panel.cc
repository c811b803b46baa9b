// The timeline: the whole run above, the visible part of it as lanes below.
#include <algorithm>

#include "backstep/gui/panels/timeline/timeline_input.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

void ModeButton(Frame& frame, const replay::Timeline& timeline, const char* title, bool by_step) {
  const bool on = frame.view.timeline.by_step == by_step;
  ImGui::PushStyleColor(ImGuiCol_Button, on ? frame.theme.selected : frame.theme.card);
  ImGui::PushStyleColor(ImGuiCol_Text, on ? frame.theme.text : frame.theme.text_dim);
  if (ImGui::Button(title, {frame.Px(50), frame.Px(20)}) && !on) {
    ToggleMode(timeline, &frame.view.timeline);
  }
  ImGui::PopStyleColor(2);
  frame.NameItem(std::string("button:") + (by_step ? "by-step" : "by-time"));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(4)});
  Hint("T: by step or by time");
  ImGui::PopStyleVar();
}

// A square of a kind's colour, or a status shape, and its name.
float LegendEntry(Frame& frame, float x, float y, ImU32 color, const Mark* mark, const char* text) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = frame.fonts.small;
  const float size = frame.Px(9), middle = y + font->FontSize / 2;
  if (mark != nullptr) {
    DrawMark(draw, {x + size / 2, middle}, size / 2, *mark, frame.theme);
  } else {
    draw->AddRectFilled({x, middle - size / 2}, {x + size, middle + size / 2}, color, frame.Px(2));
  }
  x += size + frame.Px(4);
  draw->AddText(font, font->FontSize, {x, y}, frame.theme.text_dim, text);
  return x + font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text).x + frame.Px(12);
}

// What the strip below a branch's steps says, before what is known from any line.
float StatusLegend(Frame& frame, float x, float y, float end) {
  using replay::StepStatus;
  ImFont* font = frame.fonts.small;
  const float middle = y + font->FontSize / 2, half = frame.Px(kStatusHeight) / 2;
  for (const StepStatus status : {StepStatus::kShared, StepStatus::kSame, StepStatus::kDifferent,
                                  StepStatus::kLive, StepStatus::kHit}) {
    const char* text = StatusName(status);
    const float width = font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text).x;
    const float sample = frame.Px(18);
    if (x + sample + width > end) return end;
    DrawStatusPattern(ImGui::GetWindowDrawList(), {x, middle - half, x + sample, middle + half},
                      status, frame.theme);
    const float at = x + sample + frame.Px(4);
    ImGui::GetWindowDrawList()->AddText(font, font->FontSize, {at, y}, frame.theme.text_dim, text);
    frame.Name(std::string("legend:") + text, {x, y}, {at + width, y + font->FontSize});
    x = at + width + frame.Px(10);
  }
  return x;
}

void DrawLegend(Frame& frame, const replay::Timeline& timeline, float x, float y, float end) {
  const Theme& theme = frame.theme;
  if (timeline.branch) x = StatusLegend(frame, x, y, end);
  const struct {
    ImU32 color;
    const char* text;
  } kinds[] = {{theme.model, "model"}, {theme.tool, "tools"}, {theme.own, "own work"},
               {theme.waiting, "waiting"}};
  for (const auto& kind : kinds) {
    if (x + frame.Px(70) > end) return;
    x = LegendEntry(frame, x, y, kind.color, nullptr, kind.text);
  }
  const std::pair<Mark, const char*> marks[] = {{Mark::kFailed, "failed"},
                                                {Mark::kFault, "fault or edit"}};
  for (const auto& [mark, text] : marks) {
    if (mark == Mark::kFault && timeline.branch) continue;
    if (x + frame.Px(90) > end) return;
    x = LegendEntry(frame, x, y, 0, &mark, text);
  }
}

std::string RangeText(const replay::Timeline& timeline, const TimelinePicture& picture) {
  std::string text;
  if (picture.whole) {
    text = GroupDigits(timeline.total.value) + (timeline.total.value == 1 ? " step" : " steps");
  } else if (picture.first_visible == picture.last_visible) {
    text = "no step ended here, " + GroupDigits(timeline.total.value) + " in all";
  } else {
    text = "steps " + GroupDigits(picture.first_visible.value + 1) + "–" +
           GroupDigits(picture.last_visible.value) + " of " + GroupDigits(timeline.total.value);
  }
  const size_t drawn = picture.dense ? picture.own.size() : picture.arrows.arrows.size();
  if (picture.arrows.total > drawn) {
    text += "  ·  " + GroupDigits(drawn) + " of " + GroupDigits(picture.arrows.total) +
            " messages";
  } else if (drawn > 0) {
    text += "  ·  " + GroupDigits(drawn) + (drawn == 1 ? " message" : " messages");
  }
  return text;
}

void DrawBar(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture) {
  const Rect& bar = picture.bar;
  ImGui::PushFont(frame.fonts.small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {frame.Px(4), frame.Px(1)});
  ImGui::SetCursorScreenPos({bar.x0, bar.y0 + frame.Px(3)});
  ModeButton(frame, timeline, "Steps", true);
  ImGui::SameLine(0, frame.Px(2));
  ModeButton(frame, timeline, "Time", false);
  ImGui::PopStyleVar();
  const float y = bar.y0 + frame.Px(5);
  const std::string text = RangeText(timeline, picture);
  const float width = ImGui::CalcTextSize(text.c_str()).x;
  DrawLegend(frame, timeline, picture.lanes.x0, y, bar.x1 - width - frame.Px(12));
  ImGui::GetWindowDrawList()->AddText({bar.x1 - width, y}, frame.theme.text_dim, text.c_str());
  ImGui::PopFont();
}

// What the rows of the left column are.
void DrawCaptions(Frame& frame, const replay::Timeline& timeline, const TimelinePicture& picture) {
  const float x = picture.names.x0 + frame.Px(8), width = picture.names.x1 - x - frame.Px(8);
  const float size = frame.fonts.small->FontSize;
  const auto caption = [&](const Rect& rect, const std::string& text) {
    DrawCutText(frame, {x, (rect.y0 + rect.y1 - size) / 2}, width, text, frame.theme.text_faint);
  };
  caption(picture.overview, "Whole run");
  caption(picture.ruler, picture.viewport.mode == replay::TimelineMode::kSteps ? "Step"
                         : timeline.wall ? "Time since the start"
                                         : "Virtual time");
  if (picture.segment_rows == 0) return;
  const bool cut = timeline.segment_depth > picture.segment_rows;
  caption(picture.segments, !cut ? "Segments"
                                 : "Segments, " + std::to_string(picture.segment_rows) + " of " +
                                       std::to_string(timeline.segment_depth) + " deep");
  if (cut) frame.Name("segments:cut", picture.segments.min(), picture.segments.max());
}

bool DrawStates(Frame& frame) {
  const Loaded<replay::Timeline>& timeline = frame.model.timeline;
  if (!timeline.error.empty()) {
    ErrorState(frame, timeline.error, "`backstep verify REC` says what is damaged.");
  } else if (timeline.value == nullptr) {
    LoadingState(frame, "Reading the steps", frame.model.timeline_progress);
  } else if (timeline.value->lanes.empty()) {
    EmptyState(frame, "No agents", "Nobody has been named in this recording.");
  } else if (timeline.value->last.value == 0) {
    EmptyState(frame, "No steps yet", "A step appears here as soon as it has been committed.");
  } else {
    return true;
  }
  return false;
}

}  // namespace

void DrawTimeline(Frame& frame) {
  if (!DrawStates(frame)) return;
  const replay::Timeline& timeline = *frame.model.timeline.value;
  const ImVec2 at = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
  const TimelineRegion region{at, {at.x + size.x, at.y + size.y}, frame.theme.scale};
  const TimelinePicture picture = MakeTimelinePicture(frame.model, frame.view, region);
  DrawBar(frame, timeline, picture);
  const float top = picture.overview.y0;
  ImGui::SetCursorScreenPos({at.x, top});
  ImGui::InvisibleButton("canvas", {std::max(size.x, 1.f), std::max(region.max.y - top, 1.f)},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonMiddle |
                             ImGuiButtonFlags_MouseButtonRight);
  const bool over = ImGui::IsItemHovered() || ImGui::IsItemActive();
  const TimelineHover hover = FindHover(timeline, picture, over);
  HandleTimelineMouse(frame, timeline, picture, hover);
  HandleTimelineKeys(frame, timeline, picture, hover);
  FollowCursor(frame, timeline, picture);
  DrawCaptions(frame, timeline, picture);
  DrawOverview(frame, picture);
  DrawRuler(frame, picture);
  DrawSegments(frame, timeline, picture, hover);
  DrawLanes(frame, timeline, picture, hover);
  DrawGuides(frame, timeline, picture, hover);
  DrawTimelineTooltip(frame, timeline, hover);
  DrawTimelineMenu(frame, timeline);
}

}  // namespace backstep::gui
