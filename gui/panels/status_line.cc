#include <cstdio>
#include <fstream>

#include <unistd.h>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

// Resident memory of this process, from /proc/self/statm: read once a second, not each frame.
std::string MemoryText(Frame& frame) {
  ImGuiStorage* kept = ImGui::GetStateStorage();
  const ImGuiID second_id = ImGui::GetID("memory-second"), text_id = ImGui::GetID("memory-kib");
  const int second = static_cast<int>(frame.now) + 1;
  if (kept->GetInt(second_id) != second) {
    kept->SetInt(second_id, second);
    std::ifstream statm("/proc/self/statm");
    uint64_t total = 0, resident = 0;
    statm >> total >> resident;
    const uint64_t bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    kept->SetInt(text_id, static_cast<int>(bytes >> 10));
  }
  return replay::FormatBytes(static_cast<uint64_t>(kept->GetInt(text_id)) << 10);
}

void DrawJob(Frame& frame) {
  const RunState& run = frame.model.run;
  const OpenFacts* open = frame.model.open.value.get();
  if (run.running) {
    ImGui::TextUnformatted("running");
    ImGui::SameLine();
    Dim(frame, replay::FormatCount(run.steps_done, "step") + " of about " +
                   std::to_string(run.steps_expected) + "  " + run.summary);
    ImGui::SameLine();
    if (ImGui::SmallButton("Cancel")) frame.Send(CancelRun{});
    frame.NameItem("button:cancel-run");
  } else if (frame.model.timeline.loading) {
    char text[64];
    std::snprintf(text, sizeof text, "reading steps, %.0f %%", frame.model.timeline_progress * 100);
    Dim(frame, text);
  } else if (run.report != nullptr && open != nullptr && run.path == open->path) {
    Dim(frame, replay::FormatSummary(run.report->result.summary));
  } else {
    Dim(frame, "ready");
  }
}

}  // namespace

void DrawStatusLine(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + size.x, at.y + size.y}, frame.theme.card);
  ImGui::PushFont(frame.fonts.small);
  ImGui::SetCursorPos({frame.Px(8), frame.Px(3)});
  ImGui::TextUnformatted(facts.state == store::LogState::kLive ? "live" : "recording");
  ImGui::SameLine(0, frame.Px(12));
  Dim(frame, std::to_string(frame.view.cursor.value) + " of " +
                 replay::FormatCount(facts.last.value, "step"));
  ImGui::SameLine(0, frame.Px(12));
  DrawJob(frame);
  if (!facts.note.empty()) {
    ImGui::SameLine(0, frame.Px(12));
    Elided(frame, facts.note, size.x * 0.35f, frame.theme.fault);
  }
  const std::string memory = MemoryText(frame);
  ImGui::SameLine(size.x - ImGui::CalcTextSize(memory.c_str()).x - frame.Px(10));
  Dim(frame, memory);
  ImGui::PopFont();
}

}  // namespace backstep::gui
