#include "backstep/gui/app/commands/commands.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <imgui.h>

#include "backstep/gui/app/sheet.h"
#include "backstep/gui/widgets/keys.h"
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
                  {"Up Down", "Previous and next agent, difference or recording"},
                  {"Enter", "Open the chosen recording"},
                  {"Tab", "Into the form, and through it; Escape leaves it"},
                  {"Escape", "Close what is open on top"}};

constexpr float kKeysWidth = 470, kKeyAt = 330;   // points, of one column of the sheet

using KeyRows = std::vector<std::pair<std::string, std::string>>;

void KeyRow(Frame& frame, const std::pair<std::string, std::string>& row, float left) {
  ImGui::SetCursorPosX(left);
  ImGui::TextUnformatted(row.first.c_str());
  ImGui::SameLine(left + frame.Px(kKeyAt));
  ImGui::PushFont(frame.fonts.mono);
  Dim(frame, row.second);
  ImGui::PopFont();
}

KeyRows AllKeys() {
  KeyRows rows;
  for (const Command& command : Commands()) {
    if (!command.keys.empty()) rows.emplace_back(command.title, command.keys);
  }
  rows.emplace_back("Go to a bookmark", "Ctrl+1 .. Ctrl+9");
  for (const auto& row : kPanelKeys) rows.emplace_back(row.title, row.keys);
  return rows;
}

// In one column or two; what has no room is scrolled to.
void DrawKeyRows(Frame& frame, const KeyRows& rows, size_t columns) {
  const size_t high = (rows.size() + columns - 1) / columns;
  const float whole = ImGui::GetTextLineHeightWithSpacing() * static_cast<float>(high);
  const float room = ImGui::GetIO().DisplaySize.y - ImGui::GetCursorScreenPos().y - frame.Px(24);
  ImGui::BeginChild("##rows", {0, std::min(whole, room)});
  for (size_t i = 0; i < high; ++i) {
    for (size_t column = 0; column < columns && column * high + i < rows.size(); ++column) {
      if (column > 0) ImGui::SameLine();
      KeyRow(frame, rows[column * high + i], frame.Px(kKeysWidth) * static_cast<float>(column));
    }
  }
  frame.NameItem("keys:last");
  ImGui::EndChild();
}

// One call a command: a list of them all in braces takes the compiler minutes.
using Add = std::function<void(const char* title, const char* keys, Action action)>;

void AddTravel(const Add& add) {
  add("Play or pause", "Space", TogglePlay{});
  add("Next step", "Right", StepBy{1, false});
  add("Previous step", "Left", StepBy{-1, false});
  add("Next step of the selected agent", "Ctrl+Right", StepBy{1, true});
  add("Previous step of the selected agent", "Ctrl+Left", StepBy{-1, true});
  add("Go to the start", "Home", GoTo{StepNumber()});
  add("Go to the end", "End", GoTo{kEnd});
  add("Next failed step or labelled mistake", "E", GoToError{1});
  add("Previous failed step or labelled mistake", "Shift+E", GoToError{-1});
  add("Follow a message to its cause", "[", FollowMessage{-1});
  add("Follow a message to its effect", "]", FollowMessage{1});
  add("Next difference", "N", GoToDifference{1, true});
  add("Previous difference", "Shift+N", GoToDifference{-1, true});
  add("First difference", "Ctrl+Home", GoToDifference{0, false});
  add("Back where you have been", "Ctrl+[", GoBack{-1});
  add("Forward again", "Ctrl+]", GoBack{1});
  add("Bookmark this moment", "Ctrl+B", ToggleBookmark{});
}

void AddForks(const Add& add) {
  using K = ForkDraft::Kind;
  add("Fork here: a fault", "Ctrl+F", ForkHere{K::kFault});
  add("Fork: another text of a message", "", ForkHere{K::kMessage});
  add("Fork: without a message", "", ForkHere{K::kDrop});
  add("Fork: another answer of a call", "", ForkHere{K::kResponse});
  add("Run what the form says", "Ctrl+Enter", RunForm{});
  add("Re-execute unchanged (baseline)", "", Baseline{});
  add("Cancel what runs", "", CancelRun{});
}

void AddLooks(const Add& add) {
  using C = CentreTab;
  using I = InspectorTab;
  add("Show the conversation", "Alt+1", ShowCentre{C::kConversation});
  add("Show the comparison", "Alt+2", ShowCentre{C::kCompare});
  add("Show the recordings of a folder", "Alt+3", ShowCentre{C::kRecordings});
  add("Show the step", "Alt+4", ShowInspector{I::kStep});
  add("Show the state", "Alt+5", ShowInspector{I::kState});
  add("Show the mailboxes", "Alt+6", ShowInspector{I::kMailboxes});
  add("Show the form that forks", "Alt+7", ShowInspector{I::kFork});
  add("Timeline: zoom in", "+", ZoomTimeline{2});
  add("Timeline: zoom out", "-", ZoomTimeline{0.5});
  add("Timeline: frame everything", "0", ZoomTimeline{0});
  add("Timeline: by time or by steps", "", SwapTimeMode{});
  add("Graph: show all agents", "", FitGraph{});
  add("Follow a live recording, or stop to", "", ToggleFollow{});
  add("Copy this moment", "", CopyMoment{false});
  add("Copy the command line that shows this moment", "", CopyMoment{true});
  add("Copy the command line of the form", "", CopyFork{});
}

void AddWindow(const Add& add) {
  add("Dark theme", "", SetTheme{true});
  add("Light theme", "", SetTheme{false});
  add("The wheel scrolls the timeline, Ctrl+wheel zooms", "", SetWheel{false});
  add("The wheel zooms the timeline, Ctrl+wheel scrolls", "", SetWheel{true});
  add("Reset the layout", "", ResetLayout{});
  add("Open a recording", "Ctrl+O", ShowOpenDialog{});
  add("Open another folder of recordings", "Ctrl+L", EditFolder{});
  add("Close the recording", "Ctrl+W", CloseRecording{});
  add("Keys", "?", ShowKeys{});
  add("Palette of all commands", "Ctrl+Shift+P", ShowPalette{});
  add("Quit", "Ctrl+Q", Quit{});
}

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> commands;
    const Add add = [&](const char* title, const char* keys, Action action) {
      commands.push_back({title, keys, std::move(action)});
    };
    AddTravel(add);
    AddForks(add);
    AddLooks(add);
    AddWindow(add);
    return commands;
  }();
  return all;
}

void RunCommandKeys(Frame& frame) {
  if (frame.view.file_dialog.open) return;  // it has keys of its own
  for (const Command& command : Commands()) {
    if (!command.keys.empty() && Pressed(command.keys)) frame.Send(command.action);
  }
  // From the midst of the form's text, too.
  const bool form = frame.view.inspector == InspectorTab::kFork && ImGui::GetIO().WantTextInput;
  if (form && PressedAnywhere("Ctrl+Enter")) frame.Send(RunForm{});
  for (char digit = '1'; digit <= '9'; ++digit) {
    if (!Pressed(std::string("Ctrl+") + digit)) continue;
    const auto index = static_cast<size_t>(digit - '1');
    if (index < frame.view.bookmarks.size()) frame.Send(GoTo{frame.view.bookmarks[index].step});
  }
}

void DrawKeySheet(Frame& frame, bool* open) {
  static const KeyRows rows = AllKeys();
  const size_t columns = ImGui::GetIO().DisplaySize.x > frame.Px(2 * kKeysWidth + 48) ? 2 : 1;
  if (BeginSheet(frame, "##keys", kKeysWidth * static_cast<float>(columns) + 32)) {
    ImGui::PushFont(frame.fonts.title);
    ImGui::TextUnformatted("Keys");
    ImGui::PopFont();
    ImGui::PushFont(frame.fonts.small);
    DrawKeyRows(frame, rows, columns);
    ImGui::PopFont();
    frame.Name("sheet:keys", ImGui::GetWindowPos(),
               {ImGui::GetWindowPos().x + ImGui::GetWindowWidth(),
                ImGui::GetWindowPos().y + ImGui::GetWindowHeight()});
    if (ClickedElsewhere()) *open = false;
  }
  EndSheet();
}

}  // namespace backstep::gui
