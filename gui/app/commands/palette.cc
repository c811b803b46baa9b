// Every command and everything that can be gone to, found by name.
#include <algorithm>
#include <cctype>
#include <sstream>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/app/commands/commands.h"
#include "backstep/gui/app/sheet.h"
#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr size_t kDifferencesMax = 200;   // that are offered
constexpr float kRowsMax = 18;

bool Contains(const std::string& text, const std::string& word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// Places in what is open.
void AddPlaces(const Frame& frame, const OpenFacts& facts, std::vector<Command>* commands) {
  for (const std::string& agent : facts.agents) {
    commands->push_back({"Agent " + agent, "", FindAgent{agent}});
  }
  for (const replay::BranchRow& row : facts.branches) {
    const std::string name = row.depth == 0 ? "main" : row.name;
    if (name == facts.branch) continue;
    commands->push_back({"Branch " + name, "", SelectBranch{name}});
    commands->push_back({"Compare with branch " + name, "", CompareLines{name, facts.branch}});
  }
  for (size_t i = 0; i < frame.view.bookmarks.size(); ++i) {
    const Bookmark& mark = frame.view.bookmarks[i];
    commands->push_back({"Bookmark at step " + std::to_string(mark.step.value),
                         i < 9 ? "Ctrl+" + std::to_string(i + 1) : "", GoTo{mark.step}});
  }
  const auto& comparison = frame.model.comparison.value;
  if (comparison == nullptr) return;
  const auto& differing = comparison->lines.differing;
  for (size_t i = 0; i < differing.size() && i < kDifferencesMax; ++i) {
    commands->push_back({"Difference " + std::to_string(i + 1) + ": " + differing[i].agent + "/" +
                             std::to_string(differing[i].clock.value), "",
                         GoToDifference{static_cast<int>(i), false}});
  }
}

void AddRecordings(const Frame& frame, std::vector<Command>* commands) {
  for (const std::string& path : frame.view.recent) {
    commands->push_back({"Open recent " + path, "", OpenRecording{path, {}}});
  }
  if (frame.model.known.value == nullptr) return;
  for (const replay::RecordingRow& row : frame.model.known.value->samples) {
    commands->push_back({"Open sample " + FileName(row.path), "", OpenRecording{row.path, {}}});
  }
}

bool Runs(const Action& action) {
  return std::holds_alternative<ForkHere>(action) || std::holds_alternative<RunForm>(action) ||
         std::holds_alternative<Baseline>(action) || std::holds_alternative<CopyFork>(action);
}

// What has every word of the text in its title.
std::vector<Command> Wanted(const Frame& frame, const std::string& text) {
  std::vector<Command> all = Commands();
  const std::string why_not = WhyNotRunnable(frame.model);
  for (Command& command : all) {
    if (Runs(command.action)) command.why_not = why_not;
  }
  if (const OpenFacts* facts = frame.model.open.value.get()) AddPlaces(frame, *facts, &all);
  AddRecordings(frame, &all);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::erase_if(all, [&](const Command& command) { return !Contains(command.title, word); });
  }
  return all;
}

// True: it was chosen.
bool DrawCommand(Frame& frame, const Command& command, bool marked) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float room = ImGui::GetContentRegionAvail().x;
  const bool can = command.why_not.empty();
  ImGui::PushID(command.title.c_str());
  const bool chosen = ImGui::Selectable("##command", marked,
                                        can ? 0 : ImGuiSelectableFlags_Disabled);
  ImGui::PopID();
  if (!can) Hint(command.why_not.c_str());
  frame.NameItem((can ? "command:" : "disabled:") + command.title);
  if (marked) frame.NameItem("palette:chosen " + command.title);
  ImFont* font = ImGui::GetFont();
  const float keys = ImGui::CalcTextSize(command.keys.c_str()).x;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddText(
      at, can ? frame.theme.text : frame.theme.text_faint,
      CutLine(command.title, font, ImGui::GetFontSize(), room - keys - frame.Px(20)).c_str());
  draw->AddText({at.x + room - keys - frame.Px(4), at.y}, frame.theme.text_faint,
                command.keys.c_str());
  return chosen;
}

// True: the choice moved, and is to be seen.
bool MoveChoice(int count, int* chosen) {
  const int before = *chosen;
  const int page = static_cast<int>(kRowsMax) - 1;
  if (PressedAnywhere("Down")) ++*chosen;
  if (PressedAnywhere("Up")) --*chosen;
  if (PressedAnywhere("PageDown")) *chosen += page;
  if (PressedAnywhere("PageUp")) *chosen -= page;
  *chosen = std::clamp(*chosen, 0, std::max(count - 1, 0));
  return *chosen != before;
}

// The command that was clicked; -1: none.
int DrawCommands(Frame& frame, const std::vector<Command>& wanted, Palette* palette) {
  const auto count = static_cast<int>(wanted.size());
  const float row = ImGui::GetTextLineHeightWithSpacing();
  const float room = ImGui::GetIO().DisplaySize.y * 0.9f - ImGui::GetCursorScreenPos().y - row;
  const float height = std::max(row * 3, std::min({row * static_cast<float>(count),
                                                   row * kRowsMax, room}));
  const bool moved = MoveChoice(count, &palette->chosen);
  int clicked = -1;
  ImGui::BeginChild("##commands", {0, height});
  if (moved) {
    const float top = row * static_cast<float>(palette->chosen);
    const float least = top + row - height;
    if (ImGui::GetScrollY() > top) ImGui::SetScrollY(top);
    if (ImGui::GetScrollY() < least) ImGui::SetScrollY(least);
  }
  ImGuiListClipper clipper;
  clipper.Begin(count, row);
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Command& command = wanted[static_cast<size_t>(i)];
      if (DrawCommand(frame, command, i == palette->chosen)) clicked = i;
    }
  }
  if (wanted.empty()) Dim(frame, "Nothing of that name.");
  ImGui::EndChild();
  return clicked;
}

}  // namespace

void DrawPalette(Frame& frame, Palette* palette) {
  if (BeginSheet(frame, "##palette", 560)) {
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    const std::string before = palette->text;
    const bool entered = ImGui::InputTextWithHint(
        "##filter", "A command, an agent, a branch, a recording", &palette->text,
        ImGuiInputTextFlags_EnterReturnsTrue);
    frame.NameItem("field:palette");
    if (before != palette->text) palette->chosen = 0;
    const std::vector<Command> wanted = Wanted(frame, palette->text);
    const int clicked = DrawCommands(frame, wanted, palette);
    int run = clicked >= 0 ? clicked : entered && !wanted.empty() ? palette->chosen : -1;
    if (run >= 0 && !wanted[static_cast<size_t>(run)].why_not.empty()) run = -1;
    if (run >= 0) frame.Send(wanted[static_cast<size_t>(run)].action);
    if (run >= 0 || PressedAnywhere("Escape") || ClickedElsewhere()) palette->open = false;
  }
  EndSheet();
}

}  // namespace backstep::gui
