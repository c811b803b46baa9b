#include <algorithm>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {

void DrawWelcome(Frame& frame) {
  if (frame.model.open.loading) {
    LoadingState(frame, "Opening", 1);
    return;
  }
  const float width = std::min(frame.Px(760), ImGui::GetContentRegionAvail().x - frame.Px(16));
  const float left = (ImGui::GetContentRegionAvail().x - width) * 0.5f;
  ImGui::SetCursorPos({left, frame.Px(56)});
  ImGui::BeginChild("##page", {width, 0});
  ImGui::PushFont(frame.fonts.title);
  ImGui::TextUnformatted("Backstep");
  ImGui::PopFont();
  ImGui::PushTextWrapPos(width);
  Dim(frame, "A recording holds every step of a multi-agent run: each agent's state, the messages "
             "in flight, every answer from outside.\n"
             "Scrub to the moment it went wrong and see who told what to whom.\n"
             "Then change one message or inject a fault, run the real agents again from there, and "
             "compare.");
  ImGui::PopTextWrapPos();
  ImGui::Dummy({0, frame.Px(8)});
  if (!frame.model.open.error.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.failed);
    ImGui::PushTextWrapPos(width);
    ImGui::TextUnformatted(Drawable(frame.model.open.error).c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
    frame.NameItem("error:open");
    Dim(frame, "`backstep verify REC` says what is damaged in a recording.");
    ImGui::Dummy({0, frame.Px(8)});
  }
  DrawRecordings(frame);
  ImGui::EndChild();
}

}  // namespace backstep::gui
