#include "backstep/gui/app/layout.h"

#include <algorithm>
#include <initializer_list>

#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr float kTopBar = 32, kLostBanner = 32, kStatusLine = 22, kGap = 4;
constexpr float kShareMin = 0.12f, kShareMax = 0.6f;

// The shares of a window that nobody has changed yet.
const ViewState kFresh;

struct Box {
  float x = 0, y = 0, w = 0, h = 0;
};

// A child region that a panel fills. `padded`: with a margin inside.
void Region(Frame& frame, const char* name, const Box& box, bool padded, void (*draw)(Frame&)) {
  ImGui::SetCursorPos({box.x, box.y});
  const float pad = padded ? frame.Px(8) : 0;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {pad, padded ? frame.Px(6) : 0});
  const ImGuiWindowFlags flags = padded ? ImGuiWindowFlags_AlwaysUseWindowPadding
                                        : ImGuiWindowFlags_NoScrollbar |
                                              ImGuiWindowFlags_NoScrollWithMouse;
  if (ImGui::BeginChild(name, {box.w, box.h}, false, flags)) draw(frame);
  ImGui::EndChild();
  ImGui::PopStyleVar();
  frame.Name(std::string("panel:") + name, {box.x, box.y}, {box.x + box.w, box.y + box.h});
}

// A gap that can be dragged; changes `share` of `whole` pixels. `sign`: -1 where the share grows
// towards smaller coordinates. A double click sets it to `fresh`.
void Splitter(Frame& frame, const char* name, const Box& box, bool vertical, float whole,
              float sign, float fresh, float* share) {
  ImGui::SetCursorPos({box.x, box.y});
  ImGui::InvisibleButton(name, {std::max(box.w, 1.f), std::max(box.h, 1.f)});
  frame.NameItem(std::string("splitter:") + name);
  const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  if (active || hovered) {
    ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    ImGui::GetWindowDrawList()->AddRectFilled({box.x, box.y}, {box.x + box.w, box.y + box.h},
                                              frame.theme.accent);
  }
  if (hovered && ImGui::IsMouseDoubleClicked(0)) *share = fresh;
  if (!active || !ImGui::IsMouseDragging(0, 0)) return;
  const ImVec2 delta = ImGui::GetIO().MouseDelta;
  *share = std::clamp(*share + sign * (vertical ? delta.x : delta.y) / whole, kShareMin, kShareMax);
}

template <typename Tab>
void TabButton(Frame& frame, const char* title, const char* name, Tab tab, Tab* chosen) {
  const bool on = *chosen == tab;
  ImGui::PushStyleColor(ImGuiCol_Text, on ? frame.theme.text : frame.theme.text_dim);
  ImGui::PushStyleColor(ImGuiCol_Button, on ? frame.theme.panel : frame.theme.window);
  if (ImGui::Button(title)) *chosen = tab;
  ImGui::PopStyleColor(2);
  frame.NameItem(std::string("tab:") + name);
  if (on) {
    const ImVec2 min = ImGui::GetItemRectMin(), max = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddRectFilled({min.x, min.y}, {max.x, min.y + frame.Px(2)},
                                              frame.theme.accent);
  }
  ImGui::SameLine(0, frame.Px(2));
}

// So much less room beside the titles that all tabs can be seen.
void FitTabs(std::initializer_list<const char*> titles) {
  const ImGuiStyle& style = ImGui::GetStyle();
  float text = 0;
  for (const char* title : titles) text += ImGui::CalcTextSize(title).x;
  const auto count = static_cast<float>(titles.size());
  const float room = ImGui::GetContentRegionAvail().x - text - 3 * count;
  const float pad = std::clamp(room / (2 * count), 1.f, style.FramePadding.x);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {pad, style.FramePadding.y});
}

void CentreTabs(Frame& frame) {
  FitTabs({"Conversation", "Compare", "Recordings"});
  TabButton(frame, "Conversation", "conversation", CentreTab::kConversation, &frame.view.centre);
  TabButton(frame, "Compare", "compare", CentreTab::kCompare, &frame.view.centre);
  TabButton(frame, "Recordings", "recordings", CentreTab::kRecordings, &frame.view.centre);
  ImGui::PopStyleVar();
}

void InspectorTabs(Frame& frame) {
  FitTabs({"Step", "State", "Mailboxes", "Fork"});
  TabButton(frame, "Step", "step", InspectorTab::kStep, &frame.view.inspector);
  TabButton(frame, "State", "state", InspectorTab::kState, &frame.view.inspector);
  TabButton(frame, "Mailboxes", "mailboxes", InspectorTab::kMailboxes, &frame.view.inspector);
  TabButton(frame, "Fork", "fork", InspectorTab::kFork, &frame.view.inspector);
  ImGui::PopStyleVar();
}

void DrawCentre(Frame& frame) {
  switch (frame.view.centre) {
    case CentreTab::kConversation: DrawConversation(frame); break;
    case CentreTab::kCompare: DrawComparison(frame); break;
    case CentreTab::kRecordings: DrawRecordings(frame); break;
  }
}

void Columns(Frame& frame, const Box& area, float whole_width) {
  ViewState& view = frame.view;
  const float gap = frame.Px(kGap), tabs = frame.Px(28);
  const float left = whole_width * view.left_share, right = whole_width * view.right_share;
  const float centre_x = area.x + left + gap;
  const float centre_w = area.w - left - right - 2 * gap;
  const float right_x = centre_x + centre_w + gap;
  const float graph_h = (area.h - gap) * view.graph_share;
  Region(frame, "graph", {area.x, area.y, left, graph_h}, false, DrawGraph);
  Splitter(frame, "graph", {area.x, area.y + graph_h, left, gap}, false, area.h, 1,
           kFresh.graph_share, &view.graph_share);
  Region(frame, "agents", {area.x, area.y + graph_h + gap, left, area.h - graph_h - gap}, true,
         DrawAgents);
  Splitter(frame, "left", {area.x + left, area.y, gap, area.h}, true, whole_width, 1,
           kFresh.left_share, &view.left_share);
  Region(frame, "centre-tabs", {centre_x, area.y, centre_w, tabs}, false, CentreTabs);
  Region(frame, "centre", {centre_x, area.y + tabs, centre_w, area.h - tabs}, true, DrawCentre);
  Splitter(frame, "right", {right_x - gap, area.y, gap, area.h}, true, whole_width, -1,
           kFresh.right_share, &view.right_share);
  Region(frame, "inspector-tabs", {right_x, area.y, right, tabs}, false, InspectorTabs);
  Region(frame, "inspector", {right_x, area.y + tabs, right, area.h - tabs}, true, DrawInspector);
}

// The open recording has gone: what to do, above all that is still known of it.
void DrawLost(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + size.x, at.y + size.y}, WithAlpha(frame.theme.failed, 0.16f));
  draw->AddRectFilled(at, {at.x + frame.Px(4), at.y + size.y}, frame.theme.failed);
  ImGui::SetCursorPos({frame.Px(14), frame.Px(4)});
  ImGui::AlignTextToFramePadding();
  Elided(frame, frame.model.lost, size.x - frame.Px(290), frame.theme.text);
  frame.NameItem("banner:lost");
  ImGui::SameLine(size.x - frame.Px(264));
  if (PlainButton(frame, "Open again")) frame.Send(OpenRecording{facts.path, {}});
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Open another")) frame.Send(ShowOpenDialog{});
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Close")) frame.Send(CloseRecording{});
}

void Panels(Frame& frame, const ImVec2& size) {
  const float gap = frame.Px(kGap), status = frame.Px(kStatusLine);
  const float bar = frame.Px(kTopBar);
  const float lost = frame.model.lost.empty() ? 0 : frame.Px(kLostBanner);
  const float top = bar + lost;
  const float bottom = size.y * frame.view.bottom_share;
  const float middle = size.y - top - status - bottom - 2 * gap;
  Region(frame, "top", {0, 0, size.x, bar}, false, DrawTopBar);
  if (lost > 0) Region(frame, "lost", {0, bar, size.x, lost}, false, DrawLost);
  Columns(frame, {0, top + gap, size.x, middle}, size.x);
  const float timeline_y = top + gap + middle + gap;
  Splitter(frame, "bottom", {0, timeline_y - gap, size.x, gap}, false, size.y, -1,
           kFresh.bottom_share, &frame.view.bottom_share);
  Region(frame, "timeline", {0, timeline_y, size.x, bottom}, false, DrawTimeline);
  Region(frame, "status", {0, size.y - status, size.x, status}, false, DrawStatusLine);
}

}  // namespace

void DrawLayout(Frame& frame) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, frame.theme.window);
  ImGui::Begin("##backstep", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  if (frame.model.open.value == nullptr) {
    Region(frame, "welcome", {0, 0, size.x, size.y}, true, DrawWelcome);
  } else {
    Panels(frame, size);
  }
  DrawFileDialog(frame);
  ImGui::End();
}

}  // namespace backstep::gui
