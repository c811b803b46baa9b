#include <algorithm>
#include <iterator>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/bridge/fork_request.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/view/fault_form.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr const char* kKinds[] = {"Another text of a message", "Without a message",
                                  "Another answer of a call", "A fault"};

void DrawKind(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  const auto chosen = static_cast<size_t>(draft.kind);
  ImGui::SetNextItemWidth(-1);
  if (ImGui::BeginCombo("##kind", kKinds[chosen])) {
    for (size_t i = 0; i < std::size(kKinds); ++i) {
      if (ImGui::Selectable(kKinds[i], i == chosen)) draft.kind = static_cast<ForkDraft::Kind>(i);
      frame.NameItem(std::string("kind:") + kKinds[i]);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:kind");
}

// A change of text, by JSON path or line.
void DrawDifference(Frame& frame, const ForkDraft& draft) {
  if (draft.text == draft.original) {
    Dim(frame, "unchanged so far");
    return;
  }
  Body before, after;
  before.bytes = draft.original;
  after.bytes = draft.text;
  ImGui::PushFont(frame.fonts.mono);
  for (const replay::ValueDiff& diff : replay::DiffBodies(before, after, 12)) {
    Elided(frame, diff.path, 0, frame.theme.text_dim);
    if (!diff.before.empty()) Elided(frame, "- " + diff.before, 0, frame.theme.failed);
    if (!diff.after.empty()) Elided(frame, "+ " + diff.after, 0, frame.theme.ok);
  }
  ImGui::PopFont();
}

void DrawEdit(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  Dim(frame, draft.kind == ForkDraft::Kind::kResponse ? "Call" : "Message");
  ImGui::SetNextItemWidth(-1);
  ImGui::InputTextWithHint("##target", "choose with \"edit\" in the Step tab, or type an id",
                           &draft.target);
  frame.NameItem("field:target");
  if (draft.kind == ForkDraft::Kind::kDrop) return;
  Dim(frame, "Text");
  ImGui::PushFont(frame.fonts.mono);
  ImGui::InputTextMultiline("##text", &draft.text, {-1, frame.Px(132)});
  frame.NameItem("field:text");
  ImGui::PopFont();
  Dim(frame, "Change");
  DrawDifference(frame, draft);
}

void DrawField(Frame& frame, const replay::FaultField& field, std::string* value) {
  ImGui::PushID(field.name.c_str());
  Dim(frame, field.name + (field.required ? " *" : ""));
  ImGui::SameLine(frame.Px(130));
  ImGui::SetNextItemWidth(-1);
  const std::string hint = field.default_value.empty() ? field.meaning : field.default_value;
  ImGui::InputTextWithHint("##value", hint.c_str(), value,
                           field.number ? ImGuiInputTextFlags_CharsNoBlank : 0);
  frame.NameItem("field:" + field.name);
  Hint(field.meaning.c_str());
  ImGui::PopID();
}

void DrawFault(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  ImGui::SetNextItemWidth(-1);
  if (ImGui::BeginCombo("##action", draft.fault_action.c_str(), ImGuiComboFlags_HeightLarge)) {
    for (const replay::FaultChoice& choice : replay::FaultChoices()) {
      const std::string label = choice.action + "   " + choice.meaning;
      if (ImGui::Selectable(label.c_str(), choice.action == draft.fault_action)) {
        draft.fault_action = choice.action;
      }
      frame.NameItem("fault:" + choice.action);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:action");
  const replay::FaultChoice* choice = replay::FindFaultChoice(draft.fault_action);
  if (choice == nullptr) return;
  Dim(frame, choice->meaning + " (" + choice->hook + ")");
  for (const replay::FaultField& field : choice->params) {
    DrawField(frame, field, &draft.fault_params[field.name]);
  }
  Heading(frame, "Where (all that is given must hold; empty: everywhere)");
  for (const replay::FaultField& field : choice->selectors) {
    DrawField(frame, field, &draft.fault_selector[field.name]);
  }
}

void DrawFrom(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  ImGui::Checkbox("at the latest moment that still works", &draft.latest);
  frame.NameItem("check:latest");
  if (draft.latest) return;
  if (draft.from.value == 0) draft.from = frame.view.cursor;
  Dim(frame, "from step " + std::to_string(draft.from.value));
  ImGui::SameLine();
  if (ImGui::SmallButton("use the cursor")) draft.from = frame.view.cursor;
  frame.NameItem("button:use-cursor");
}

void DrawPolicy(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  static constexpr struct {
    const char* value;
    const char* title;
  } kPolicies[] = {{"llm=live", "ask the model (runs live)"},
                   {"llm=substitute", "use the nearest recorded answer"},
                   {"", "pause and ask me"}};
  const char* shown = draft.on_miss.c_str();
  for (const auto& policy : kPolicies) {
    if (draft.on_miss == policy.value) shown = policy.title;
  }
  Dim(frame, "A model call without a recorded answer");
  ImGui::SetNextItemWidth(-1);
  if (ImGui::BeginCombo("##miss", shown)) {
    for (const auto& policy : kPolicies) {
      if (ImGui::Selectable(policy.title, draft.on_miss == policy.value)) {
        draft.on_miss = policy.value;
      }
      frame.NameItem(std::string("miss:") + policy.title);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:miss");
  Dim(frame, "Stop when live calls have cost (dollars)");
  ImGui::SetNextItemWidth(-1);
  ImGui::InputTextWithHint("##budget", "no limit", &draft.budget_usd);
  frame.NameItem("field:budget");
}

std::string CommandOf(const OpenFacts& facts) {
  std::string line;
  for (const std::string& word : facts.command) {
    line += (line.empty() ? "" : " ") + replay::ShellQuote(word);
  }
  return line;
}

void DrawProgram(Frame& frame, const OpenFacts& facts) {
  Heading(frame, "Runs in the program's own process");
  TextBlock(frame, "##command", CommandOf(facts), frame.fonts.mono, 4);
  if (facts.distrust.empty()) return;
  ImGui::PushTextWrapPos();
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.fault);
  ImGui::TextUnformatted(Drawable(facts.distrust).c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
  ImGui::Checkbox("I have read this command line; run it", &frame.view.fork.confirmed);
  frame.NameItem("check:confirm");
}

void DrawMiss(Frame& frame, const replay::ReplayReport& report) {
  const replay::Miss& miss = *report.result.miss;
  ImGui::PushTextWrapPos();
  ImGui::TextUnformatted(("Paused: " + miss.agent + " calls " + EffectKindName(miss.kind) + " " +
                          Drawable(miss.name) + " and there is no recorded answer.").c_str());
  ImGui::PopTextWrapPos();
  TextBlock(frame, "##miss-request", miss.request_excerpt, frame.fonts.mono, 5);
  ForkDraft& draft = frame.view.fork;
  const std::string kind = EffectKindName(miss.kind);
  const auto go_on = [&](const std::string& policy) {
    draft.on_miss = policy;
    frame.Send(RunFork{});
  };
  if (PlainButton(frame, "Run live", "From the fork again, with such calls run for real")) {
    go_on(kind + "=live");
  }
  ImGui::SameLine();
  if (PlainButton(frame, "Nearest recorded", "Answer it with the nearest recorded answer")) {
    go_on(kind + "=substitute");
  }
  Dim(frame, "or type the answer");
  ImGui::SetNextItemWidth(-frame.Px(64));
  ImGui::InputText("##answer", &draft.answer);
  frame.NameItem("field:answer");
  ImGui::SameLine();
  if (PlainButton(frame, "Use")) go_on(kind + "=substitute:" + draft.answer);
}

void DrawResult(Frame& frame) {
  const RunState& run = frame.model.run;
  if (run.running) {
    const auto expected = static_cast<float>(std::max<uint64_t>(run.steps_expected, 1));
    ImGui::ProgressBar(std::min(1.f, static_cast<float>(run.steps_done) / expected), {-1, 0});
    if (PlainButton(frame, "Cancel", "What ran until then is kept")) frame.Send(CancelRun{});
    return;
  }
  if (!run.error.empty()) {
    ImGui::PushTextWrapPos();
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.failed);
    ImGui::TextUnformatted(Drawable(run.error).c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
    frame.NameItem("error:run");
  }
  if (run.report == nullptr) return;
  const replay::ReplayReport& report = *run.report;
  Heading(frame, "Branch " + report.result.branch_name + ": " + report.result.result);
  ImGui::PushTextWrapPos();
  ImGui::TextUnformatted(Drawable(replay::ExplainReplay(report)).c_str());
  for (const std::string& warning : report.warnings) Dim(frame, warning);
  ImGui::PopTextWrapPos();
  ImGui::PushFont(frame.fonts.mono);
  Elided(frame, replay::FormatSummary(report.result.summary), 0, frame.theme.text_dim);
  ImGui::PopFont();
  if (report.result.miss) DrawMiss(frame, report);
  if (!report.result.branch_name.empty() && PlainButton(frame, "Compare with its parent")) {
    frame.Send(CompareLines{report.parent, report.result.branch_name});
  }
  if (!run.output.empty()) {
    Dim(frame, "what the program printed");
    TextBlock(frame, "##output", run.output, frame.fonts.mono, 8);
  }
}

void DrawForm(Frame& frame, const OpenFacts& facts) {
  DrawKind(frame);
  if (frame.view.fork.kind == ForkDraft::Kind::kFault) DrawFault(frame);
  else DrawEdit(frame);
  Heading(frame, "From where, and what may run live");
  DrawFrom(frame);
  DrawPolicy(frame);
  DrawProgram(frame, facts);
}

void DrawFooter(Frame& frame, const OpenFacts& facts) {
  const ForkDraft& draft = frame.view.fork;
  const bool confirmed = facts.distrust.empty() || draft.confirmed;
  std::string why_not;
  if (frame.model.run.running) why_not = "one is running";
  else if (!confirmed) why_not = "confirm the command line first";
  if (PrimaryButton(frame, "Run", why_not)) frame.Send(RunFork{});
  ImGui::SameLine();
  if (PlainButton(frame, "Copy command line")) {
    frame.Send(CopyText{ReplayCommandLine(draft, facts)});
  }
}

}  // namespace

void DrawForkTab(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  if (const std::string why = WhyNotRunnable(facts); !why.empty()) {
    EmptyState(frame, "This recording cannot be re-executed", why);
    return;
  }
  const float footer = ImGui::GetFrameHeightWithSpacing() + frame.Px(4);
  ImGui::BeginChild("##form", {0, -footer});
  DrawResult(frame);
  DrawForm(frame, facts);
  ImGui::EndChild();
  DrawFooter(frame, facts);
}

}  // namespace backstep::gui
