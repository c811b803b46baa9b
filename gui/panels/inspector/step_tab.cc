#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

Mark MarkOf(const replay::StepRow& row) {
  if (row.error || row.failed_calls != 0) return Mark::kFailed;
  return row.faults.empty() ? Mark::kOk : Mark::kFault;
}

void DrawHeader(Frame& frame, const replay::StepDetail& detail) {
  const replay::StepRow& row = detail.row;
  MarkItem(frame.theme, MarkOf(row));
  ImGui::SameLine(0, frame.Px(4));
  ImGui::PushFont(frame.fonts.title);
  Elided(frame, row.step, ImGui::GetContentRegionAvail().x - frame.Px(100), frame.theme.text);
  ImGui::PopFont();
  if (ImGui::BeginPopupContextItem("step-menu")) {
    if (ImGui::MenuItem("Copy step")) frame.Send(CopyText{row.step});
    if (ImGui::MenuItem("Copy moment")) frame.Send(CopyText{row.moment});
    if (row.error && ImGui::MenuItem("Copy error")) frame.Send(CopyText{row.error->message});
    ImGui::EndPopup();
  }
  const float width = ImGui::CalcTextSize("Fork here").x + 2 * ImGui::GetStyle().FramePadding.x;
  ImGui::SameLine(ImGui::GetContentRegionMax().x - width);
  if (PrimaryButton(frame, "Fork here", WhyNotRunnable(frame.model))) {
    frame.Send(Fork{DraftHere(ForkDraft::Kind::kFault, frame.view.cursor, row.agent)});
  }
  if (row.error) {
    ImGui::PushTextWrapPos();
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.failed);
    ImGui::TextUnformatted(Drawable(row.error->kind + ": " + row.error->message).c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
  }
}

std::string SizeChange(int64_t bytes) {
  return bytes == 0 ? "changed, +0" : replay::FormatByteDelta(bytes);
}

void DrawFacts(Frame& frame, const replay::StepDetail& detail) {
  const replay::StepRow& row = detail.row;
  const float label = frame.Px(84);
  if (!row.name.empty()) Fact(frame, "name", row.name, label);
  if (!row.segment.empty()) Fact(frame, "segment", row.segment, label);
  if (!row.caller.empty()) Fact(frame, "called by", row.caller, label);
  Fact(frame, "lasted", replay::FormatDuration(row.duration) + ", own work " +
                            replay::FormatDuration(detail.own), label);
  if (row.usage.input_tokens != 0 || row.usage.output_tokens != 0) {
    Fact(frame, "tokens", std::to_string(row.usage.input_tokens) + " in, " +
                              std::to_string(row.usage.output_tokens) + " out", label);
  }
  if (row.usage.cost_usd != 0) Fact(frame, "cost", replay::FormatCost(row.usage.cost_usd), label);
  Fact(frame, "state", replay::FormatBytes(row.state_bytes) + ", " +
                           (row.state_changed ? SizeChange(row.state_delta_bytes)
                                              : std::string("unchanged")), label);
  if (row.outcome) Fact(frame, "outcome", replay::FormatOutcome(*row.outcome), label);
}

bool Answerable(const replay::CallRow& call) {
  return call.kind == EffectKind::kLlm || call.kind == EffectKind::kTool ||
         call.kind == EffectKind::kEnv;
}

// What is edited must be known in full; a call that failed has nothing to be known.
std::string WhyNotAnswer(const Frame& frame, const replay::CallRow& call) {
  return call.error ? WhyNotRunnable(frame.model) : WhyNotEdit(frame, call.response);
}

void CallMenu(Frame& frame, const replay::CallRow& call) {
  if (!ImGui::BeginPopupContextItem("call-menu")) return;
  if (Answerable(call) && MenuLine(frame, "Give it another answer and run again", "edit-answer",
                                   WhyNotAnswer(frame, call))) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kResponse, call.id, call.response.text)});
  }
  if (ImGui::MenuItem("Copy request")) frame.Send(CopyText{call.request.text});
  if (ImGui::MenuItem("Copy answer")) {
    frame.Send(CopyText{call.error ? replay::FormatCallError(*call.error) : call.response.text});
  }
  if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{call.id});
  ImGui::EndPopup();
}

void DrawCall(Frame& frame, const replay::CallRow& call) {
  ImGui::PushID(call.id.c_str());
  std::string title = std::string(EffectKindName(call.kind)) + " " + call.name + "  " +
                      replay::FormatDuration(call.duration);
  if (call.status != CallStatus::kRecorded) {
    title += std::string("  ") + CallStatusName(call.status);
  }
  if (call.moved) title += ", moved";
  if (call.substituted) title += ", substituted";
  if (call.error) MarkItem(frame.theme, Mark::kFailed), ImGui::SameLine(0, frame.Px(4));
  Elided(frame, title, ImGui::GetContentRegionAvail().x - frame.Px(44), frame.theme.text);
  frame.NameItem("call:" + call.id);
  CallMenu(frame, call);
  if (Answerable(call)) {
    ImGui::SameLine(ImGui::GetContentRegionMax().x - frame.Px(40));
    if (EditButton(frame, call.id, WhyNotAnswer(frame, call), "Run again with another answer")) {
      frame.Send(Fork{EditOf(ForkDraft::Kind::kResponse, call.id, call.response.text)});
    }
  }
  ImGui::PushFont(frame.fonts.small);
  if (call.request.present && call.request.size_bytes != 0) {
    Dim(frame, "request");
    DrawBody(frame, "request" + call.id, call.request);
  }
  if (call.error) {
    Dim(frame, replay::FormatCallError(*call.error));
  } else {
    Dim(frame, "response");
    DrawBody(frame, "response" + call.id, call.response);
  }
  ImGui::PopFont();
  ImGui::PopID();
  ImGui::Dummy({0, frame.Px(4)});
}

void DrawFault(Frame& frame, const replay::FaultRow& fault) {
  const std::string text = fault.type + " " + fault.target + ": " + fault.decision;
  ImGui::PushID((fault.spec_id + fault.target).c_str());
  MarkItem(frame.theme, Mark::kFault);
  ImGui::SameLine(0, frame.Px(4));
  Elided(frame, text, 0, frame.theme.text);
  if (ImGui::BeginPopupContextItem("fault-menu")) {
    if (ImGui::MenuItem("Copy")) {
      frame.Send(CopyText{text + "\n- " + fault.before + "\n+ " + fault.after});
    }
    ImGui::EndPopup();
  }
  ImGui::PopID();
  if (!fault.before.empty()) Elided(frame, "- " + fault.before, 0, frame.theme.text_dim);
  if (!fault.after.empty()) Elided(frame, "+ " + fault.after, 0, frame.theme.text);
}

// What somebody said about the step once the run was over.
void DrawAnnotation(Frame& frame, const replay::AnnotationRow& said) {
  MarkItem(frame.theme, said.decisive ? Mark::kFailed : Mark::kFault);
  ImGui::SameLine(0, frame.Px(4));
  const std::string text = replay::FormatAnnotation(said);
  ImGui::PushTextWrapPos();
  ImGui::TextUnformatted(Drawable(text).c_str());
  ImGui::PopTextWrapPos();
  frame.NameItem("annotation:" + said.author);
  ImGui::PushID(&said);
  if (ImGui::BeginPopupContextItem("annotation-menu")) {
    if (ImGui::MenuItem("Copy")) frame.Send(CopyText{text});
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void DrawMessages(Frame& frame, const char* title, const std::vector<replay::MessageRow>& messages,
                  const char* role) {
  if (messages.empty()) return;
  Heading(frame, std::string(title) + " (" + std::to_string(messages.size()) + ")");
  for (const replay::MessageRow& message : messages) DrawMessage(frame, message, role);
}

}  // namespace

void DrawStepTab(Frame& frame) {
  const replay::CheckpointView& view = *frame.model.checkpoint.value;
  if (!view.detail) {
    EmptyState(frame, "The start", "Every agent has its initial state; nothing has run yet. "
                                   "Press Right for the first step.");
    return;
  }
  const replay::StepDetail& detail = *view.detail;
  DrawHeader(frame, detail);
  DrawFacts(frame, detail);
  if (!detail.faults.empty()) {
    Heading(frame, "Faults and edits that hit it");
    for (const replay::FaultRow& fault : detail.faults) DrawFault(frame, fault);
  }
  if (!detail.row.annotations.empty()) {
    Heading(frame, "Said about it afterwards (" +
                       std::to_string(detail.row.annotations.size()) + ")");
    for (const auto& said : detail.row.annotations) DrawAnnotation(frame, said);
  }
  DrawMessages(frame, "Took", detail.took, "took");
  if (!detail.calls.empty()) {
    Heading(frame, "Calls (" + std::to_string(detail.calls.size()) + ")");
    for (const replay::CallRow& call : detail.calls) DrawCall(frame, call);
  }
  DrawMessages(frame, "Sent", detail.sent, "sent");
  for (const std::string& note : view.notes) Dim(frame, note);
}

}  // namespace backstep::gui
