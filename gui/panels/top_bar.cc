#include <cstdio>

#include "backstep/gui/app/keys.h"
#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/outcome.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

void Between(Frame& frame) { ImGui::SameLine(0, frame.Px(12)); }

void DrawBranchMenu(Frame& frame, const OpenFacts& facts) {
  ImGui::SetNextItemWidth(frame.Px(150));
  const std::string shown = Drawable(facts.branch);
  if (ImGui::BeginCombo("##branch", shown.c_str())) {
    for (const replay::BranchRow& row : facts.branches) {
      const std::string name = row.depth == 0 ? "main" : row.name;
      const std::string label = std::string(static_cast<size_t>(row.depth) * 2, ' ') + name + "  " +
                                (row.depth == 0 ? "" : "from " + row.fork + ", " + row.result);
      if (ImGui::Selectable(Drawable(label).c_str(), name == facts.branch)) {
        frame.Send(SelectBranch{name});
      }
      frame.NameItem("branch:" + name);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("menu:branch");
  Hint("The branch that is shown. Every fork is a branch; the recording itself is main.");
}

void DrawMoment(Frame& frame, const OpenFacts& facts) {
  ImGui::PushFont(frame.fonts.mono);
  const std::string moment = facts.branch + ":" + std::to_string(frame.view.cursor.value);
  const std::string shown = replay::Elide(facts.branch, 16) + ":" +
                            std::to_string(frame.view.cursor.value);
  ImGui::TextUnformatted(Drawable(shown).c_str());
  if (ImGui::BeginPopupContextItem("moment")) {
    if (ImGui::MenuItem("Copy moment")) frame.Send(CopyText{moment});
    if (ImGui::MenuItem("Copy command line")) {
      frame.Send(CopyText{"backstep show " + replay::ShellQuote(facts.path) + " " +
                          replay::ShellQuote(moment)});
    }
    ImGui::EndPopup();
  }
  ImGui::SameLine(0, frame.Px(4));
  Dim(frame, "of " + std::to_string(facts.last.value));
  ImGui::PopFont();
}

void DrawPlay(Frame& frame, const OpenFacts& facts) {
  if (ImGui::Button("|<")) frame.Send(GoTo{StepNumber()});
  frame.NameItem("button:first");
  Hint("To the start (Home)");
  ImGui::SameLine(0, frame.Px(2));
  if (ImGui::Button("<")) frame.Send(StepBy{-1, false});
  frame.NameItem("button:back");
  Hint("Previous step (Left)");
  ImGui::SameLine(0, frame.Px(2));
  if (ImGui::Button(frame.view.playing ? "Pause" : "Play ", {frame.Px(56), 0})) {
    frame.Send(TogglePlay{});
  }
  frame.NameItem("button:play");
  Hint("Space");
  ImGui::SameLine(0, frame.Px(2));
  if (ImGui::Button(">")) frame.Send(StepBy{1, false});
  frame.NameItem("button:forward");
  Hint("Next step (Right)");
  ImGui::SameLine(0, frame.Px(2));
  if (ImGui::Button(">|")) frame.Send(GoTo{facts.last});
  frame.NameItem("button:last");
  Hint("To the end (End)");
  ImGui::SameLine(0, frame.Px(8));
  ImGui::SetNextItemWidth(frame.Px(64));
  char speed[24];
  std::snprintf(speed, sizeof speed, "%.0f/s", frame.view.steps_per_second);
  if (ImGui::BeginCombo("##speed", speed, ImGuiComboFlags_NoArrowButton)) {
    for (const double choice : {1., 4., 16., 64., 256., 4096.}) {
      std::snprintf(speed, sizeof speed, "%.0f steps a second", choice);
      if (ImGui::Selectable(speed)) frame.view.steps_per_second = choice;
    }
    ImGui::EndCombo();
  }
  Hint("Steps a second while playing");
}

void DrawErrors(Frame& frame) {
  if (ImGui::Button("Next error")) frame.Send(GoToError{1});
  frame.NameItem("button:next-error");
  Hint("To the next step that failed, whose call failed, or that ended a failed run\n"
       "(E; Shift+E goes back)");
}

void DrawBadges(Frame& frame, const OpenFacts& facts) {
  ImGui::AlignTextToFramePadding();
  MarkItem(frame.theme, MarkOf(facts.outcome));
  ImGui::SameLine(0, frame.Px(2));
  // Its tooltip is the whole outcome, not the short one.
  const std::string text = Drawable(replay::Elide(ShortOutcome(facts.outcome), 24));
  ImGui::TextUnformatted(text.c_str());
  frame.NameItem("outcome");
  const std::string whole = Drawable(replay::FormatOutcome(facts.outcome));
  Hint(whole.substr(0, 2000).c_str());
  if (ImGui::BeginPopupContextItem("outcome")) {
    if (ImGui::MenuItem("Copy outcome")) frame.Send(CopyText{replay::FormatOutcome(facts.outcome)});
    ImGui::EndPopup();
  }
  Between(frame);
  ImGui::SetCursorPosY(frame.Px(6));
  if (facts.program.empty()) {
    Pill(frame, "view only", frame.theme.text_dim);
    Hint("Recorded with scopes alone: it can be inspected and compared, not re-executed.");
  } else if (facts.faithful) {
    Pill(frame, "faithful", frame.theme.ok);
    Hint("Re-executed unchanged, the program did exactly the same, served and free.");
  } else {
    Pill(frame, "no baseline yet", frame.theme.fault);
    frame.NameItem("pill:baseline");
    if (ImGui::IsItemClicked()) frame.Send(Baseline{});
    Hint("Nobody knows yet whether this program does the same when it is run again unchanged.\n"
         "Click to find out: it is re-executed served and free.");
  }
  if (facts.state == store::LogState::kLive) {
    ImGui::SameLine();
    ImGui::SetCursorPosY(frame.Px(3));
    ImGui::Checkbox("follow", &frame.view.follow_live);
    frame.NameItem("check:follow");
  }
}

}  // namespace

void DrawTopBar(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + size.x, at.y + size.y}, frame.theme.card);
  ImGui::SetCursorPos({frame.Px(8), frame.Px(3)});
  if (ImGui::Button("Recordings")) frame.view.centre = CentreTab::kRecordings;
  frame.NameItem("button:recordings");
  Between(frame);
  ImGui::AlignTextToFramePadding();
  const size_t slash = facts.path.find_last_of('/', facts.path.size() - 2);
  Elided(frame, slash == std::string::npos ? facts.path : facts.path.substr(slash + 1),
         frame.Px(170), frame.theme.text);
  if (ImGui::BeginPopupContextItem("recording")) {
    if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{facts.path});
    if (ImGui::MenuItem("Close")) frame.Send(CloseRecording{});
    ImGui::EndPopup();
  }
  Between(frame);
  DrawBranchMenu(frame, facts);
  Between(frame);
  ImGui::AlignTextToFramePadding();
  DrawMoment(frame, facts);
  Between(frame);
  DrawPlay(frame, facts);
  Between(frame);
  DrawErrors(frame);
  Between(frame);
  DrawBadges(frame, facts);
}

}  // namespace backstep::gui
