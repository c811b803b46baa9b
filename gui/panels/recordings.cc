// The recordings of a folder.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/keys.h"
#include "backstep/gui/widgets/outcome.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {

// A session, or what of a recording cannot be read.
struct ListedRow {
  const replay::RecordingRow* recording;
  const replay::SessionRow* session;   // null: `error` says why
  std::string name, error;
};

// Made anew where the listing, the filter or the sorting has changed, and not each frame.
struct ListedRows {
  std::shared_ptr<const std::vector<replay::RecordingRow>> of;
  std::string filter;
  int column = -1;                     // -1: as they were listed
  bool down = false;
  std::vector<ListedRow> rows;
  size_t total = 0;
};

namespace {

using Row = ListedRow;

enum Column { kName, kOutcome, kLength, kCost, kErrors, kBranches, kBegan, kColumns };

bool Contains(const std::string& text, const std::string& part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::vector<Row> RowsOf(const std::vector<replay::RecordingRow>& recordings,
                        const std::string& filter, size_t* total) {
  std::vector<Row> rows;
  *total = 0;
  for (const replay::RecordingRow& recording : recordings) {
    const std::string name = FileName(recording.path);
    const auto add = [&](const replay::SessionRow* session, const std::string& error) {
      ++*total;
      const bool wanted = Contains(name, filter) ||
                          (session != nullptr && Contains(session->name, filter));
      if (wanted) rows.push_back({&recording, session, name, error});
    };
    for (const replay::SessionRow& session : recording.sessions) add(&session, {});
    for (const auto& [log, why] : recording.damaged) add(nullptr, why);
    if (!recording.error.empty()) add(nullptr, recording.error);
    const bool empty = recording.sessions.empty() && recording.damaged.empty();
    if (empty && recording.error.empty()) add(nullptr, "nothing has been recorded");
  }
  return rows;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// What a column sorts by.
int Compare(const Row& a, const Row& b, int column) {
  static const replay::SessionRow none;
  const replay::SessionRow& x = a.session == nullptr ? none : *a.session;
  const replay::SessionRow& y = b.session == nullptr ? none : *b.session;
  const auto counts = [](const replay::SessionRow& row) {
    return row.counts.value_or(replay::SessionCounts{});
  };
  switch (column) {
    case kName: return a.name.compare(b.name);
    case kOutcome: return Order(x.outcome.kind, y.outcome.kind);
    case kLength: return Order(x.last, y.last);
    case kCost: return Order(counts(x).cost_usd, counts(y).cost_usd);
    case kErrors: return Order(counts(x).errors, counts(y).errors);
    case kBranches: return Order(x.branches, y.branches);
    default: return Order(x.began_wall, y.began_wall);
  }
}

// The rows that pass the filter, as they are listed.
const ListedRows& RowsShown(Frame& frame) {
  const auto& listing = frame.model.listing.value;
  std::shared_ptr<ListedRows>& kept = frame.view.listed_rows;
  const std::string& filter = frame.view.folder_filter;
  if (kept != nullptr && kept->of == listing && kept->filter == filter) return *kept;
  kept = std::make_shared<ListedRows>();
  kept->of = listing;
  kept->filter = filter;
  if (listing != nullptr) kept->rows = RowsOf(*listing, filter, &kept->total);
  return *kept;
}

// Inside their table.
void Sort(ListedRows* listed) {
  const ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
  if (specs == nullptr || specs->SpecsCount == 0) return;
  const int column = specs->Specs[0].ColumnIndex;
  const bool down = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
  if (listed->column == column && listed->down == down) return;
  if (listed->column >= 0) listed->rows = RowsOf(*listed->of, listed->filter, &listed->total);
  listed->column = column;
  listed->down = down;
  std::stable_sort(listed->rows.begin(), listed->rows.end(), [&](const Row& a, const Row& b) {
    const int order = Compare(a, b, column);
    return down ? order > 0 : order < 0;
  });
}

void RightAligned(Frame& frame, const std::string& text, ImU32 color) {
  const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.f, room - frame.Px(8)));
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

void DrawNumbers(Frame& frame, const replay::SessionRow& session) {
  const Theme& theme = frame.theme;
  ImGui::TableNextColumn();
  RightAligned(frame, std::to_string(session.last.value), theme.text);
  ImGui::TableNextColumn();
  if (!session.counts) RightAligned(frame, "-", theme.text_faint);
  else RightAligned(frame, replay::FormatCost(session.counts->cost_usd), theme.text_dim);
  if (!session.counts) Hint("Too many steps to be counted in a list");
  ImGui::TableNextColumn();
  const uint64_t errors = session.counts ? session.counts->errors : 0;
  RightAligned(frame, session.counts ? std::to_string(errors) : "-",
               errors != 0 ? theme.failed : theme.text_faint);
  ImGui::TableNextColumn();
  RightAligned(frame, std::to_string(session.branches), theme.text_dim);
  ImGui::TableNextColumn();
  Dim(frame, replay::FormatWallTime(session.began_wall).substr(0, 16));
  Hint(replay::FormatWallTime(session.began_wall).c_str());
}

void DrawMenu(Frame& frame, const std::string& path) {
  if (!ImGui::BeginPopupContextItem("row")) return;
  if (ImGui::MenuItem("Open")) frame.Send(OpenRecording{path, {}});
  if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{path});
  if (ImGui::MenuItem("Copy command line")) {
    frame.Send(CopyText{"backstep info " + replay::ShellQuote(path)});
  }
  ImGui::EndPopup();
}

std::string AddressOf(const Row& row) {
  // One of several sessions is named by its log.
  const bool several = row.session != nullptr && row.recording->sessions.size() > 1;
  return several ? "#" + std::to_string(row.session->id.value) : "";
}

// What a row is known by while others come and go.
std::string KeyOf(const Row& row) { return row.recording->path + AddressOf(row); }

// Arrows choose a row, Enter opens it. Returns the row that is to be seen; -1: none has moved.
int HandleKeys(Frame& frame, const std::vector<Row>& rows) {
  if (AnyPopup() || rows.empty()) return -1;
  std::string& chosen = frame.view.chosen_recording;
  int at = -1;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (KeyOf(rows[i]) == chosen) at = static_cast<int>(i);
  }
  if (Pressed("Enter") && at >= 0) {
    const Row& row = rows[static_cast<size_t>(at)];
    frame.Send(OpenRecording{row.recording->path, AddressOf(row)});
  }
  const int to = Pressed("Down") ? at + 1 : Pressed("Up") ? at - 1 : at;
  if (to == at) return -1;
  at = std::clamp(to, 0, static_cast<int>(rows.size()) - 1);
  chosen = KeyOf(rows[static_cast<size_t>(at)]);
  return at;
}

void DrawRow(Frame& frame, const Row& row, int index) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(index);
  const bool open = frame.model.open.value != nullptr &&
                    FileName(frame.model.open.value->path) == row.name;
  const ImVec2 at = ImGui::GetCursorPos();
  const bool marked = KeyOf(row) == frame.view.chosen_recording;
  const bool chosen = ImGui::Selectable("##row", open || marked,
                                        ImGuiSelectableFlags_SpanAllColumns);
  frame.NameItem("recording:" + row.name);
  if (marked) {
    frame.NameItem("chosen:" + row.name);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddRectFilled(low, {low.x + frame.Px(2), high.y},
                                              frame.theme.accent);
  }
  if (chosen) frame.Send(OpenRecording{row.recording->path, AddressOf(row)});
  DrawMenu(frame, row.recording->path);
  ImGui::PopID();
  ImGui::SetCursorPos(at);
  // All of them end alike.
  const size_t shown = row.name.size() - (row.name.ends_with(".backstep") ? 9 : 0);
  Elided(frame, row.name.substr(0, shown), 0, frame.theme.text);
  ImGui::TableNextColumn();
  MarkItem(frame.theme, row.session == nullptr ? Mark::kFailed : MarkOf(*row.session));
  ImGui::SameLine(0, frame.Px(4));
  if (row.session == nullptr) {
    Elided(frame, "cannot be read: " + row.error, 0, frame.theme.failed);
    return;
  }
  Elided(frame, ShortOutcome(*row.session), 0, frame.theme.text);
  DrawNumbers(frame, *row.session);
}

// What is missed least goes first where names and outcomes would have no room; `rank` says in which
// order the columns come.
constexpr struct {
  const char* title;
  float width;
  int rank;
} kNumbers[] = {{"Steps", 50, 0}, {"Cost", 50, 3}, {"Errors", 46, 1}, {"Branches", 60, 4},
                {"Began", 106, 2}};
constexpr float kWordsLeast = 190;       // points for name and outcome together

int RanksThatFit(const Frame& frame, float room) {
  room -= frame.Px(kWordsLeast) + ImGui::GetStyle().ScrollbarSize;
  for (int rank = 0; rank < static_cast<int>(std::size(kNumbers)); ++rank) {
    for (const auto& column : kNumbers) {
      if (column.rank == rank) room -= frame.Px(column.width) + 2 * ImGui::GetStyle().CellPadding.x;
    }
    if (room < 0) return rank;
  }
  return static_cast<int>(std::size(kNumbers));
}

void SetUpColumns(Frame& frame, int ranks) {
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Recording", ImGuiTableColumnFlags_WidthStretch, 2);
  ImGui::TableSetupColumn("Outcome", ImGuiTableColumnFlags_WidthStretch, 2.2f);
  for (const auto& column : kNumbers) {
    ImGui::TableSetupColumn(column.title,
                            ImGuiTableColumnFlags_WidthFixed |
                                (column.rank < ranks ? 0 : ImGuiTableColumnFlags_Disabled),
                            frame.Px(column.width));
  }
  ImGui::TableHeadersRow();
  frame.NameItem("columns:" + std::to_string(ranks));
}

void DrawTable(Frame& frame) {
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg |
                                     ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_ScrollY;
  ImGui::PushFont(frame.fonts.small);
  const int ranks = RanksThatFit(frame, ImGui::GetContentRegionAvail().x);
  if (ImGui::BeginTable("##recordings", kColumns, kFlags, {0, 0})) {
    SetUpColumns(frame, ranks);
    Sort(frame.view.listed_rows.get());
    const std::vector<Row>& rows = frame.view.listed_rows->rows;
    const int moved = HandleKeys(frame, rows);
    const float high = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    if (moved >= 0) KeepRowInSight(moved, high);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.size()));
    while (clipper.Step()) {
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        DrawRow(frame, rows[static_cast<size_t>(i)], i);
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopFont();
}

// The folder, a filter of names, how many there are.
void DrawHead(Frame& frame, const std::string& count) {
  ViewState& view = frame.view;
  ImGui::AlignTextToFramePadding();
  Dim(frame, "Folder");
  ImGui::SameLine();
  const float rest = frame.Px(132 + 62) + ImGui::CalcTextSize(count.c_str()).x + frame.Px(24);
  const float room = ImGui::GetContentRegionAvail().x - rest;
  ImGui::SetNextItemWidth(std::max(room, frame.Px(80)));
  FocusIfWanted(frame, "field:folder");
  if (ImGui::InputText("##folder", &view.folder, ImGuiInputTextFlags_EnterReturnsTrue)) {
    const bool recording = view.folder.ends_with(".backstep") ||
                           view.folder.ends_with(".backstep/");
    if (recording) frame.Send(OpenRecording{view.folder, {}});
    else frame.Send(ListFolder{view.folder});
  }
  frame.NameItem("field:folder");
  Hint("A folder, or a recording; Enter lists or opens it");
  ImGui::SameLine(0, frame.Px(4));
  if (PlainButton(frame, "List", "Read the folder again")) frame.Send(ListFolder{view.folder});
  ImGui::SameLine(0, frame.Px(8));
  ImGui::SetNextItemWidth(frame.Px(124));
  ImGui::InputTextWithHint("##filter", "Filter", &view.folder_filter);
  frame.NameItem("field:filter");
  ImGui::SameLine(0, frame.Px(8));
  Dim(frame, count);
}

}  // namespace

void DrawRecordings(Frame& frame) {
  const auto& listing = frame.model.listing;
  if (!frame.view.listed) {
    frame.view.listed = true;
    std::error_code error;
    const std::string here = std::filesystem::current_path(error).string();
    if (frame.view.folder == "." && !error) frame.view.folder = here;
    frame.Send(ListFolder{frame.view.folder});
  }
  const ListedRows& listed = RowsShown(frame);
  std::string count;
  if (listed.total != 0) {
    count = std::to_string(listed.rows.size()) + " of " + std::to_string(listed.total);
  }
  const ListingRead& read = frame.model.listing_read;
  if (listing.value != nullptr && read.looked < read.total) {
    count += ", " + std::to_string(read.looked) + " of " + std::to_string(read.total) +
             " folders read";
  }
  DrawHead(frame, count);
  if (!listing.error.empty()) {
    ErrorState(frame, listing.error, "Give another folder.");
  } else if (listing.value == nullptr) {
    LoadingState(frame, "Reading the recordings of this folder", 1);
  } else if (listed.total == 0) {
    const std::string& folder = frame.model.listing_folder;
    EmptyState(frame, "No recordings in " + folder,
               "`backstep run -o NAME.backstep -- PROGRAM` makes one.");
  } else if (listed.rows.empty()) {
    EmptyState(frame, "None of them has this in its name", "Clear the filter to see all.");
  } else {
    DrawTable(frame);
  }
}

}  // namespace backstep::gui
