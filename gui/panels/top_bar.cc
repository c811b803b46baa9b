#include <algorithm>
#include <cstdio>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/outcome.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kEdge = 8, kBetween = 12, kTight = 2;
constexpr float kPlayWidth = 56, kSpeedWidth = 64;

// What the bar shows; in a narrow window less, so that its end, which says most, stays.
struct Plan {
  bool speed = true, ends = true, total = true, recordings = true;
  float name = 170, branch = 150;
  size_t outcome = 24;                      // columns of its words; 0: its first word
};

void Between(Frame& frame) { ImGui::SameLine(0, frame.Px(kBetween)); }

float TextWidth(const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x; }

float ButtonWidth(const char* label) {
  return ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x;
}

std::string MomentOf(const Frame& frame, const OpenFacts& facts) {
  return replay::Elide(facts.branch, 16) + ":" + std::to_string(frame.view.cursor.value);
}

std::string TotalOf(const OpenFacts& facts) { return "of " + std::to_string(facts.last.value); }

std::string OutcomeWords(const OpenFacts& facts, const Plan& plan) {
  const std::string words = ShortOutcome(facts.outcome);
  if (plan.outcome == 0) return words.substr(0, words.find_first_of(",:"));
  return replay::Elide(words, plan.outcome);
}

const char* BadgeOf(const OpenFacts& facts) {
  if (facts.program.empty()) return "view only";
  return facts.faithful ? "faithful" : "no baseline yet";
}

float EndWidth(const Frame& frame, const OpenFacts& facts, const Plan& plan) {
  const float gap = frame.Px(kBetween);
  float width = ButtonWidth("Next error") + gap + ImGui::GetTextLineHeight() + frame.Px(kTight) +
                TextWidth(DrawableLine(OutcomeWords(facts, plan))) + gap;
  ImGui::PushFont(frame.fonts.small);
  width += TextWidth(BadgeOf(facts)) + frame.Px(12);
  ImGui::PopFont();
  if (facts.state != store::LogState::kLive) return width;
  const ImGuiStyle& style = ImGui::GetStyle();
  return width + style.ItemSpacing.x + ImGui::GetFrameHeight() + style.ItemInnerSpacing.x +
         TextWidth("follow");
}

float PlayWidth(const Frame& frame, const Plan& plan) {
  float width = ButtonWidth("<") + ButtonWidth(">") + frame.Px(kPlayWidth + 2 * kTight);
  if (plan.ends) width += ButtonWidth("|<") + ButtonWidth(">|") + frame.Px(2 * kTight);
  if (plan.speed) width += frame.Px(8 + kSpeedWidth);
  return width;
}

float WidthOf(const Frame& frame, const OpenFacts& facts, const Plan& plan) {
  const float gap = frame.Px(kBetween);
  float width = std::min(TextWidth(DrawableLine(FileName(facts.path))), frame.Px(plan.name)) + gap;
  if (plan.recordings) width += ButtonWidth("Recordings") + gap;
  width += frame.Px(plan.branch) + gap + PlayWidth(frame, plan) + gap;
  ImGui::PushFont(frame.fonts.mono);
  width += TextWidth(DrawableLine(MomentOf(frame, facts))) + gap;
  if (plan.total) width += TextWidth(TotalOf(facts)) + frame.Px(4);
  ImGui::PopFont();
  return width + EndWidth(frame, facts, plan);
}

// Gives up what is missed least until the rest has room.
Plan PlanFor(const Frame& frame, const OpenFacts& facts, float room) {
  static constexpr void (*kGiveUp[])(Plan&) = {
      [](Plan& plan) { plan.speed = false; },   [](Plan& plan) { plan.name = 64; },
      [](Plan& plan) { plan.ends = false; },    [](Plan& plan) { plan.branch = 96; },
      [](Plan& plan) { plan.outcome = 0; },     [](Plan& plan) { plan.recordings = false; },
      [](Plan& plan) { plan.total = false; },   [](Plan& plan) { plan.name = 24; },
  };
  Plan plan;
  for (const auto give_up : kGiveUp) {
    if (WidthOf(frame, facts, plan) <= room) break;
    give_up(plan);
  }
  return plan;
}

void DrawName(Frame& frame, const OpenFacts& facts, const Plan& plan) {
  ImGui::AlignTextToFramePadding();
  Elided(frame, FileName(facts.path), frame.Px(plan.name), frame.theme.text);
  if (!ImGui::BeginPopupContextItem("recording")) return;
  if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{facts.path});
  if (ImGui::MenuItem("Close")) frame.Send(CloseRecording{});
  ImGui::EndPopup();
}

void DrawBranchMenu(Frame& frame, const OpenFacts& facts, const Plan& plan) {
  ImGui::SetNextItemWidth(frame.Px(plan.branch));
  const std::string shown = Preview(facts.branch);
  if (ImGui::BeginCombo("##branch", shown.c_str())) {
    for (const replay::BranchRow& row : facts.branches) {
      const std::string name = row.depth == 0 ? "main" : row.name;
      const std::string label = std::string(static_cast<size_t>(row.depth) * 2, ' ') + name + "  " +
                                (row.depth == 0 ? "" : "from " + row.fork + ", " + row.result);
      if (ChoiceLine(label, name == facts.branch)) {
        frame.Send(SelectBranch{name});
      }
      frame.NameItem("branch:" + name);
    }
    ImGui::EndCombo();
  }
  frame.NameItem("menu:branch");
  Hint("The branch that is shown. Every fork is a branch; the recording itself is main.");
}

void DrawMoment(Frame& frame, const OpenFacts& facts, const Plan& plan) {
  ImGui::PushFont(frame.fonts.mono);
  const std::string moment = facts.branch + ":" + std::to_string(frame.view.cursor.value);
  ImGui::TextUnformatted(DrawableLine(MomentOf(frame, facts)).c_str());
  if (ImGui::BeginPopupContextItem("moment")) {
    if (ImGui::MenuItem("Copy moment")) frame.Send(CopyText{moment});
    if (ImGui::MenuItem("Copy command line")) {
      frame.Send(CopyText{"backstep show " + replay::ShellQuote(facts.path) + " " +
                          replay::ShellQuote(moment)});
    }
    ImGui::EndPopup();
  }
  if (plan.total) {
    ImGui::SameLine(0, frame.Px(4));
    Dim(frame, TotalOf(facts));
  }
  ImGui::PopFont();
}

void DrawSpeed(Frame& frame) {
  ImGui::SameLine(0, frame.Px(8));
  ImGui::SetNextItemWidth(frame.Px(kSpeedWidth));
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

void DrawPlay(Frame& frame, const OpenFacts& facts, const Plan& plan) {
  if (plan.ends) {
    if (ImGui::Button("|<")) frame.Send(GoTo{StepNumber()});
    frame.NameItem("button:first");
    Hint("To the start (Home)");
    ImGui::SameLine(0, frame.Px(kTight));
  }
  if (ImGui::Button("<")) frame.Send(StepBy{-1, false});
  frame.NameItem("button:back");
  Hint("Previous step (Left)");
  ImGui::SameLine(0, frame.Px(kTight));
  if (ImGui::Button(frame.view.playing ? "Pause" : "Play ", {frame.Px(kPlayWidth), 0})) {
    frame.Send(TogglePlay{});
  }
  frame.NameItem("button:play");
  Hint("Space");
  ImGui::SameLine(0, frame.Px(kTight));
  if (ImGui::Button(">")) frame.Send(StepBy{1, false});
  frame.NameItem("button:forward");
  Hint("Next step (Right)");
  if (plan.ends) {
    ImGui::SameLine(0, frame.Px(kTight));
    if (ImGui::Button(">|")) frame.Send(GoTo{facts.last});
    frame.NameItem("button:last");
    Hint("To the end (End)");
  }
  if (plan.speed) DrawSpeed(frame);
}

void DrawErrors(Frame& frame) {
  if (ImGui::Button("Next error")) frame.Send(GoToError{1});
  frame.NameItem("button:next-error");
  Hint("To the next step that failed, whose call failed, or that ended a failed run,\n"
       "or that a label calls a mistake (E; Shift+E goes back)");
}

void DrawOutcome(Frame& frame, const OpenFacts& facts, const Plan& plan) {
  ImGui::AlignTextToFramePadding();
  MarkItem(frame.theme, MarkOf(facts.outcome));
  ImGui::SameLine(0, frame.Px(kTight));
  // Its tooltip is the whole outcome, not the short one.
  ImGui::TextUnformatted(DrawableLine(OutcomeWords(facts, plan)).c_str());
  frame.NameItem("outcome");
  const std::string whole = Drawable(replay::FormatOutcome(facts.outcome));
  Hint(whole.substr(0, 2000).c_str());
  if (ImGui::BeginPopupContextItem("outcome")) {
    if (ImGui::MenuItem("Copy outcome")) frame.Send(CopyText{replay::FormatOutcome(facts.outcome)});
    ImGui::EndPopup();
  }
}

void DrawBadges(Frame& frame, const OpenFacts& facts) {
  ImGui::SetCursorPosY(frame.Px(6));
  if (facts.program.empty()) {
    Pill(frame, BadgeOf(facts), frame.theme.text_dim);
    Hint("Recorded with scopes alone: it can be inspected and compared, not re-executed.");
  } else if (facts.faithful) {
    Pill(frame, BadgeOf(facts), frame.theme.ok);
    Hint("Re-executed unchanged, the program did exactly the same, served and free.");
  } else {
    Pill(frame, BadgeOf(facts), frame.theme.fault);
    frame.NameItem("pill:baseline");
    if (ImGui::IsItemClicked()) frame.Send(Baseline{});
    Hint("Nobody knows yet whether this program does the same when it is run again unchanged.\n"
         "Click to find out: it is re-executed served and free.");
  }
  if (facts.state == store::LogState::kLive) {
    ImGui::SameLine();
    ImGui::SetCursorPosY(frame.Px(3));
    CheckBox(frame, "follow", "follow", &frame.view.follow_live);
  }
}

}  // namespace

void DrawTopBar(Frame& frame) {
  const OpenFacts& facts = *frame.model.open.value;
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + size.x, at.y + size.y}, frame.theme.card);
  const Plan plan = PlanFor(frame, facts, size.x - 2 * frame.Px(kEdge));
  ImGui::SetCursorPos({frame.Px(kEdge), frame.Px(3)});
  if (plan.recordings) {
    if (ImGui::Button("Recordings")) frame.view.centre = CentreTab::kRecordings;
    frame.NameItem("button:recordings");
    Between(frame);
  }
  DrawName(frame, facts, plan);
  Between(frame);
  DrawBranchMenu(frame, facts, plan);
  Between(frame);
  ImGui::AlignTextToFramePadding();
  DrawMoment(frame, facts, plan);
  Between(frame);
  DrawPlay(frame, facts, plan);
  Between(frame);
  DrawErrors(frame);
  Between(frame);
  DrawOutcome(frame, facts, plan);
  Between(frame);
  DrawBadges(frame, facts);
}

}  // namespace backstep::gui
