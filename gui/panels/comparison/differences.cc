// The list of the steps that differ.
#include <algorithm>

#include <imgui.h>

#include "backstep/gui/panels/comparison/parts.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr char kFolded[] = "compare:no-list";
constexpr float kRowsShown = 4.5f;

std::string StepId(const replay::StepDiff& diff) {
  return diff.agent + "/" + std::to_string(diff.clock.value);
}

void Menu(Frame& frame, const replay::ComparisonView& view, const replay::StepDiff& diff) {
  if (!ImGui::BeginPopupContextItem("difference-menu")) return;
  if (ImGui::MenuItem("Copy step")) frame.Send(CopyText{StepId(diff)});
  if (ImGui::MenuItem("Copy what differs")) {
    frame.Send(CopyText{StepId(diff) + "\n" + replay::Joined(diff.lines, "\n")});
  }
  const auto moment = [](const std::string& side, StepNumber step) {
    return side.substr(0, side.rfind(':') == std::string::npos ? side.size() : side.rfind(':')) +
           ":" + std::to_string(step.value);
  };
  if (diff.a.value != 0 && ImGui::MenuItem("Copy moment of A")) {
    frame.Send(CopyText{moment(view.a, diff.a)});
  }
  if (diff.b.value != 0 && ImGui::MenuItem("Copy moment of B")) {
    frame.Send(CopyText{moment(view.b, diff.b)});
  }
  ImGui::EndPopup();
}

void DrawRow(Frame& frame, const replay::ComparisonView& view, size_t index) {
  const replay::StepDiff& diff = view.lines.differing[index];
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(static_cast<int>(index));
  if (ChoiceLine(StepId(diff), index == frame.view.difference,
                        ImGuiSelectableFlags_SpanAllColumns)) {
    frame.Send(GoToDifference{static_cast<int>(index), false});
  }
  frame.NameItem("difference:" + std::to_string(index));
  Menu(frame, view, diff);
  ImGui::PopID();
  for (const StepNumber step : {diff.a, diff.b}) {
    ImGui::TableNextColumn();
    Dim(frame, step.value == 0 ? "-" : std::to_string(step.value));
  }
  ImGui::TableNextColumn();
  const std::string first = diff.lines.empty() ? "" : ": " + diff.lines.front();
  Elided(frame, replay::Joined(diff.kinds) + first, 0, frame.theme.text);
}

void DrawList(Frame& frame, const replay::ComparisonView& view) {
  constexpr ImGuiTableFlags kFlags =
      ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH;
  const auto count = static_cast<float>(view.lines.differing.size() + 1);
  const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
  const float room = std::max(ImGui::GetContentRegionAvail().y * 0.3f, row * (kRowsShown + 1));
  const float height = std::min(count * row + frame.Px(2), room);
  if (!ImGui::BeginTable("##differing", 4, kFlags, {0, height})) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Step", ImGuiTableColumnFlags_WidthFixed, frame.Px(110));
  ImGui::TableSetupColumn("A", ImGuiTableColumnFlags_WidthFixed, frame.Px(36));
  ImGui::TableSetupColumn("B", ImGuiTableColumnFlags_WidthFixed, frame.Px(36));
  ImGui::TableSetupColumn("Differs in", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableHeadersRow();
  ImGuiStorage* storage = ImGui::GetStateStorage();
  const ImGuiID seen = ImGui::GetID("seen");
  const auto chosen = static_cast<int>(frame.view.difference);
  if (storage->GetInt(seen, -1) != chosen) {
    storage->SetInt(seen, chosen);
    ImGui::SetScrollY(std::max(0.f, (static_cast<float>(chosen) - 1) * row));
  }
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(view.lines.differing.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      DrawRow(frame, view, static_cast<size_t>(i));
    }
  }
  ImGui::EndTable();
}

std::string Counts(const Frame& frame, const replay::Comparison& lines) {
  std::string text = std::to_string(frame.view.difference + 1) + " of " +
                     replay::FormatCount(lines.differing_count, "difference");
  if (lines.differing.size() < lines.differing_count) {
    text += " (" + std::to_string(lines.differing.size()) + " listed)";
  }
  return text + ", " + std::to_string(lines.steps_same) + " alike; touches " +
         replay::Joined(lines.agents_touched);
}

}  // namespace

void DrawDifferences(Frame& frame, const replay::ComparisonView& view) {
  if (PlainButton(frame, "First", "Ctrl+Home")) frame.Send(GoToDifference{0, false});
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Previous", "Shift+N")) frame.Send(GoToDifference{-1, true});
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Next", "N")) frame.Send(GoToDifference{1, true});
  ImGui::SameLine(0, frame.Px(4));
  if (!AnyPopup()) {
    if (Pressed("Up")) frame.Send(GoToDifference{-1, true});
    if (Pressed("Down")) frame.Send(GoToDifference{1, true});
  }
  const bool folded = frame.view.unfolded.count(kFolded) != 0;
  if (PlainButton(frame, folded ? "Show list" : "Hide list")) {
    if (folded) frame.view.unfolded.erase(kFolded);
    else frame.view.unfolded.insert(kFolded);
  }
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  Elided(frame, Counts(frame, view.lines), 0, frame.theme.text_dim);
  if (!folded) DrawList(frame, view);
}

}  // namespace backstep::gui
