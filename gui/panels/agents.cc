#include <algorithm>

#include "backstep/gui/panels/panel.h"
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

void DrawRow(Frame& frame, const replay::AgentStateRow& agent, int index) {
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
  ImGui::TableNextColumn();
  const bool waiting = agent.waiting != 0;
  Number(frame, waiting ? std::to_string(agent.waiting) : "-",
         waiting ? frame.theme.text : frame.theme.text_faint);
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
  if (ImGui::BeginTable("##agents", 4, kFlags, {0, 0})) {
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("Agent", ImGuiTableColumnFlags_WidthStretch);
    ImGui::TableSetupColumn("Steps", ImGuiTableColumnFlags_WidthFixed, frame.Px(42));
    ImGui::TableSetupColumn("Mail", ImGuiTableColumnFlags_WidthFixed, frame.Px(36));
    ImGui::TableSetupColumn("State", ImGuiTableColumnFlags_WidthFixed, frame.Px(64));
    ImGui::TableHeadersRow();
    const auto& agents = checkpoint.value->agents;
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(agents.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        DrawRow(frame, agents[static_cast<size_t>(i)], i);
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopFont();
}

}  // namespace backstep::gui
