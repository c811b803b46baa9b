// The dialog that finds a recording, or a program to run: places at the left, a folder's content at
// the right, a path to type into above them. The folder is read on the lister's thread.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <imgui.h>
#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include "backstep/base/paths.h"
#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {

// Sorted anew where the folder or the sorting has changed, and not each frame.
struct ListedEntries {
  std::shared_ptr<const replay::FolderView> of;
  int column = -1;                       // -1: as they were listed
  bool down = false;
  std::vector<const replay::FolderEntry*> entries;
  std::string count;                     // in words
};

namespace {

using replay::EntryKind;
using replay::FolderEntry;
using replay::FolderView;

// What the dialog says, by what it looks for.
struct Words {
  const char *title, *open, *kind, *first, *empty, *drawn;
};
constexpr Words kRecordingWords = {"Open a recording", "Open", "recording",
                                   "Choose a recording, or type its path.",
                                   "Neither folders nor recordings.", "dialog:open"};
constexpr Words kProgramWords = {"Choose the program to run", "Choose", "program",
                                 "Choose a program, or type its path.",
                                 "Neither folders nor files that may be run.", "dialog:program"};

constexpr char kPopup[] = "##file-dialog";
constexpr size_t kPlacesMax = 5;         // of recent recordings

void Browse(Frame& frame, const std::string& folder) {
  frame.view.file_dialog.chosen.clear();
  frame.Send(BrowseFolder{folder});
}

void Close(Frame& frame) {
  frame.view.file_dialog.open = false;
  ImGui::CloseCurrentPopup();
}

bool SeeksProgram(const Frame& frame) {
  return frame.view.file_dialog.sought == replay::Sought::kProgram;
}

const Words& WordsOf(const Frame& frame) {
  return SeeksProgram(frame) ? kProgramWords : kRecordingWords;
}

void Open(Frame& frame, const std::string& path) {
  if (SeeksProgram(frame)) frame.Send(UseProgram{path});
  else frame.Send(OpenRecording{path, {}});
  Close(frame);
}

std::string PathOf(const FolderView& folder, const std::string& name) {
  return (folder.path == "/" ? "" : folder.path) + "/" + name;
}

void Enter(Frame& frame, const FolderView& folder, const FolderEntry& entry) {
  const std::string path = PathOf(folder, entry.name);
  if (entry.kind == EntryKind::kFolder) Browse(frame, path);
  else Open(frame, path);
}

// What was typed names a recording or a folder; where nothing was, the chosen entry is meant.
// Whether a path leads to a program is found out where folders are read.
void EnterTyped(Frame& frame, const FolderView* folder) {
  const FileDialog& dialog = frame.view.file_dialog;
  std::string path = dialog.path;
  if (folder != nullptr && path == folder->path) {
    for (const FolderEntry& entry : folder->entries) {
      if (entry.name == dialog.chosen) return Enter(frame, *folder, entry);
    }
  }
  path = WithoutSlashes(std::move(path));
  if (!SeeksProgram(frame) && path.ends_with(".backstep")) Open(frame, path);
  else Browse(frame, path);
}

void DrawPathLine(Frame& frame, const FolderView* folder) {
  FileDialog& dialog = frame.view.file_dialog;
  const bool root = folder == nullptr || folder->parent.empty();
  ImGui::BeginDisabled(root);
  if (ImGui::Button("Up") && !root) Browse(frame, folder->parent);
  ImGui::EndDisabled();
  frame.NameItem("button:up");
  Hint("The folder above (Alt+Up)");
  ImGui::SameLine(0, frame.Px(4));
  ImGui::SetNextItemWidth(-1);
  // What is browsed is shown where nothing that was typed is still looked for; the caret is there.
  const bool asked = frame.model.browsed.loading || !frame.actions.empty();
  if (!asked && folder != nullptr && !folder->named.empty()) {
    return Open(frame, PathOf(*folder, folder->named));
  }
  if (!asked && folder != nullptr && dialog.filled != folder->path) {
    ImGui::ClearActiveID();
    dialog.path = dialog.filled = folder->path;
    ImGui::SetKeyboardFocusHere();
  }
  if (ImGui::InputText("##path", &dialog.path, ImGuiInputTextFlags_EnterReturnsTrue)) {
    EnterTyped(frame, folder);
  }
  frame.NameItem("field:path");
}

void Place(Frame& frame, const char* label, const std::string& path, const FolderView* folder) {
  const bool here = folder != nullptr && folder->path == path;
  ImGui::PushID(path.c_str());
  if (ChoiceLine(replay::Elide(label, 22), here)) Browse(frame, path);
  frame.NameItem(std::string("place:") + label);
  Hint(Drawable(path).c_str());
  ImGui::PopID();
}

void DrawPlaces(Frame& frame, const FolderView* folder) {
  Heading(frame, "Places");
  if (const char* home = std::getenv("HOME")) Place(frame, "Home", home, folder);
  std::error_code error;  // the folder may have been removed since
  const std::string started = std::filesystem::current_path(error).string();
  if (!error) Place(frame, "Where it was started", started, folder);
  if (!frame.view.samples_folder.empty()) {
    Place(frame, "Samples", frame.view.samples_folder, folder);
  }
  Place(frame, "/", "/", folder);
  std::set<std::string> folders;
  for (const std::string& path : frame.view.recent) {
    std::string parent = std::filesystem::path(path).parent_path().string();
    if (parent != frame.view.samples_folder && folders.size() < kPlacesMax) folders.insert(parent);
  }
  folders.erase("");
  if (folders.empty()) return;
  ImGui::Dummy({0, frame.Px(4)});
  Heading(frame, "Recent");
  for (const std::string& path : folders) {
    Place(frame, std::filesystem::path(path).filename().string().c_str(), path, folder);
  }
}

std::string CountText(const Frame& frame, const FolderView& folder) {
  const auto folders = static_cast<uint64_t>(
      std::count_if(folder.entries.begin(), folder.entries.end(), [](const FolderEntry& entry) {
        return entry.kind == EntryKind::kFolder;
      }));
  std::string text =
      replay::FormatCount(folder.entries.size() - folders, WordsOf(frame).kind) + ", " +
      replay::FormatCount(folders, "folder");
  if (folder.total > folder.entries.size()) {
    text += "; the first " + std::to_string(folder.entries.size()) + " of " +
            std::to_string(folder.total) + ": type a path for the others";
  }
  return text;
}

std::vector<const FolderEntry*> InOrder(const FolderView& folder) {
  std::vector<const FolderEntry*> entries;
  entries.reserve(folder.entries.size());
  for (const FolderEntry& entry : folder.entries) entries.push_back(&entry);
  return entries;
}

// What is browsed; something must have been read.
ListedEntries* EntriesShown(Frame& frame) {
  const auto& folder = frame.model.browsed.value;
  std::shared_ptr<ListedEntries>& kept = frame.view.listed_entries;
  if (kept == nullptr || kept->of != folder) {
    kept = std::make_shared<ListedEntries>(
        ListedEntries{folder, -1, false, InOrder(*folder), CountText(frame, *folder)});
  }
  return kept.get();
}

// By name or time as the header says; recordings and folders among each other. Inside the table.
const std::vector<const FolderEntry*>& Sorted(ListedEntries* listed) {
  const ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
  if (specs == nullptr || specs->SpecsCount == 0) return listed->entries;
  const int column = specs->Specs[0].ColumnIndex;
  const bool down = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
  if (listed->column == column && listed->down == down) return listed->entries;
  listed->column = column;
  listed->down = down;
  listed->entries = InOrder(*listed->of);
  auto& entries = listed->entries;
  std::stable_sort(entries.begin(), entries.end(), [&](const auto* a, const auto* b) {
    if (down) std::swap(a, b);
    if (column == 1) return a->kind > b->kind;
    return column == 0 ? a->name < b->name : a->changed_wall < b->changed_wall;
  });
  return listed->entries;
}

void DrawKind(Frame& frame, EntryKind kind) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float line = ImGui::GetTextLineHeight(), unit = line / 14;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto place = [&](float x, float y) { return ImVec2{at.x + x * unit, at.y + y * unit}; };
  if (kind == EntryKind::kProgram) {  // it runs
    draw->AddTriangleFilled(place(3, 2), place(12, 7), place(3, 12), frame.theme.text_dim);
  } else if (kind == EntryKind::kRecording) {  // two steps back
    draw->AddTriangleFilled(place(7, 2), place(7, 12), place(1, 7), frame.theme.accent);
    draw->AddTriangleFilled(place(13, 2), place(13, 12), place(7, 7), frame.theme.accent);
  } else {
    draw->AddRectFilled(place(1, 2), place(6, 5), frame.theme.text_faint, unit);
    draw->AddRectFilled(place(1, 4), place(13, 12), frame.theme.text_faint, unit);
  }
  ImGui::Dummy({line, line});
}

void DrawEntry(Frame& frame, const FolderView& folder, const FolderEntry& entry) {
  FileDialog& dialog = frame.view.file_dialog;
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(entry.name.c_str());
  DrawKind(frame, entry.kind);
  ImGui::SameLine(0, frame.Px(6));
  if (ChoiceLine(entry.name, dialog.chosen == entry.name,
                 ImGuiSelectableFlags_SpanAllColumns |
                            ImGuiSelectableFlags_AllowDoubleClick)) {
    dialog.chosen = entry.name;
    if (ImGui::IsMouseDoubleClicked(0)) Enter(frame, folder, entry);
  }
  frame.NameItem("entry:" + entry.name);
  ImGui::PopID();
  ImGui::TableNextColumn();
  Dim(frame, entry.kind == EntryKind::kFolder ? "folder" : WordsOf(frame).kind);
  ImGui::TableNextColumn();
  Dim(frame, replay::FormatWallTime(entry.changed_wall));
}

// Arrows choose, Enter opens, Backspace or Alt+Up goes up. True: the choice moved.
bool HandleKeys(Frame& frame, const FolderView& folder,
                const std::vector<const FolderEntry*>& entries) {
  if (Pressed("Backspace") && !folder.parent.empty()) Browse(frame, folder.parent);
  if (PressedAnywhere("Alt+Up") && !folder.parent.empty()) Browse(frame, folder.parent);
  if (entries.empty()) return false;
  std::string& chosen = frame.view.file_dialog.chosen;
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto* entry) { return entry->name == chosen; });
  const auto last = static_cast<int>(entries.size()) - 1;
  const int at = found == entries.end() ? -1 : static_cast<int>(found - entries.begin());
  int to = at;
  // In what is being typed these move the caret.
  const bool typing = frame.view.file_dialog.path != folder.path;
  if (PressedAnywhere("Down")) to = std::min(at + 1, last);
  if (PressedAnywhere("Up")) to = std::max(at - 1, 0);
  if (!typing && PressedAnywhere("Home")) to = 0;
  if (!typing && PressedAnywhere("End")) to = last;
  if (Pressed("Enter") && at >= 0) Enter(frame, folder, *entries[static_cast<size_t>(at)]);
  if (to == at) return false;
  chosen = entries[static_cast<size_t>(to)]->name;
  return true;
}

void DrawEntries(Frame& frame, const FolderView& folder) {
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg |
                                     ImGuiTableFlags_ScrollY;
  if (!ImGui::BeginTable("##entries", 3, kFlags, ImGui::GetContentRegionAvail())) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Name", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn("Kind", ImGuiTableColumnFlags_WidthFixed, frame.Px(78));
  ImGui::TableSetupColumn("Changed", ImGuiTableColumnFlags_WidthFixed, frame.Px(150));
  ImGui::TableHeadersRow();
  const auto& entries = Sorted(EntriesShown(frame));
  const bool moved = HandleKeys(frame, folder, entries);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(entries.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      DrawEntry(frame, folder, *entries[static_cast<size_t>(i)]);
    }
  }
  if (moved) {
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto* entry) {
      return entry->name == frame.view.file_dialog.chosen;
    });
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    const float y = row * static_cast<float>(at - entries.begin());
    ImGui::SetScrollY(std::max(0.f, y - ImGui::GetWindowHeight() / 2));
  }
  ImGui::EndTable();
}

void DrawFolder(Frame& frame) {
  const auto& browsed = frame.model.browsed;
  if (!browsed.error.empty()) {
    ErrorState(frame, browsed.error, "Choose a place at the left, or type another path.");
  } else if (browsed.value == nullptr) {
    LoadingState(frame, "Reading the folder", 1);
  } else if (browsed.value->entries.empty()) {
    EmptyState(frame, "Nothing in here", WordsOf(frame).empty);
    HandleKeys(frame, *browsed.value, {});
  } else {
    DrawEntries(frame, *browsed.value);
  }
}

void DrawButtons(Frame& frame, const FolderView* folder) {
  ImGui::AlignTextToFramePadding();
  if (folder != nullptr) Dim(frame, EntriesShown(frame)->count);
  const Words& words = WordsOf(frame);
  const float open = ImGui::CalcTextSize(words.open).x + 2 * ImGui::GetStyle().FramePadding.x;
  ImGui::SameLine(ImGui::GetWindowWidth() - open - frame.Px(70 + 8 + 16));
  if (ImGui::Button("Cancel", {frame.Px(70), 0})) Close(frame);
  frame.NameItem("button:cancel-open");
  ImGui::SameLine();
  const FolderEntry* chosen = nullptr;
  if (folder != nullptr) {
    for (const FolderEntry& entry : folder->entries) {
      if (entry.name == frame.view.file_dialog.chosen) chosen = &entry;
    }
  }
  const char* why = chosen == nullptr ? words.first : "";
  if (PrimaryButton(frame, words.open, why) && chosen != nullptr) Enter(frame, *folder, *chosen);
}

}  // namespace

void DrawFileDialog(Frame& frame) {
  if (!frame.view.file_dialog.open) return;
  if (!ImGui::IsPopupOpen(kPopup)) ImGui::OpenPopup(kPopup);
  const ImVec2 whole = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({whole.x / 2, whole.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowSize({std::min(frame.Px(820), whole.x - frame.Px(32)),
                            std::min(frame.Px(520), whole.y - frame.Px(32))});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(16), frame.Px(12)});
  const bool shown = ImGui::BeginPopupModal(
      kPopup, nullptr,
      ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
          ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar();
  if (!shown) return;
  if (PressedAnywhere("Escape")) Close(frame);
  const auto& browsed = frame.model.browsed;
  const FolderView* folder = browsed.error.empty() ? browsed.value.get() : nullptr;
  ImGui::PushFont(frame.fonts.title);
  ImGui::TextUnformatted(WordsOf(frame).title);
  ImGui::PopFont();
  ImGui::Dummy({0, frame.Px(2)});
  DrawPathLine(frame, folder);
  ImGui::Dummy({0, frame.Px(2)});
  const float below = ImGui::GetFrameHeight() + frame.Px(12);
  const float high = std::max(ImGui::GetContentRegionAvail().y - below, frame.Px(60));
  ImGui::BeginChild("places", {frame.Px(176), high});
  DrawPlaces(frame, folder);
  ImGui::EndChild();
  ImGui::SameLine(0, frame.Px(12));
  ImGui::BeginChild("folder", {0, high});
  DrawFolder(frame);
  ImGui::EndChild();
  ImGui::Dummy({0, frame.Px(2)});
  DrawButtons(frame, folder);
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  frame.Name(WordsOf(frame).drawn, at, {at.x + size.x, at.y + size.y});
  ImGui::EndPopup();
}

}  // namespace backstep::gui
