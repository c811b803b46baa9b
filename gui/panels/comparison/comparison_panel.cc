#include <algorithm>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/comparison/parts.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

// A branch, a moment or another recording; the arrow offers the branches of this one.
void DrawSide(Frame& frame, const char* label, const char* name, float width, std::string* side) {
  const OpenFacts& facts = *frame.model.open.value;
  ImGui::PushID(name);
  ImGui::AlignTextToFramePadding();
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.text_dim);
  ImGui::TextUnformatted(label);
  ImGui::PopStyleColor();
  ImGui::SameLine(0, frame.Px(6));
  ImGui::SetNextItemWidth(width);
  const bool entered = ImGui::InputTextWithHint("##side", "branch, moment, PATH.backstep:branch",
                                                side, ImGuiInputTextFlags_EnterReturnsTrue);
  frame.NameItem(name);
  Hint("A branch (b1), a moment (b1:40), or another recording (PATH.backstep:main)");
  ImGui::SameLine(0, 0);
  bool chosen = false;
  if (ImGui::BeginCombo("##pick", "", ImGuiComboFlags_NoPreview)) {
    for (const replay::BranchRow& row : facts.branches) {
      const std::string branch = row.depth == 0 ? "main" : row.name;
      if (ChoiceLine(branch, false)) *side = branch, chosen = true;
    }
    ImGui::EndCombo();
  }
  ImGui::PopID();
  const ViewState& view = frame.view;
  if (entered || chosen) frame.Send(CompareLines{view.compare_a, view.compare_b});
}

void DrawChoice(Frame& frame) {
  ViewState& view = frame.view;
  if (view.compare_a.empty()) view.compare_a = "main";
  if (view.compare_b.empty()) view.compare_b = frame.model.open.value->branch;
  const float rest = ImGui::GetContentRegionAvail().x - frame.Px(180);
  const float width = std::max(rest * 0.5f, frame.Px(60));
  DrawSide(frame, "A", "field:compare-a", width, &view.compare_a);
  ImGui::SameLine(0, frame.Px(10));
  DrawSide(frame, "B", "field:compare-b", width, &view.compare_b);
  ImGui::SameLine(0, frame.Px(8));
  if (PrimaryButton(frame, "Compare")) frame.Send(CompareLines{view.compare_a, view.compare_b});
}

void DrawReady(Frame& frame, const replay::ComparisonView& view) {
  ImGui::PushFont(frame.fonts.small);
  DrawSummary(frame, view);
  if (!view.with_steps) {
    Dim(frame, "One side is the start: there are no steps to compare.");
  } else if (view.lines.differing.empty()) {
    MarkItem(frame.theme, Mark::kOk);
    ImGui::SameLine();
    ImGui::TextUnformatted("No step differs.");
    DrawPair(frame, view);
  } else {
    DrawDifferences(frame, view);
    DrawPair(frame, view);
  }
  ImGui::PopFont();
}

}  // namespace

void DrawComparison(Frame& frame) {
  DrawChoice(frame);
  const auto& comparison = frame.model.comparison;
  if (!comparison.error.empty()) {
    ErrorState(frame, comparison.error, "Give two branches or moments: main, b1, b1:40.");
  } else if (comparison.value != nullptr) {
    DrawReady(frame, *comparison.value);
  } else if (comparison.loading) {
    LoadingState(frame, "Comparing", 1);
  } else {
    EmptyState(frame, "Nothing compared yet", "Fork somewhere, or choose two branches.");
  }
}

}  // namespace backstep::gui
