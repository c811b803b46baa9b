#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {

void DrawInspector(Frame& frame) {
  if (frame.view.inspector == InspectorTab::kFork) {
    DrawForkTab(frame);
    return;
  }
  const auto& checkpoint = frame.model.checkpoint;
  if (!checkpoint.error.empty()) {
    ErrorState(frame, checkpoint.error, "`backstep verify REC` says what is damaged.");
    return;
  }
  if (checkpoint.value == nullptr) {
    LoadingState(frame, "Reading", 1);
    return;
  }
  switch (frame.view.inspector) {
    case InspectorTab::kStep: DrawStepTab(frame); break;
    case InspectorTab::kState: DrawStateTab(frame); break;
    case InspectorTab::kMailboxes: DrawMailboxTab(frame); break;
    case InspectorTab::kFork: break;
  }
}

}  // namespace backstep::gui
