#include <algorithm>
#include <cstdio>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

void DrawChoice(Frame& frame) {
  ViewState& view = frame.view;
  const OpenFacts& facts = *frame.model.open.value;
  const float width = (ImGui::GetContentRegionAvail().x - frame.Px(150)) * 0.5f;
  if (view.compare_a.empty()) view.compare_a = "main";
  if (view.compare_b.empty()) view.compare_b = facts.branch;
  for (std::string* side : {&view.compare_a, &view.compare_b}) {
    ImGui::PushID(side);
    ImGui::SetNextItemWidth(width - frame.Px(24));
    ImGui::InputTextWithHint("##side", "branch, moment, or PATH.backstep:branch", side);
    frame.NameItem(side == &view.compare_a ? "field:compare-a" : "field:compare-b");
    ImGui::SameLine(0, 0);
    if (ImGui::BeginCombo("##pick", "", ImGuiComboFlags_NoPreview)) {
      for (const replay::BranchRow& row : facts.branches) {
        const std::string name = row.depth == 0 ? "main" : row.name;
        if (ImGui::Selectable(Drawable(name).c_str())) *side = name;
      }
      ImGui::EndCombo();
    }
    ImGui::PopID();
    ImGui::SameLine();
  }
  if (PrimaryButton(frame, "Compare")) frame.Send(CompareLines{view.compare_a, view.compare_b});
}

void DeltaRow(Frame& frame, const char* what, const std::string& a, const std::string& b,
              const std::string& delta) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  Dim(frame, what);
  for (const std::string* text : {&a, &b, &delta}) {
    ImGui::TableNextColumn();
    Elided(frame, *text, 0, frame.theme.text);
  }
}

std::string Signed(uint64_t a, uint64_t b) {
  if (a == b) return "=";
  return (b > a ? "+" : "-") + std::to_string(b > a ? b - a : a - b);
}

void DrawDeltas(Frame& frame, const replay::ComparisonView& view) {
  const replay::SideSummary& a = view.lines.a;
  const replay::SideSummary& b = view.lines.b;
  if (!ImGui::BeginTable("##deltas", 4, ImGuiTableFlags_BordersInnerH)) return;
  ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, frame.Px(84));
  ImGui::TableSetupColumn(Drawable(view.a).c_str(), ImGuiTableColumnFlags_WidthStretch, 2);
  ImGui::TableSetupColumn(Drawable(view.b).c_str(), ImGuiTableColumnFlags_WidthStretch, 2);
  ImGui::TableSetupColumn("difference", ImGuiTableColumnFlags_WidthStretch, 1);
  ImGui::TableHeadersRow();
  DeltaRow(frame, "outcome", replay::FormatOutcome(a.outcome), replay::FormatOutcome(b.outcome),
           a.outcome == b.outcome ? "=" : "changed");
  DeltaRow(frame, "steps", std::to_string(a.steps), std::to_string(b.steps),
           Signed(a.steps, b.steps));
  DeltaRow(frame, "tokens in", std::to_string(a.usage.input_tokens),
           std::to_string(b.usage.input_tokens), Signed(a.usage.input_tokens, b.usage.input_tokens));
  DeltaRow(frame, "tokens out", std::to_string(a.usage.output_tokens),
           std::to_string(b.usage.output_tokens),
           Signed(a.usage.output_tokens, b.usage.output_tokens));
  DeltaRow(frame, "cost", replay::FormatCost(a.usage.cost_usd), replay::FormatCost(b.usage.cost_usd),
           a.usage.cost_usd == b.usage.cost_usd ? "=" : "changed");
  DeltaRow(frame, "time", replay::FormatDuration(a.virtual_time),
           replay::FormatDuration(b.virtual_time),
           replay::FormatDuration(DurationNs{b.virtual_time.ns - a.virtual_time.ns}));
  ImGui::EndTable();
  Dim(frame, replay::FormatCount(view.lines.steps_shared, "step") +
                 " shared; calls, tokens and cost count what comes after them.");
}

std::string KindsOf(const replay::StepDiff& diff) {
  std::string text;
  for (const std::string& kind : diff.kinds) text += (text.empty() ? "" : ", ") + kind;
  return text;
}

void DrawDifferenceRow(Frame& frame, const replay::StepDiff& diff, size_t index) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(static_cast<int>(index));
  const std::string title = diff.agent + "/" + std::to_string(diff.clock.value);
  if (ImGui::Selectable(Drawable(title).c_str(), index == frame.view.difference,
                        ImGuiSelectableFlags_SpanAllColumns)) {
    frame.Send(GoToDifference{static_cast<int>(index), false});
  }
  frame.NameItem("difference:" + std::to_string(index));
  ImGui::PopID();
  for (const StepNumber step : {diff.a, diff.b}) {
    ImGui::TableNextColumn();
    Dim(frame, step.value == 0 ? "-" : std::to_string(step.value));
  }
  ImGui::TableNextColumn();
  Elided(frame, KindsOf(diff), 0, frame.theme.text);
}

void DrawDifferences(Frame& frame, const replay::Comparison& lines) {
  constexpr ImGuiTableFlags kFlags =
      ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH;
  const float height = std::min(static_cast<float>(lines.differing.size() + 1) *
                                    ImGui::GetTextLineHeightWithSpacing() + frame.Px(8),
                                std::max(ImGui::GetContentRegionAvail().y * 0.42f, frame.Px(96)));
  if (!ImGui::BeginTable("##differing", 4, kFlags, {0, height})) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Step", ImGuiTableColumnFlags_WidthStretch, 2);
  ImGui::TableSetupColumn("A", ImGuiTableColumnFlags_WidthFixed, frame.Px(44));
  ImGui::TableSetupColumn("B", ImGuiTableColumnFlags_WidthFixed, frame.Px(44));
  ImGui::TableSetupColumn("Differs in", ImGuiTableColumnFlags_WidthStretch, 3);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines.differing.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      DrawDifferenceRow(frame, lines.differing[static_cast<size_t>(i)], static_cast<size_t>(i));
    }
  }
  ImGui::EndTable();
}

void DrawNavigation(Frame& frame, const replay::Comparison& lines) {
  Heading(frame, std::to_string(frame.view.difference + 1) + " of " +
                     replay::FormatCount(lines.differing_count, "step") + " that differ; " +
                     std::to_string(lines.steps_same) + " alike");
  if (PlainButton(frame, "First")) frame.Send(GoToDifference{0, false});
  ImGui::SameLine();
  if (PlainButton(frame, "Previous", "Shift+N")) frame.Send(GoToDifference{-1, true});
  ImGui::SameLine();
  if (PlainButton(frame, "Next", "N")) frame.Send(GoToDifference{1, true});
  ImGui::SameLine();
  std::string touched;
  for (const std::string& agent : lines.agents_touched) {
    touched += (touched.empty() ? "" : ", ") + agent;
  }
  Elided(frame, "touches " + touched, 0, frame.theme.text_dim);
}

// The chosen difference in words, and the first one's values.
void DrawDetail(Frame& frame, const replay::Comparison& lines) {
  if (frame.view.difference >= lines.differing.size()) return;
  const replay::StepDiff& diff = lines.differing[frame.view.difference];
  std::string text;
  for (const std::string& line : diff.lines) text += (text.empty() ? "" : "\n") + line;
  if (!text.empty()) {
    Heading(frame, diff.agent + "/" + std::to_string(diff.clock.value));
    TextBlock(frame, "##difference", text, frame.fonts.mono, 14);
    frame.NameItem("text:difference");
  }
  if (frame.view.difference != 0 || lines.first_values.empty()) return;
  Heading(frame, "Values");
  ImGui::PushFont(frame.fonts.mono);
  for (const replay::ValueDiff& value : lines.first_values) {
    Elided(frame, value.path, 0, frame.theme.text_dim);
    if (!value.before.empty()) Elided(frame, "- " + value.before, 0, frame.theme.failed);
    if (!value.after.empty()) Elided(frame, "+ " + value.after, 0, frame.theme.ok);
  }
  ImGui::PopFont();
}

}  // namespace

void DrawComparison(Frame& frame) {
  DrawChoice(frame);
  const auto& comparison = frame.model.comparison;
  if (!comparison.error.empty()) {
    ErrorState(frame, comparison.error, "Give two branches or moments: main, b1, b1:40.");
    return;
  }
  if (comparison.value == nullptr) {
    if (comparison.loading) LoadingState(frame, "Comparing", 1);
    else EmptyState(frame, "Nothing compared yet", "Fork somewhere, or choose two branches.");
    return;
  }
  const replay::ComparisonView& view = *comparison.value;
  ImGui::PushFont(frame.fonts.small);
  DrawDeltas(frame, view);
  if (view.lines.differing.empty()) {
    MarkItem(frame.theme, Mark::kOk);
    ImGui::SameLine();
    ImGui::TextUnformatted("No difference.");
  } else {
    DrawNavigation(frame, view.lines);
    DrawDifferences(frame, view.lines);
    DrawDetail(frame, view.lines);
  }
  ImGui::PopFont();
}

}  // namespace backstep::gui
