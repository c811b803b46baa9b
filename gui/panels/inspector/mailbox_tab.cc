#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {

void DrawMailboxTab(Frame& frame) {
  const replay::CheckpointView& view = *frame.model.checkpoint.value;
  if (view.mailboxes.empty() && view.open.empty()) {
    EmptyState(frame, "Nothing waits", "Every message sent by this moment has been taken.");
    return;
  }
  if (!view.open.empty()) Heading(frame, "Steps that had begun and not ended");
  for (const replay::OpenStepRow& open : view.open) {
    std::string text = open.step;
    if (!open.caller.empty()) text += ", called by " + open.caller;
    text += open.commits_as ? ", ends as step " + std::to_string(open.commits_as->value)
                            : std::string(", never ended");
    Elided(frame, text, 0, frame.theme.text);
    if (open.commits_as && ImGui::IsItemClicked()) frame.Send(GoTo{*open.commits_as});
    if (ImGui::BeginPopupContextItem(open.step.c_str())) {
      if (open.commits_as && ImGui::MenuItem("Go to its end")) frame.Send(GoTo{*open.commits_as});
      if (ImGui::MenuItem("Copy")) frame.Send(CopyText{text});
      ImGui::EndPopup();
    }
  }
  if (!view.mailboxes.empty()) {
    Heading(frame, replay::FormatCount(view.waiting_total, "message") +
                       " waiting, in the order of delivery");
  }
  for (const replay::MessageRow& message : view.mailboxes) DrawMessage(frame, message, "waits");
  const uint64_t more = view.waiting_total - view.mailboxes.size();
  if (more != 0) Dim(frame, "and " + std::to_string(more) + " more");
}

}  // namespace backstep::gui
