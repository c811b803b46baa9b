// The first page: what this is, and what can be opened.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <imgui_internal.h>

#include "backstep/gui/panels/panel.h"
#include "backstep/gui/widgets/outcome.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr float kWidth = 960, kCard = 48;
constexpr size_t kRecentShown = 4;

constexpr struct {
  const char* recording;
  const char* about;
} kSamples[] = {
    {"software_team", "Four agents write a program to an order; it fails its acceptance test"},
    {"relay", "Two agents pass a number on; the smallest program that can be re-executed"},
    {"swarm", "Fifty agents, thousands of steps: how it scales"}};

// Two steps back, on a tile.
void DrawLogo(Frame& frame, ImVec2 at, float size) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + size, at.y + size}, frame.theme.accent, size * 0.24f);
  const auto arrow = [&](float x, float alpha) {
    const float left = at.x + size * x, middle = at.y + size / 2, reach = size * 0.24f;
    draw->AddTriangleFilled({left + reach, middle - reach}, {left + reach, middle + reach},
                            {left, middle}, WithAlpha(frame.theme.accent_text, alpha));
  };
  arrow(0.2f, 1);
  arrow(0.5f, 0.6f);
}

void DrawTitle(Frame& frame) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float size = frame.Px(46);
  DrawLogo(frame, at, size);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = frame.fonts.display;
  const float left = at.x + size + frame.Px(14);
  draw->AddText(font, font->FontSize, {left, at.y - frame.Px(3)}, frame.theme.text, "Backstep");
  draw->AddText(frame.fonts.body, frame.fonts.body->FontSize, {left + 1, at.y + frame.Px(28)},
                frame.theme.text_dim, "Time-travel debugging for multi-agent systems");
  ImGui::Dummy({1, size + frame.Px(12)});
}

void DrawSentences(Frame& frame) {
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x);
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.text_dim);
  ImGui::TextUnformatted(
      "A recording holds every step of a run: each agent's state, the messages in flight, every "
      "answer from outside. Scrub to the moment it went wrong and see who told what to whom. Then "
      "change one message or inject a fault, run the real agents again from there, and compare.");
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
  ImGui::Dummy({0, frame.Px(6)});
}

void DrawOpen(Frame& frame) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {frame.Px(16), frame.Px(6)});
  if (PrimaryButton(frame, "Open\u2026")) frame.Send(ShowOpenDialog{});
  frame.NameItem("button:open");
  ImGui::SameLine(0, frame.Px(12));
  ImGui::AlignTextToFramePadding();
  ImGui::PopStyleVar();
  Dim(frame, "Ctrl+O, or drop a recording anywhere on this window");
}

void DrawError(Frame& frame) {
  const std::string& error = frame.model.open.error;
  if (error.empty()) return;
  ImGui::Dummy({0, frame.Px(4)});
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, pad = frame.Px(10);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  draw->ChannelsSetCurrent(1);
  ImGui::SetCursorScreenPos({at.x + pad, at.y + pad});
  ImGui::BeginGroup();
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width - 2 * pad);
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.failed);
  ImGui::TextUnformatted(Drawable(error).c_str());
  ImGui::PopStyleColor();
  Dim(frame, "`backstep verify REC` says what is damaged in a recording.");
  ImGui::PopTextWrapPos();
  ImGui::EndGroup();
  const float bottom = ImGui::GetItemRectMax().y + pad;
  draw->ChannelsSetCurrent(0);
  draw->AddRectFilled(at, {at.x + width, bottom}, WithAlpha(frame.theme.failed, 0.1f), frame.Px(4));
  draw->AddRect(at, {at.x + width, bottom}, WithAlpha(frame.theme.failed, 0.6f), frame.Px(4));
  draw->ChannelsMerge();
  frame.Name("error:open", at, {at.x + width, bottom});
  ImGui::SetCursorScreenPos({at.x, bottom});
  ImGui::Dummy({0, 0});
}

// `text` from `at` on, cut at `right`.
void Line(ImFont* font, ImVec2 at, float right, ImU32 color, const std::string& raw) {
  const std::string text = DrawableLine(raw);
  ImGui::PushFont(font);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), at,
                            {right, at.y + ImGui::GetTextLineHeight() + 2}, right, right,
                            text.c_str(), nullptr, &size);
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void CardMenu(Frame& frame, const std::string& path) {
  if (!ImGui::BeginPopupContextItem("card")) return;
  if (ImGui::MenuItem("Open")) frame.Send(OpenRecording{path, {}});
  if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{path});
  ImGui::EndPopup();
}

// A recording as a card of two lines; a click opens it.
void Card(Frame& frame, const replay::RecordingRow& row, const char* kind,
          const std::string& second) {
  const std::string name = FileName(row.path);
  const replay::SessionRow* session = row.sessions.empty() ? nullptr : &row.sessions.back();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 end{at.x + ImGui::GetContentRegionAvail().x, at.y + frame.Px(kCard)};
  ImGui::PushID(row.path.c_str());
  if (ImGui::InvisibleButton("card", {end.x - at.x, end.y - at.y})) {
    frame.Send(OpenRecording{row.path, {}});
  }
  frame.NameItem(std::string(kind) + ":" + name);
  const bool hovered = ImGui::IsItemHovered();
  std::string about = row.path + "\n";
  about += session == nullptr ? row.error : LongOutcome(*session);
  if (hovered) Hint(Drawable(about.substr(0, 600)).c_str());
  CardMenu(frame, row.path);
  ImGui::PopID();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Theme& theme = frame.theme;
  draw->AddRectFilled(at, end, hovered ? theme.hover : theme.card, frame.Px(6));
  draw->AddRect(at, end, hovered ? theme.accent : theme.border, frame.Px(6));
  const Mark mark = session == nullptr ? Mark::kFailed : MarkOf(*session);
  DrawMark(draw, {at.x + frame.Px(18), at.y + frame.Px(15)}, frame.Px(5), mark, theme);
  const std::string outcome = session == nullptr ? "cannot be read"
                                                 : replay::Elide(ShortOutcome(*session), 34);
  const std::string shown = Drawable(outcome);
  const float wide = frame.fonts.small->CalcTextSizeA(frame.fonts.small->FontSize, 1e6f, 0,
                                                      shown.c_str()).x;
  const float left = at.x + frame.Px(34), right = end.x - frame.Px(12);
  Line(frame.fonts.body, {left, at.y + frame.Px(6)}, right - wide - frame.Px(12), theme.text,
       name);
  Line(frame.fonts.small, {right - wide, at.y + frame.Px(8)}, right + 1, theme.text_dim, outcome);
  Line(frame.fonts.small, {left, at.y + frame.Px(26)}, right, theme.text_faint, second);
}

// When it was recorded, how long it is and the folder it lies in, the home folder as "~".
std::string SecondLine(const replay::RecordingRow& row) {
  std::string folder = std::filesystem::path(row.path).parent_path().string();
  const char* variable = std::getenv("HOME");
  const std::string home = variable == nullptr ? "" : variable;
  if (home.size() > 1 && (folder + "/").starts_with(home + "/")) {
    folder = "~" + folder.substr(home.size());
  }
  if (row.sessions.empty()) return folder;
  const replay::SessionRow& session = row.sessions.back();
  return replay::FormatWallTime(session.began_wall).substr(0, 16) + "  \u00b7  " +
         replay::FormatCount(session.last.value, "step") + "  \u00b7  " + folder;
}

void DrawRecent(Frame& frame, const std::vector<replay::RecordingRow>& rows) {
  const size_t shown = std::min(rows.size(), kRecentShown);
  std::string title = "Recent";
  if (rows.size() > shown) {
    title += ", " + std::to_string(shown) + " of " + std::to_string(rows.size());
  }
  Heading(frame, title);
  for (size_t i = 0; i < shown; ++i) Card(frame, rows[i], "recent", SecondLine(rows[i]));
  if (rows.empty()) Dim(frame, "What you open will be listed here.");
}

void DrawSamples(Frame& frame, const std::vector<replay::RecordingRow>& rows) {
  Heading(frame, "Samples, made by the build");
  for (const auto& sample : kSamples) {
    for (const replay::RecordingRow& row : rows) {
      if (FileName(row.path) == std::string(sample.recording) + ".backstep") {
        Card(frame, row, "sample", sample.about);
      }
    }
  }
  if (rows.empty()) Dim(frame, "There are none beside this program.");
}

void DrawKnown(Frame& frame) {
  if (!frame.view.asked_known) {
    frame.view.asked_known = true;
    frame.Send(ListKnown{});
  }
  const auto& known = frame.model.known.value;
  const float half = std::floor((ImGui::GetContentRegionAvail().x - frame.Px(24)) / 2);
  const float card = frame.Px(kCard) + ImGui::GetStyle().ItemSpacing.y;
  size_t cards = 3;
  if (known != nullptr) cards = std::max(cards, std::min(known->recent.size(), kRecentShown));
  const float height = frame.Px(28) + card * static_cast<float>(cards);
  ImGui::Dummy({0, frame.Px(8)});
  ImGui::BeginChild("recent", {half, height}, false, ImGuiWindowFlags_NoScrollbar);
  if (known == nullptr) LoadingState(frame, "Looking at what there is", 1);
  else DrawRecent(frame, known->recent);
  ImGui::EndChild();
  ImGui::SameLine(0, frame.Px(24));
  ImGui::BeginChild("samples", {half, height}, false, ImGuiWindowFlags_NoScrollbar);
  if (known != nullptr) DrawSamples(frame, known->samples);
  ImGui::EndChild();
}

}  // namespace

void DrawWelcome(Frame& frame) {
  if (frame.model.open.loading) {
    LoadingState(frame, "Opening", 1);
    return;
  }
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float width = std::min(frame.Px(kWidth), room.x - frame.Px(16));
  const float top = std::clamp(room.y * 0.06f, frame.Px(20), frame.Px(72));
  ImGui::SetCursorPos({std::floor((room.x - width) * 0.5f), std::floor(top)});
  ImGui::BeginChild("##page", {width, 0});
  DrawTitle(frame);
  DrawSentences(frame);
  DrawOpen(frame);
  DrawError(frame);
  DrawKnown(frame);
  ImGui::Dummy({0, frame.Px(4)});
  Heading(frame, "In a folder");
  ImGui::BeginChild("folder", {0, std::max(ImGui::GetContentRegionAvail().y, frame.Px(160))});
  DrawRecordings(frame);
  ImGui::EndChild();
  ImGui::EndChild();
}

}  // namespace backstep::gui
