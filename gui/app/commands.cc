#include "backstep/gui/app/commands.h"

#include <algorithm>
#include <cctype>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/app/keys.h"
#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

constexpr StepNumber kEnd{~uint64_t{0}};
// Keys that a panel reads itself, for the sheet.
constexpr struct {
  const char* keys;
  const char* title;
} kPanelKeys[] = {{"W S A D", "Timeline: zoom in, out, pan left, right"},
                  {"F", "Timeline: frame the selection, or everything"},
                  {"T", "Timeline: time or steps"},
                  {". ,", "Next and previous step on the lane"},
                  {"Ctrl+wheel", "Zoom about the cursor"},
                  {"Double click", "Travel there and zoom to it"},
                  {"Ctrl+[  Ctrl+]", "Back and forward where you have been"},
                  {"Escape", "Close what is open on top"}};

bool Contains(const std::string& text, const std::string& word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

bool BeginSheet(Frame& frame, const char* name, float width) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({size.x * 0.5f, size.y * 0.16f}, ImGuiCond_Always, {0.5f, 0});
  ImGui::SetNextWindowSize({frame.Px(width), 0});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, frame.theme.card);
  ImGui::PushStyleColor(ImGuiCol_Border, frame.theme.accent);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(16), frame.Px(12)});
  return ImGui::Begin(name, nullptr,
                      ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                          ImGuiWindowFlags_NoSavedSettings);
}

// A field that has the focus does not hide the sheet it is in from the mouse.
bool ClickedElsewhere() {
  return ImGui::IsMouseClicked(0) &&
         !ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
}

void EndSheet() {
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(2);
}

void KeyRow(Frame& frame, const char* title, const char* keys) {
  ImGui::TextUnformatted(title);
  ImGui::SameLine(frame.Px(360));
  ImGui::PushFont(frame.fonts.mono);
  Dim(frame, keys);
  ImGui::PopFont();
}

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> all = {
      {"Play or pause", "Space", []() -> Action { return TogglePlay{}; }},
      {"Next step", "Right", []() -> Action { return StepBy{1, false}; }},
      {"Previous step", "Left", []() -> Action { return StepBy{-1, false}; }},
      {"Next step of the selected agent", "Ctrl+Right", []() -> Action { return StepBy{1, true}; }},
      {"Previous step of the selected agent", "Ctrl+Left", []() -> Action { return StepBy{-1, true}; }},
      {"Go to the start", "Home", []() -> Action { return GoTo{StepNumber()}; }},
      {"Go to the end", "End", []() -> Action { return GoTo{kEnd}; }},
      {"Next failed step", "E", []() -> Action { return GoToError{1}; }},
      {"Previous failed step", "Shift+E", []() -> Action { return GoToError{-1}; }},
      {"Follow a message to its cause", "[", []() -> Action { return FollowMessage{-1}; }},
      {"Follow a message to its effect", "]", []() -> Action { return FollowMessage{1}; }},
      {"Next difference", "N", []() -> Action { return GoToDifference{1, true}; }},
      {"Previous difference", "Shift+N", []() -> Action { return GoToDifference{-1, true}; }},
      {"First difference", "Ctrl+Home", []() -> Action { return GoToDifference{0, false}; }},
      {"Bookmark this moment", "Ctrl+B", []() -> Action { return ToggleBookmark{}; }},
      {"Re-execute unchanged (baseline)", "", []() -> Action { return Baseline{}; }},
      {"Cancel what runs", "", []() -> Action { return CancelRun{}; }},
      {"Dark theme", "", []() -> Action { return SetTheme{true}; }},
      {"Light theme", "", []() -> Action { return SetTheme{false}; }},
      {"The wheel scrolls the timeline, Ctrl+wheel zooms", "",
       []() -> Action { return SetWheel{false}; }},
      {"The wheel zooms the timeline, Ctrl+wheel scrolls", "",
       []() -> Action { return SetWheel{true}; }},
      {"Reset the layout", "", []() -> Action { return ResetLayout{}; }},
      {"Open a recording", "Ctrl+O", []() -> Action { return ShowOpenDialog{}; }},
      {"Close the recording", "Ctrl+W", []() -> Action { return CloseRecording{}; }},
      {"Keys", "?", []() -> Action { return ShowKeys{}; }},
      {"Palette of all commands", "Ctrl+Shift+P", []() -> Action { return ShowPalette{}; }},
      {"Quit", "Ctrl+Q", []() -> Action { return Quit{}; }},
  };
  return all;
}

void RunCommandKeys(Frame& frame) {
  if (frame.view.file_dialog.open) return;  // it has keys of its own
  for (const Command& command : Commands()) {
    if (command.keys[0] != '\0' && Pressed(command.keys)) frame.Send(command.make());
  }
  for (char digit = '1'; digit <= '9'; ++digit) {
    if (!Pressed(std::string("Ctrl+") + digit)) continue;
    const auto index = static_cast<size_t>(digit - '1');
    if (index < frame.view.bookmarks.size()) frame.Send(GoTo{frame.view.bookmarks[index].step});
  }
}

void DrawKeySheet(Frame& frame, bool* open) {
  if (BeginSheet(frame, "##keys", 600)) {
    ImGui::PushFont(frame.fonts.title);
    ImGui::TextUnformatted("Keys");
    ImGui::PopFont();
    ImGui::PushFont(frame.fonts.small);
    for (const Command& command : Commands()) {
      if (command.keys[0] != '\0') KeyRow(frame, command.title, command.keys);
    }
    KeyRow(frame, "Go to a bookmark", "Ctrl+1 .. Ctrl+9");
    for (const auto& row : kPanelKeys) KeyRow(frame, row.title, row.keys);
    ImGui::PopFont();
    frame.Name("sheet:keys", ImGui::GetWindowPos(),
               {ImGui::GetWindowPos().x + ImGui::GetWindowWidth(),
                ImGui::GetWindowPos().y + ImGui::GetWindowHeight()});
    if (ClickedElsewhere()) *open = false;
  }
  EndSheet();
}

void DrawPalette(Frame& frame, bool* open, std::string* text) {
  if (BeginSheet(frame, "##palette", 520)) {
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    const bool entered = ImGui::InputTextWithHint("##filter", "Type a command", text,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    frame.NameItem("field:palette");
    bool first = true;
    for (const Command& command : Commands()) {
      if (!Contains(command.title, *text)) continue;
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const bool chosen = ImGui::Selectable(command.title, first && !text->empty());
      frame.NameItem(std::string("command:") + command.title);
      const float width = ImGui::CalcTextSize(command.keys).x;
      ImGui::GetWindowDrawList()->AddText(
          {at.x + ImGui::GetContentRegionAvail().x - width, at.y}, frame.theme.text_faint,
          command.keys);
      if (chosen || (entered && first)) {
        frame.Send(command.make());
        *open = false;
      }
      first = false;
    }
    if (first) Dim(frame, "No command of that name.");
    if (ClickedElsewhere()) *open = false;
  }
  EndSheet();
}

}  // namespace backstep::gui
