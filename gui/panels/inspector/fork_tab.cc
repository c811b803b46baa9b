#include <algorithm>
#include <iterator>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/inspector/fork_parts.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/fork/fork_plan.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr const char* kKinds[] = {"Another text of a message", "Without a message",
                                  "Another answer of a call", "A fault"};
constexpr float kLabel = 64;
constexpr int kCommandLines = 12;

constexpr struct {
  const char* value;
  const char* title;
  const char* meaning;
} kPolicies[] = {
    {"llm=live", "ask the model, else ask me",
     "Models run live; a tool call without a recorded answer pauses the branch"},
    {"llm=live tool=live env=live", "run everything live",
     "Models and tools run for real: tools may change files and the world"},
    {"llm=substitute tool=substitute env=substitute", "nearest recorded answer",
     "Nothing runs live and nothing is paid for; answers may not fit"},
    {"", "pause and ask me", "The branch pauses at the first call without a recorded answer"}};

void DrawKind(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  const auto chosen = static_cast<size_t>(draft.kind);
  FieldLabel(frame, "Change");
  FocusIfWanted(frame, "form");
  if (ImGui::BeginCombo("##kind", kKinds[chosen])) {
    for (size_t i = 0; i < std::size(kKinds); ++i) {
      if (ImGui::Selectable(kKinds[i], i == chosen)) {
        draft.kind = static_cast<ForkDraft::Kind>(i);
        // A message that is there already must be met before it is taken; a fault hits what comes.
        draft.latest = draft.kind != ForkDraft::Kind::kFault;
        if (!draft.latest) draft.parent.clear();
        draft.from = frame.view.cursor;
      }
      frame.NameItem(std::string("kind:") + kKinds[i]);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:kind");
}

void DrawFrom(Frame& frame, const OpenFacts& facts) {
  ForkDraft& draft = frame.view.fork;
  FieldLabel(frame, "From");
  const std::string parent = ParentOf(draft, facts);
  const std::string chosen =
      parent + (draft.latest ? ", the latest moment that works"
                             : ", step " + std::to_string(draft.from.value));
  if (ImGui::BeginCombo("##from", Preview(chosen).c_str())) {
    const std::string latest = parent + ", the latest moment that works";
    if (ChoiceLine(latest, draft.latest)) draft.latest = true;
    frame.NameItem("from:latest");
    if (parent != facts.branch) {
      const std::string shown = facts.branch + ", the latest moment that works";
      if (ChoiceLine(shown, false)) {
        draft.parent.clear();
        draft.latest = true;
      }
      frame.NameItem("from:shown");
    }
    const std::string here = "the cursor, step " + std::to_string(frame.view.cursor.value);
    if (ImGui::Selectable(here.c_str(), !draft.latest)) {
      draft.parent.clear();
      draft.latest = false;
      draft.from = frame.view.cursor;
    }
    frame.NameItem("from:cursor");
    ImGui::EndCombo();
  }
  frame.NameItem("field:from");
}

// Nobody pays for calls that they have neither chosen nor given a budget.
void DoNotSpendUnasked(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  const replay::ForkPlan* plan = frame.model.plan.value.get();
  const bool costs = plan != nullptr && plan->live_usage_max.cost_usd > 0;
  if (costs && !draft.miss_chosen && draft.budget_usd.empty()) draft.on_miss.clear();
}

void DrawPolicy(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  DoNotSpendUnasked(frame);
  const char* shown = draft.on_miss.c_str();
  for (const auto& policy : kPolicies) {
    if (draft.on_miss == policy.value) shown = policy.title;
  }
  FieldLabel(frame, "Calls");
  Hint("What a call does that has no recorded answer");
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - frame.Px(96));
  if (ImGui::BeginCombo("##miss", shown)) {
    for (const auto& policy : kPolicies) {
      if (ImGui::Selectable(policy.title, draft.on_miss == policy.value)) {
        draft.on_miss = policy.value;
        draft.miss_chosen = true;
      }
      frame.NameItem(std::string("miss:") + policy.title);
      Hint(policy.meaning);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:miss");
  Hint("What a call does that has no recorded answer");
  ImGui::SameLine(0, frame.Px(6));
  ImGui::SetNextItemWidth(-1);
  ImGui::InputTextWithHint("##budget", "$ no limit", &draft.budget_usd);
  frame.NameItem("field:budget");
  Hint("Stop when live calls have cost this many dollars");
}

bool HasProblem(const Frame& frame) {
  const auto& plan = frame.model.plan;
  return !plan.error.empty() || (plan.value != nullptr && !plan.value->problem.empty());
}

// Where in the fault file that the form makes an error lies says nothing to who sees the form.
std::string WithoutPlace(const std::string& problem) {
  const size_t end = problem.starts_with("the form:") ? problem.find(": ") : std::string::npos;
  return end == std::string::npos ? problem : problem.substr(end + 2);
}

// What will be live and what it costs, before anything runs.
void DrawPlan(Frame& frame) {
  const auto& plan = frame.model.plan;
  const bool problem = HasProblem(frame);
  std::vector<std::string> lines;
  if (!plan.error.empty()) lines = {plan.error};
  else if (plan.value != nullptr) lines = replay::ExplainPlan(*plan.value);
  else lines = {plan.loading ? "Reading what it would run…" : ""};
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + WithoutPlace(line);
  ImGui::PushStyleColor(ImGuiCol_Text, problem ? frame.theme.fault : frame.theme.text_dim);
  ImGui::PushTextWrapPos();
  if (problem) MarkItem(frame.theme, Mark::kFault), ImGui::SameLine(0, frame.Px(4));
  ImGui::TextUnformatted(Drawable(text).c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  frame.NameItem(problem ? "plan:problem" : "plan");
  if (ImGui::BeginPopupContextItem("plan-menu")) {
    if (ImGui::MenuItem("Copy")) frame.Send(CopyText{text});
    ImGui::EndPopup();
  }
}

void DrawConfirm(Frame& frame) {
  CheckBox(frame, "I have read this command line; run it", "confirm", &frame.view.fork.confirmed);
}

// What is typed anew is confirmed anew.
void DrawOtherProgram(Frame& frame, bool recorded) {
  ForkDraft& draft = frame.view.fork;
  Heading(frame, recorded ? "Runs this program instead of the recorded one"
                          : "Which program? The recording does not say");
  int lines = 1;
  ImFont* font = frame.fonts.mono;
  const float width = ImGui::GetContentRegionAvail().x - frame.Px(24);
  (void)WrapText(draft.program, font, font->FontSize * font->Scale, width, &lines);
  lines = std::min(lines, kCommandLines);
  ImGui::PushFont(font);
  const float height = ImGui::GetTextLineHeight() * static_cast<float>(lines) + frame.Px(10);
  if (ImGui::InputTextMultiline("##program", &draft.program, {-1, height})) draft.confirmed = false;
  frame.NameItem("field:program");
  ImGui::PopFont();
  if (PlainButton(frame, "Browse", "Choose the program's file; its arguments stay as they are")) {
    frame.Send(ChooseProgram{});
  }
  if (recorded) {
    ImGui::SameLine(0, frame.Px(4));
    if (PlainButton(frame, "The recorded program")) draft.other_program = draft.confirmed = false;
  }
  FieldLabel(frame, "in");
  if (ImGui::InputTextWithHint("##directory", "the folder that this window was started in",
                               &draft.directory)) {
    draft.confirmed = false;
  }
  frame.NameItem("field:directory");
  DrawConfirm(frame);
}

// A program of one's own is named in a line; one that is not trusted is shown whole.
void DrawProgram(Frame& frame, const OpenFacts& facts) {
  if (RunsOther(frame.view.fork, facts)) return DrawOtherProgram(frame, !facts.command.empty());
  const std::string command = CommandLineOf(facts);
  const auto another = [&] {
    if (PlainButton(frame, "Another program", "It was moved or rebuilt elsewhere")) {
      BeginOtherProgram(facts, &frame.view.fork);
    }
  };
  if (facts.distrust.empty()) {
    FieldLabel(frame, "Program");
    ImGui::PushFont(frame.fonts.mono);
    Elided(frame, command, ImGui::GetContentRegionAvail().x - frame.Px(124), frame.theme.text_dim);
    ImGui::PopFont();
    if (ImGui::BeginPopupContextItem("program-menu")) {
      if (ImGui::MenuItem("Copy")) frame.Send(CopyText{command});
      ImGui::EndPopup();
    }
    ImGui::SameLine(ImGui::GetContentRegionMax().x - frame.Px(116));
    another();
    return;
  }
  Heading(frame, "Runs this program, in a process of its own");
  TextBlock(frame, "##command", command, frame.fonts.mono, kCommandLines);
  ImGui::PushTextWrapPos();
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.fault);
  ImGui::TextUnformatted(Drawable(facts.distrust).c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
  DrawConfirm(frame);
  another();
}

void DrawForm(Frame& frame, const OpenFacts& facts) {
  DrawKind(frame);
  if (frame.view.fork.kind == ForkDraft::Kind::kFault) DrawForkFault(frame);
  else DrawForkTarget(frame);
  DrawFrom(frame, facts);
  DrawPolicy(frame);
  DrawProgram(frame, facts);
  ImGui::Separator();
  DrawPlan(frame);
}

void DrawFooter(Frame& frame, const OpenFacts& facts) {
  ForkDraft& draft = frame.view.fork;
  if (PrimaryButton(frame, "Run", WhyNotNow(draft, frame.model))) {
    BeginAnew(&draft);
    frame.Send(RunFork{});
  }
  ImGui::SameLine();
  if (PlainButton(frame, "Copy command line", "The same from a shell")) {
    frame.Send(CopyText{ReplayCommandLine(draft, facts)});
  }
}

}  // namespace

void FieldLabel(Frame& frame, const char* label) {
  ImGui::AlignTextToFramePadding();
  Dim(frame, label);
  ImGui::SameLine(frame.Px(kLabel));
  ImGui::SetNextItemWidth(-1);
}

void DrawForkTab(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  if (const std::string why = WhyNotRunnable(facts); !why.empty()) {
    EmptyState(frame, "This recording cannot be re-executed", why);
    frame.NameItem("empty:fork");
    return;
  }
  ImGui::PushFont(frame.fonts.small);
  const float footer = ImGui::GetFrameHeightWithSpacing() + frame.Px(4);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::BeginChild("##form", {0, -footer});
  ImGui::PopStyleVar();  // not of the tooltips
  const bool asks = DrawForkRun(frame);
  if (!asks) DrawForm(frame, facts);
  ImGui::EndChild();
  if (!asks) DrawFooter(frame, facts);
  ImGui::PopFont();
}

}  // namespace backstep::gui
