// What the two sides came to.
#include <cmath>

#include <imgui.h>

#include "backstep/gui/panels/comparison/parts.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr char kUnfolded[] = "compare:summary";

struct Delta {
  const char* what;
  std::string a, b, delta;  // delta: empty where both are alike
};

std::string Signed(uint64_t a, uint64_t b) {
  if (a == b) return {};
  return (b > a ? "+" : "-") + std::to_string(b > a ? b - a : a - b);
}

Delta Count(const char* what, uint64_t a, uint64_t b) {
  return {what, std::to_string(a), std::to_string(b), Signed(a, b)};
}

std::string CostDelta(double a, double b) {
  return a == b ? std::string() : (b > a ? "+" : "-") + replay::FormatCost(std::abs(b - a));
}

std::string TimeDelta(DurationNs a, DurationNs b) {
  if (a == b) return {};
  return (b > a ? "+" : "") + replay::FormatDuration(b - a);
}

// Of equal outcomes only the word is of interest.
std::string OutcomeWords(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kUnknown ? "not known" : replay::FormatOutcome(outcome);
}

std::vector<Delta> DeltasOf(const replay::Comparison& lines) {
  const replay::SideSummary &a = lines.a, &b = lines.b;
  return {{"outcome", OutcomeWords(a.outcome), OutcomeWords(b.outcome),
           a.outcome == b.outcome ? "" : "changed"},
          Count("steps", a.steps, b.steps),
          Count("failed steps", a.failed_steps, b.failed_steps),
          Count("messages", a.messages, b.messages),
          Count("tokens in", a.usage.input_tokens, b.usage.input_tokens),
          Count("tokens out", a.usage.output_tokens, b.usage.output_tokens),
          {"cost", replay::FormatCost(a.usage.cost_usd), replay::FormatCost(b.usage.cost_usd),
           CostDelta(a.usage.cost_usd, b.usage.cost_usd)},
          {"time", replay::FormatDuration(a.virtual_time), replay::FormatDuration(b.virtual_time),
           TimeDelta(a.virtual_time, b.virtual_time)}};
}

void Row(Frame& frame, const Delta& delta) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  Dim(frame, delta.what);
  ImGui::PushID(delta.what);
  for (const std::string* text : {&delta.a, &delta.b}) {
    ImGui::TableNextColumn();
    Elided(frame, *text, 0, frame.theme.text);
    ImGui::PushID(text);
    if (ImGui::BeginPopupContextItem("copy")) {
      if (ImGui::MenuItem("Copy")) frame.Send(CopyText{*text});
      ImGui::EndPopup();
    }
    ImGui::PopID();
  }
  ImGui::TableNextColumn();
  Elided(frame, delta.delta.empty() ? "=" : delta.delta, 0,
         delta.delta.empty() ? frame.theme.text_faint : frame.theme.changed);
  ImGui::PopID();
}

void Table(Frame& frame, const replay::ComparisonView& view, const std::vector<Delta>& deltas) {
  if (!ImGui::BeginTable("##deltas", 4, ImGuiTableFlags_BordersInnerH)) return;
  ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, frame.Px(84));
  constexpr ImGuiTableColumnFlags kStretch = ImGuiTableColumnFlags_WidthStretch;
  ImGui::TableSetupColumn(("A  " + Drawable(view.a)).c_str(), kStretch, 2);
  ImGui::TableSetupColumn(("B  " + Drawable(view.b)).c_str(), kStretch, 2);
  ImGui::TableSetupColumn("B - A", kStretch, 1);
  ImGui::TableHeadersRow();
  for (const Delta& delta : deltas) Row(frame, delta);
  ImGui::EndTable();
  Dim(frame, replay::FormatCount(view.lines.steps_shared, "step") +
                 " shared; messages, calls, tokens and cost count what comes after.");
}

// "29 -> 31 steps (+2)", only what differs.
std::string Short(const std::vector<Delta>& deltas) {
  std::string text;
  for (size_t i = 1; i < deltas.size(); ++i) {
    const Delta& delta = deltas[i];
    if (delta.delta.empty()) continue;
    text += (text.empty() ? "" : "  ·  ") + std::string(delta.what) + " " + delta.delta;
  }
  return text.empty() ? "steps, tokens, cost and time are alike" : text;
}

void DrawOutcomes(Frame& frame, const Delta& outcome) {
  const float half = (ImGui::GetContentRegionAvail().x - frame.Px(28)) * 0.5f;
  if (outcome.delta.empty()) {
    Elided(frame, "both " + outcome.b, 0, frame.theme.text);
    return;
  }
  Elided(frame, outcome.a, half, frame.theme.text);
  ImGui::SameLine(0, frame.Px(6));
  Dim(frame, "→");
  ImGui::SameLine(0, frame.Px(6));
  Elided(frame, outcome.b, 0, frame.theme.text);
}

}  // namespace

void DrawSummary(Frame& frame, const replay::ComparisonView& view) {
  const std::vector<Delta> deltas = DeltasOf(view.lines);
  const bool open = frame.view.unfolded.count(kUnfolded) != 0;
  ImGui::AlignTextToFramePadding();
  if (ImGui::ArrowButton("##fold", open ? ImGuiDir_Down : ImGuiDir_Right)) {
    if (open) frame.view.unfolded.erase(kUnfolded);
    else frame.view.unfolded.insert(kUnfolded);
  }
  frame.NameItem("button:summary");
  Hint(open ? "Only what differs" : "Both sides in full");
  ImGui::SameLine(0, frame.Px(6));
  if (open) {
    ImGui::NewLine();
    Table(frame, view, deltas);
    return;
  }
  ImGui::BeginGroup();
  DrawOutcomes(frame, deltas.front());
  Elided(frame, Short(deltas), 0, frame.theme.text_dim);
  ImGui::EndGroup();
}

}  // namespace backstep::gui
