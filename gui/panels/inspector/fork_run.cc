// A run under way, how the last one ended, and the question of one that paused.
#include <algorithm>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/inspector/fork_parts.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/conversation/chat_text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr size_t kExcerptBytesMax = 16'000;
constexpr char kAllLive[] = "llm=live tool=live env=live";

void Wrapped(const std::string& text, ImU32 color) {
  ImGui::PushTextWrapPos();
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(Drawable(text).c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
}

void CopyMenu(Frame& frame, const char* id, const std::string& text) {
  if (!ImGui::BeginPopupContextItem(id)) return;
  if (ImGui::MenuItem("Copy")) frame.Send(CopyText{text});
  ImGui::EndPopup();
}

// An excerpt comes in quotes, as one line; a person reads it with its own line breaks. One that was
// cut is no JSON any more and is read as far as it goes.
std::string ReadableExcerpt(const std::string& excerpt) {
  const auto unescaped = [](const std::string& text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool escape = text[i] == '\\' && i + 1 < text.size();
      if (!escape) plain += text[i];
      else plain += text[++i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    }
    return plain;
  };
  const bool quoted = excerpt.size() >= 2 && excerpt.front() == '"';
  const size_t end = quoted ? excerpt.rfind('"') : excerpt.size();
  const std::string text = quoted ? unescaped(excerpt.substr(1, end - 1)) : excerpt;
  const std::string readable = replay::ReadableJson(text, kExcerptBytesMax);
  return readable.empty() ? unescaped(text) : readable;
}

std::string Dismissed(const replay::ReplayReport& report) {
  return "dismissed:" + report.result.branch_name;
}

// Goes on with the paused branch, in a branch of its own.
void Answer(Frame& frame, const replay::ReplayReport& report, const std::string& policy) {
  AnswerMiss(report, policy, &frame.view.fork);
  frame.Send(RunFork{});
}

void DrawAnswers(Frame& frame, const replay::ReplayReport& report) {
  ForkDraft& draft = frame.view.fork;
  if (!draft.answer_to.empty() && draft.answer_to != CallOf(*report.result.miss)) {
    draft.answer_to.clear();  // of an earlier question
    draft.answer.clear();
  }
  if (PrimaryButton(frame, "Run it live")) Answer(frame, report, "live");
  Hint("This call, and later ones of its kind without an answer, run for real");
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Nearest recorded", "Answer it with the nearest recorded answer")) {
    Answer(frame, report, "substitute");
  }
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Stop here", "The branch stays as it is")) {
    frame.view.unfolded.insert(Dismissed(report));
  }
  if (PlainButton(frame, "Run all live", "Models, tools and the environment, within the budget")) {
    draft.on_miss = kAllLive;
    Answer(frame, report, "live");
  }
  ImGui::SameLine(0, frame.Px(4));
  ImGui::AlignTextToFramePadding();
  Dim(frame, "for at most");
  ImGui::SameLine(0, frame.Px(4));
  ImGui::SetNextItemWidth(-1);
  ImGui::InputTextWithHint("##miss-budget", "$ no limit", &draft.budget_usd);
  frame.NameItem("field:miss-budget");
  Dim(frame, "or answer it yourself");
  ImGui::PushFont(frame.fonts.mono);
  ImGui::InputTextMultiline("##answer", &draft.answer,
                            {-1, ImGui::GetTextLineHeight() * 4 + frame.Px(8)});
  frame.NameItem("field:answer");
  ImGui::PopFont();
  ImGui::BeginDisabled(draft.answer.empty());
  if (PlainButton(frame, "Use this answer", "For this call; the next one without an answer asks")) {
    AnswerOnce(report, &draft);
    frame.Send(RunFork{});
  }
  ImGui::EndDisabled();
}

void DrawMiss(Frame& frame, const replay::ReplayReport& report) {
  const replay::Miss& miss = *report.result.miss;
  MarkItem(frame.theme, Mark::kFault);
  ImGui::SameLine(0, frame.Px(4));
  const std::string call = std::string(EffectKindName(miss.kind)) + " " + miss.name;
  Wrapped(report.result.branch_name + " is paused: " + miss.agent + " calls " + call +
              ", and the recording has no answer to it.",
          frame.theme.text);
  frame.NameItem("question:" + call);
  TextBlock(frame, "##miss-request", ReadableExcerpt(miss.request_excerpt), frame.fonts.mono, 8);
  if (!miss.hint.empty()) Wrapped(miss.hint, frame.theme.text_dim);
  CopyMenu(frame, "hint-menu", miss.hint);
  DrawAnswers(frame, report);
}

void DrawProgress(Frame& frame) {
  const RunState& run = frame.model.run;
  const auto expected = static_cast<float>(std::max<uint64_t>(run.steps_expected, 1));
  const std::string text = std::to_string(run.steps_done) + " of about " +
                           std::to_string(run.steps_expected) + " steps";
  ImGui::ProgressBar(std::min(1.f, static_cast<float>(run.steps_done) / expected),
                     {-frame.Px(70), 0}, text.c_str());
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "Cancel", "What ran until then is kept")) frame.Send(CancelRun{});
  Elided(frame, run.summary, 0, frame.theme.text_dim);
}

void DrawOutput(Frame& frame, const std::string& output) {
  if (output.empty()) return;
  Dim(frame, "what the program printed");
  TextBlock(frame, "##output", output, frame.fonts.mono, 6);
}

// It could not be run at all: a program that is missing, an experiment that reaches nothing.
void DrawFailure(Frame& frame, const RunState& run) {
  MarkItem(frame.theme, Mark::kFailed);
  ImGui::SameLine(0, frame.Px(4));
  Wrapped("It was not run. " + run.error, frame.theme.failed);
  frame.NameItem("error:run");
  CopyMenu(frame, "error-menu", run.error);
  if (!RunsOther(frame.view.fork, *frame.model.open.value) &&
      PlainButton(frame, "Another program")) {
    BeginOtherProgram(*frame.model.open.value, &frame.view.fork);
  }
  ImGui::Separator();
}

void DrawReport(Frame& frame, const replay::ReplayReport& report, const std::string& output) {
  const bool bad = report.result.result == "crashed" || report.result.result == "stuck";
  const std::string name = report.result.branch_name.empty() ? "The run"
                                                             : report.result.branch_name;
  MarkItem(frame.theme, bad ? Mark::kFailed : report.good() ? Mark::kOk : Mark::kChanged);
  ImGui::SameLine(0, frame.Px(4));
  const std::string words =
      name + " " + report.result.result + ". " + replay::ExplainReplay(report);
  Wrapped(words, bad ? frame.theme.failed : frame.theme.text);
  frame.NameItem(bad ? "error:run" : "result:run");
  CopyMenu(frame, "result-menu", words);
  for (const std::string& warning : report.warnings) Wrapped(warning, frame.theme.text_dim);
  for (const std::string& line : report.result.unreached) Wrapped(line, frame.theme.fault);
  if (!report.result.branch_name.empty() && PlainButton(frame, "Compare with its parent")) {
    frame.Send(CompareLines{report.parent, report.result.branch_name});
  }
  if (bad || frame.view.unfolded.count("run-output") != 0) {
    DrawOutput(frame, output);
  } else if (!output.empty()) {
    ImGui::SameLine(0, frame.Px(4));
    if (PlainButton(frame, "Its output")) frame.view.unfolded.insert("run-output");
  }
  ImGui::Separator();
}

}  // namespace

bool DrawForkRun(Frame& frame) {
  const RunState& run = frame.model.run;
  if (run.running) {
    DrawProgress(frame);
    ImGui::Separator();
    return false;
  }
  // One of a recording that was open before has nothing to be answered or compared here.
  if (run.path != frame.model.open.value->path) return false;
  if (!run.error.empty()) DrawFailure(frame, run);
  if (run.report == nullptr) return false;
  const replay::ReplayReport& report = *run.report;
  if (report.result.miss && frame.view.unfolded.count(Dismissed(report)) == 0) {
    DrawMiss(frame, report);
    return true;
  }
  DrawReport(frame, report, run.output);
  return false;
}

}  // namespace backstep::gui
