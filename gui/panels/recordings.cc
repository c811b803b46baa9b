#include <algorithm>
#include <filesystem>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

struct Row {
  const replay::RecordingRow* recording;
  const replay::SessionRow* session;   // null: it cannot be read
  std::string name;
};

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::vector<Row> RowsOf(const std::vector<replay::RecordingRow>& recordings) {
  std::vector<Row> rows;
  for (const replay::RecordingRow& recording : recordings) {
    if (recording.sessions.empty()) rows.push_back({&recording, nullptr, NameOf(recording.path)});
    for (const replay::SessionRow& session : recording.sessions) {
      rows.push_back({&recording, &session, NameOf(recording.path)});
    }
  }
  return rows;
}

// What a column sorts by.
int Compare(const Row& a, const Row& b, int column) {
  static const replay::SessionRow none;
  const replay::SessionRow& x = a.session == nullptr ? none : *a.session;
  const replay::SessionRow& y = b.session == nullptr ? none : *b.session;
  switch (column) {
    case 0: return a.name.compare(b.name);
    case 1: return static_cast<int>(x.outcome.kind) - static_cast<int>(y.outcome.kind);
    case 2: return x.last < y.last ? -1 : x.last > y.last ? 1 : 0;
    case 3: return x.branches < y.branches ? -1 : x.branches > y.branches ? 1 : 0;
    default: return x.began_wall < y.began_wall ? -1 : x.began_wall > y.began_wall ? 1 : 0;
  }
}

void Sort(std::vector<Row>* rows) {
  const ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
  if (specs == nullptr || specs->SpecsCount == 0) return;
  const int column = specs->Specs[0].ColumnIndex;
  const bool down = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
  std::stable_sort(rows->begin(), rows->end(), [&](const Row& a, const Row& b) {
    const int order = Compare(a, b, column);
    return down ? order > 0 : order < 0;
  });
}

std::string OutcomeText(const Row& row) {
  if (row.session == nullptr) return "cannot be read: " + row.recording->error;
  const std::string outcome = replay::FormatOutcome(row.session->outcome);
  if (row.session->state == store::LogState::kSealed) return outcome;
  return std::string(store::LogStateName(row.session->state)) + ", " + outcome;
}

Mark MarkOf(const Row& row) {
  if (row.session == nullptr || row.session->outcome.kind == Outcome::Kind::kFailed) {
    return Mark::kFailed;
  }
  if (row.session->state == store::LogState::kLive) return Mark::kLive;
  return row.session->outcome.kind == Outcome::Kind::kOk ? Mark::kOk : Mark::kChanged;
}

void DrawRow(Frame& frame, const Row& row, int index) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(index);
  const bool chosen = ImGui::Selectable(Drawable(row.name).c_str(), false,
                                        ImGuiSelectableFlags_SpanAllColumns);
  frame.NameItem("recording:" + row.name);
  if (chosen) frame.Send(OpenRecording{row.recording->path, {}});
  if (ImGui::BeginPopupContextItem("row")) {
    if (ImGui::MenuItem("Open")) frame.Send(OpenRecording{row.recording->path, {}});
    if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{row.recording->path});
    if (ImGui::MenuItem("Copy command line")) {
      frame.Send(CopyText{"backstep info " + replay::ShellQuote(row.recording->path)});
    }
    ImGui::EndPopup();
  }
  ImGui::PopID();
  ImGui::TableNextColumn();
  MarkItem(frame.theme, MarkOf(row));
  ImGui::SameLine(0, frame.Px(4));
  Elided(frame, OutcomeText(row), 0, frame.theme.text);
  if (row.session == nullptr) return;
  ImGui::TableNextColumn();
  ImGui::Text("%llu", static_cast<unsigned long long>(row.session->last.value));
  ImGui::TableNextColumn();
  ImGui::Text("%llu", static_cast<unsigned long long>(row.session->branches));
  ImGui::TableNextColumn();
  Dim(frame, replay::FormatWallTime(row.session->began_wall));
}

void DrawTable(Frame& frame) {
  std::vector<Row> rows = RowsOf(*frame.model.listing.value);
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_RowBg |
                                     ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_Resizable |
                                     ImGuiTableFlags_ScrollY;
  if (!ImGui::BeginTable("##recordings", 5, kFlags, {0, 0})) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn("Recording", ImGuiTableColumnFlags_WidthStretch, 2);
  ImGui::TableSetupColumn("Outcome", ImGuiTableColumnFlags_WidthStretch, 2.4f);
  ImGui::TableSetupColumn("Steps", ImGuiTableColumnFlags_WidthFixed, frame.Px(56));
  ImGui::TableSetupColumn("Branches", ImGuiTableColumnFlags_WidthFixed, frame.Px(68));
  ImGui::TableSetupColumn("Began", ImGuiTableColumnFlags_WidthFixed, frame.Px(144));
  ImGui::TableHeadersRow();
  Sort(&rows);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      DrawRow(frame, rows[static_cast<size_t>(i)], i);
    }
  }
  ImGui::EndTable();
}

}  // namespace

void DrawRecordings(Frame& frame) {
  std::string& folder = frame.view.folder;
  ImGui::AlignTextToFramePadding();
  Dim(frame, "Folder or recording");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - frame.Px(84));
  const bool entered =
      ImGui::InputText("##folder", &folder, ImGuiInputTextFlags_EnterReturnsTrue);
  frame.NameItem("field:folder");
  ImGui::SameLine();
  if (PrimaryButton(frame, "Open") || entered) {
    if (folder.ends_with(".backstep") || folder.ends_with(".backstep/")) {
      frame.Send(OpenRecording{folder, {}});
    } else {
      frame.Send(ListFolder{folder});
    }
  }
  const auto& listing = frame.model.listing;
  if (listing.empty() && !frame.view.listed) {
    frame.view.listed = true;
    frame.Send(ListFolder{folder});
  }
  for (const std::string& path : frame.view.recent) {
    ImGui::PushID(path.c_str());
    if (ImGui::SmallButton(Drawable(NameOf(path)).c_str())) frame.Send(OpenRecording{path, {}});
    frame.NameItem("recent:" + NameOf(path));
    Hint(path.c_str());
    ImGui::PopID();
    ImGui::SameLine();
    if (ImGui::GetContentRegionAvail().x < frame.Px(160)) break;
  }
  ImGui::NewLine();
  if (!listing.error.empty()) {
    ErrorState(frame, listing.error, "Give another folder.");
  } else if (listing.value == nullptr) {
    LoadingState(frame, "Looking", 1);
  } else if (listing.value->empty()) {
    EmptyState(frame, "No recordings in " + frame.model.listing_folder,
               "`backstep run -o NAME.backstep -- PROGRAM` makes one; the samples are in "
               "build/release/samples. Drop a recording here to open it.");
  } else {
    DrawTable(frame);
  }
}

}  // namespace backstep::gui
