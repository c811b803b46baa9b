// A fault with its parameters, and where it is to hit.
#include <algorithm>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/inspector/fork_parts.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/fork/fault_form.h"

namespace backstep::gui {
namespace {

constexpr float kFieldLabel = 128;

// True: it is to go.
bool DrawField(Frame& frame, const replay::FaultField& field, std::string* value, bool removable) {
  ImGui::PushID(field.name.c_str());
  ImGui::AlignTextToFramePadding();
  Dim(frame, field.name + (field.required ? " *" : ""));
  Hint(field.meaning.c_str());
  ImGui::SameLine(std::min(frame.Px(kFieldLabel), ImGui::GetContentRegionMax().x * 0.45f));
  const float button = removable ? ImGui::GetFrameHeight() + frame.Px(4) : 0;
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - button);
  const std::string hint = field.default_value.empty() ? field.meaning : field.default_value;
  ImGui::InputTextWithHint("##value", hint.c_str(), value,
                           field.number ? ImGuiInputTextFlags_CharsNoBlank : 0);
  frame.NameItem("field:" + field.name);
  Hint(field.meaning.c_str());
  bool removed = false;
  if (removable) {
    ImGui::SameLine(0, frame.Px(4));
    removed = ImGui::Button("x", {ImGui::GetFrameHeight(), 0});
    frame.NameItem("remove:" + field.name);
    Hint("Without this condition");
  }
  ImGui::PopID();
  return removed;
}

void DrawAction(Frame& frame) {
  ForkDraft& draft = frame.view.fork;
  FieldLabel(frame, "Fault");
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
}

// Only the conditions that were chosen take room; the others are offered.
void DrawSelectors(Frame& frame, const replay::FaultChoice& choice) {
  auto& chosen = frame.view.fork.fault_selector;
  bool any = false;
  for (const replay::FaultField& field : choice.selectors) {
    const auto found = chosen.find(field.name);
    if (found == chosen.end()) continue;
    any = true;
    if (DrawField(frame, field, &found->second, true)) chosen.erase(found);
  }
  ImGui::SetNextItemWidth(-1);
  const char* title = any ? "and only where…" : "it hits everywhere; only where…";
  if (ImGui::BeginCombo("##where", title, ImGuiComboFlags_HeightLarge)) {
    for (const replay::FaultField& field : choice.selectors) {
      if (chosen.count(field.name) != 0) continue;
      if (ImGui::Selectable((field.name + "   " + field.meaning).c_str())) chosen[field.name];
      frame.NameItem("where:" + field.name);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("field:where");
}

}  // namespace

void DrawForkFault(Frame& frame) {
  DrawAction(frame);
  const replay::FaultChoice* choice = replay::FindFaultChoice(frame.view.fork.fault_action);
  if (choice == nullptr) return;
  ImGui::PushTextWrapPos();
  Dim(frame, choice->meaning);
  ImGui::PopTextWrapPos();
  for (const replay::FaultField& field : choice->params) {
    DrawField(frame, field, &frame.view.fork.fault_params[field.name], false);
  }
  DrawSelectors(frame, *choice);
}

}  // namespace backstep::gui
