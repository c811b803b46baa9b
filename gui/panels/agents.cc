#include <algorithm>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

void DrawMenu(Frame& frame, const replay::AgentStateRow& agent) {
  if (!ImGui::BeginPopupContextItem("agent")) return;
  if (ImGui::MenuItem("Go to its newest step", nullptr, false, agent.last_step.value != 0)) {
    frame.Send(GoTo{agent.last_step});
  }
  if (ImGui::MenuItem("Show its state")) frame.view.inspector = InspectorTab::kState;
  if (ImGui::MenuItem("Copy name")) frame.Send(CopyText{agent.name});
  ImGui::EndPopup();
}

void Number(Frame& frame, const std::string& text, ImU32 color) {
  const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.f, room - frame.Px(2)));
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

// Columns beside the name, as far as they leave it room.
struct Columns {
  bool mail = true, state = true;
  int count() const { return 2 + (mail ? 1 : 0) + (state ? 1 : 0); }
};

constexpr float kSteps = 42, kMail = 36, kState = 64;
constexpr float kNameMax = 120;           // points that a name may ask for
constexpr size_t kMeasuredMax = 500;

Columns ColumnsFor(Frame& frame, const std::vector<replay::AgentStateRow>& agents) {
  float name = ImGui::CalcTextSize("Agent").x;
  for (size_t i = 0; i < agents.size() && i < kMeasuredMax && name < frame.Px(kNameMax); ++i) {
    name = std::max(name, ImGui::CalcTextSize(DrawableLine(agents[i].name).c_str()).x);
  }
  const float pads = 2 * ImGui::GetStyle().CellPadding.x;
  const float bar = ImGui::GetStyle().ScrollbarSize;
  const float room = ImGui::GetContentRegionAvail().x - std::min(name, frame.Px(kNameMax)) -
                     frame.Px(kSteps) - 2 * pads - bar;
  Columns columns;
  columns.state = room >= frame.Px(kMail + kState) + 2 * pads;
  columns.mail = room >= frame.Px(kMail) + pads;
  return columns;
}

// Headings of numbers stand over their last digits.
void DrawHeadings(Frame& frame, const Columns& columns) {
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Agent", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn("Steps", ImGuiTableColumnFlags_WidthFixed, frame.Px(kSteps));
  const auto optional = [&](bool shown, const char* title, float width) {
    if (shown) ImGui::TableSetupColumn(title, ImGuiTableColumnFlags_WidthFixed, frame.Px(width));
  };
  optional(columns.mail, "Mail", kMail);
  optional(columns.state, "State", kState);
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  ImGui::TableNextColumn();
  ImGui::TextUnformatted("Agent");
  for (int i = 1; i < columns.count(); ++i) {
    ImGui::TableNextColumn();
    Number(frame, ImGui::TableGetColumnName(i), frame.theme.text);
  }
}

// Arrows choose, unless they belong to the list that is shown in the centre. Returns the agent that
// is to be seen; -1: none has moved.
int HandleKeys(Frame& frame, const std::vector<replay::AgentStateRow>& agents) {
  if (frame.view.centre != CentreTab::kConversation) return -1;
  if (AnyPopup()) return -1;
  const int by = Pressed("Down") ? 1 : Pressed("Up") ? -1 : 0;
  if (by == 0) return -1;
  const auto found = std::find_if(agents.begin(), agents.end(), [&](const auto& agent) {
    return agent.name == frame.view.agent;
  });
  const int at = found == agents.end() ? -1 : static_cast<int>(found - agents.begin());
  const int to = std::clamp(at + by, 0, static_cast<int>(agents.size()) - 1);
  frame.Send(SelectAgent{agents[static_cast<size_t>(to)].name});
  return to;
}

void DrawRow(Frame& frame, const replay::AgentStateRow& agent, int index,
             const Columns& columns) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(index);
  const bool selected = frame.view.agent == agent.name;
  const ImVec2 at = ImGui::GetCursorPos();
  if (ImGui::Selectable("##agent", selected,
                        ImGuiSelectableFlags_SpanAllColumns |
                            ImGuiSelectableFlags_AllowDoubleClick)) {
    frame.Send(SelectAgent{agent.name});
    if (ImGui::IsMouseDoubleClicked(0)) frame.Send(GoTo{agent.last_step});
  }
  frame.NameItem("agent:" + agent.name);
  DrawMenu(frame, agent);
  ImGui::SetCursorPos(at);
  Elided(frame, agent.name, 0, frame.theme.text);
  ImGui::PopID();
  ImGui::TableNextColumn();
  Number(frame, std::to_string(agent.clock.value), frame.theme.text);
  const bool waiting = agent.waiting != 0;
  if (columns.mail) {
    ImGui::TableNextColumn();
    Number(frame, waiting ? std::to_string(agent.waiting) : "-",
           waiting ? frame.theme.text : frame.theme.text_faint);
  }
  if (!columns.state) return;
  ImGui::TableNextColumn();
  Number(frame, agent.state.present ? replay::FormatBytes(agent.state.size_bytes) : "-",
         agent.state.present ? frame.theme.text_dim : frame.theme.text_faint);
}

}  // namespace

void DrawAgents(Frame& frame) {
  const auto& checkpoint = frame.model.checkpoint;
  if (!checkpoint.error.empty()) {
    ErrorState(frame, checkpoint.error, "`backstep verify REC` says what is damaged.");
    return;
  }
  if (checkpoint.value == nullptr) {
    LoadingState(frame, "Reading", 1);
    return;
  }
  if (checkpoint.value->agents.empty()) {
    EmptyState(frame, "No agents", "The recording names none.");
    return;
  }
  ImGui::PushFont(frame.fonts.small);
  constexpr ImGuiTableFlags kFlags =
      ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH;
  const auto& agents = checkpoint.value->agents;
  const Columns columns = ColumnsFor(frame, agents);
  const std::string id = "##agents" + std::to_string(columns.count());
  if (ImGui::BeginTable(id.c_str(), columns.count(), kFlags, {0, 0})) {
    DrawHeadings(frame, columns);
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    if (const int moved = HandleKeys(frame, agents); moved >= 0) KeepRowInSight(moved, row);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(agents.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        DrawRow(frame, agents[static_cast<size_t>(i)], i, columns);
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopFont();
}

}  // namespace backstep::gui
