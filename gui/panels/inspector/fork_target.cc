// What the form changes: a message or an answer, and its text.
#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/inspector/fork_parts.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/diff/diff_block.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kTextLines = 5;
constexpr int kChangeLines = 8;

struct Choice {
  std::string id, what;
  const std::string* text;  // in the checkpoint: bodies are long, and this is made each frame
};

// What the step at the cursor offers: messages it took and sent, and those that wait; or its calls.
std::vector<Choice> ChoicesOf(const replay::CheckpointView& view, bool calls) {
  std::vector<Choice> choices;
  if (calls) {
    if (!view.detail) return choices;
    for (const replay::CallRow& call : view.detail->calls) {
      const bool number = call.kind == EffectKind::kClock || call.kind == EffectKind::kRandom;
      if (call.error || number || !call.response.whole) continue;
      choices.push_back({call.id, std::string(EffectKindName(call.kind)) + " " + call.name,
                         &call.response.text});
    }
    return choices;
  }
  const auto add = [&](const char* role, const std::vector<replay::MessageRow>& messages) {
    for (const replay::MessageRow& message : messages) {
      if (!message.body.whole) continue;  // what is edited must be known in full
      const std::string other = std::string(role) == "took" ? "from " + message.from
                                                            : "to " + message.to;
      choices.push_back({message.id, std::string(role) + " " + other, &message.body.text});
    }
  };
  if (view.detail) {
    add("took", view.detail->took);
    add("sent", view.detail->sent);
  }
  add("waits", view.mailboxes);
  return choices;
}

void DrawChoices(Frame& frame, const std::vector<Choice>& choices, bool calls) {
  ForkDraft& draft = frame.view.fork;
  if (choices.empty()) {
    Dim(frame, calls ? "The step at the cursor made no call whose answer could be changed."
                     : "No message at the cursor.");
    return;
  }
  Dim(frame, calls ? "Calls of the step at the cursor" : "Messages at the cursor");
  for (const Choice& choice : choices) {
    ImGui::PushID((choice.id + choice.what).c_str());
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::Selectable("##choice")) {
      draft.parent.clear();  // what the cursor shows is of the branch that is shown
      draft.target = choice.id;
      draft.original = draft.text = *choice.text;
    }
    frame.NameItem("choice:" + choice.id);
    if (ImGui::BeginPopupContextItem("choice-menu")) {
      if (ImGui::MenuItem("Copy text")) frame.Send(CopyText{*choice.text});
      if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{choice.id});
      ImGui::EndPopup();
    }
    const ImVec2 next = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos(at);
    Elided(frame, choice.id, frame.Px(96), frame.theme.accent);
    ImGui::SetCursorScreenPos({at.x + frame.Px(100), at.y});
    Elided(frame, choice.what + ": " + choice.text->substr(0, 300), 0, frame.theme.text);
    ImGui::SetCursorScreenPos(next);
    ImGui::PopID();
  }
}

// The text of a target that was typed or picked without it.
void FindText(ForkDraft* draft, const std::vector<Choice>& choices) {
  for (const Choice& choice : choices) {
    if (choice.id == draft->target) draft->original = draft->text = *choice.text;
  }
}

void DrawPick(Frame& frame, const std::vector<Choice>& choices) {
  ForkDraft& draft = frame.view.fork;
  constexpr ImGuiComboFlags kFlags = ImGuiComboFlags_NoPreview | ImGuiComboFlags_PopupAlignLeft;
  if (!ImGui::BeginCombo("##pick", "", kFlags)) return;
  for (const Choice& choice : choices) {
    const std::string label = choice.id + "   " + choice.what;
    if (ChoiceLine(label, choice.id == draft.target)) {
      draft.parent.clear();  // what the cursor shows is of the branch that is shown
      draft.target = choice.id;
      draft.original = draft.text = *choice.text;
    }
  }
  ImGui::EndCombo();
}

void DrawText(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  ImGui::PushFont(frame.fonts.mono);
  const float height = ImGui::GetTextLineHeight() * kTextLines + frame.Px(8);
  ImGui::InputTextMultiline("##text", &draft.text, {-1, height});
  frame.NameItem("field:text");
  ImGui::PopFont();
  if (draft.text == draft.original) {
    Dim(frame, "unchanged so far");
  } else {
    UnifiedDiff(frame, "draft", DiffOfTyped(frame, "draft", draft.original, draft.text),
                kChangeLines);
  }
}

}  // namespace

void DrawForkTarget(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  const bool calls = draft.kind == ForkDraft::Kind::kResponse;
  const bool known = frame.model.checkpoint.value != nullptr;
  const auto choices = known ? ChoicesOf(*frame.model.checkpoint.value, calls)
                             : std::vector<Choice>();
  FieldLabel(frame, calls ? "Call" : "Message");
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - ImGui::GetFrameHeight());
  if (ImGui::InputTextWithHint("##target", calls ? "coder/3#1" : "planner/1.0", &draft.target)) {
    FindText(&draft, choices);
  }
  frame.NameItem("field:target");
  ImGui::SameLine(0, 0);
  DrawPick(frame, choices);
  frame.NameItem("button:pick");
  if (draft.target.empty()) {
    DrawChoices(frame, choices, calls);
  } else if (draft.kind == ForkDraft::Kind::kDrop) {
    if (!draft.original.empty()) TextBlock(frame, "##dropped", draft.original, frame.fonts.mono, 6);
  } else {
    DrawText(frame);
  }
}

}  // namespace backstep::gui
