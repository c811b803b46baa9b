#include "backstep/gui/widgets/diff/diff_block.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "backstep/gui/widgets/text.h"

namespace backstep::gui {
namespace {

using Kind = replay::DiffLine::Kind;

constexpr size_t kKnownMax = 200;  // differences that stay laid out
constexpr float kGutter = 14;

Hash128 KeyOf(const replay::TextDiff& diff, float size, float width, bool unified) {
  Hasher hasher;
  hasher.AddNumber(static_cast<uint64_t>(width * 8));
  hasher.AddNumber(static_cast<uint64_t>(size * 8) * 2 + (unified ? 1 : 0));
  for (const replay::DiffLine& line : diff.lines) {
    hasher.AddNumber(static_cast<uint64_t>(line.kind) + line.skipped * 8);
    hasher.AddField(line.before);
    hasher.AddField(line.after);
  }
  return hasher.Digest();
}

const LaidOutDiff& Known(Frame& frame, const replay::TextDiff& diff, float width, bool unified) {
  if (frame.view.diffs == nullptr) frame.view.diffs = std::make_shared<LaidOutDiffs>();
  auto& known = frame.view.diffs->known;
  const float size = ImGui::GetFontSize();
  const Hash128 key = KeyOf(diff, size, width, unified);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= kKnownMax) known.clear();
  return known.emplace(key, LayOutDiff(diff, ImGui::GetFont(), size, width, unified)).first->second;
}

struct RowLook {
  ImU32 background = 0, sign_color = 0;
  const char* sign = "";
};

RowLook LookOf(const Theme& theme, const LaidOutSide::Row& row) {
  if (row.absent) return {WithAlpha(theme.border, 0.35f), 0, ""};
  switch (row.kind) {
    case Kind::kRemoved: return {theme.removed, theme.failed, "-"};
    case Kind::kAdded: return {theme.added, theme.ok, "+"};
    case Kind::kChanged:
      return row.after ? RowLook{theme.added, theme.ok, "+"}
                       : RowLook{theme.removed, theme.failed, "-"};
    default: return {};
  }
}

void DrawRows(Frame& frame, const LaidOutSide& side, size_t rows, ImVec2 at, float width,
              DiffMarks marks) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float height = ImGui::GetTextLineHeight();
  const float top = draw->GetClipRectMin().y, bottom = draw->GetClipRectMax().y;
  const auto first = static_cast<size_t>(std::max(0.f, (top - at.y) / height));
  for (size_t i = first; i < rows; ++i) {
    const float y = at.y + height * static_cast<float>(i);
    if (y > bottom) return;
    const LaidOutSide::Row& row = side.rows[i];
    const RowLook look =
        marks == DiffMarks::kShown ? LookOf(frame.theme, row) : RowLook();
    if (look.background != 0) {
      draw->AddRectFilled({at.x, y}, {at.x + width, y + height}, look.background);
    }
    const float text_x = at.x + frame.Px(kGutter);
    for (const auto& [from, to] : row.marks) {
      draw->AddRectFilled({text_x + from, y}, {text_x + to, y + height}, look.background);
      draw->AddLine({text_x + from, y + height - 1}, {text_x + to, y + height - 1},
                    look.sign_color);
    }
    if (row.first) draw->AddText({at.x + frame.Px(3), y}, look.sign_color, look.sign);
    if (!row.label.empty()) draw->AddText({text_x, y}, frame.theme.text_faint, row.label.c_str());
  }
}

void DrawSide(Frame& frame, const char* id, const LaidOutSide& side, size_t rows, float width,
              DiffMarks marks) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetTextLineHeight() * static_cast<float>(rows);
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + width, at.y + height}, frame.theme.field);
  DrawRows(frame, side, rows, at, width, marks);
  std::string text = side.text.substr(0, rows == 0 ? 0 : side.rows[rows - 1].end - 1);
  const float gutter = frame.Px(kGutter);
  ImGui::SetCursorScreenPos({at.x + gutter, at.y});
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, 0);
  ImGui::InputTextMultiline(id, text.data(), text.size() + 1, {width - gutter, height},
                            ImGuiInputTextFlags_ReadOnly | ImGuiInputTextFlags_NoHorizontalScroll);
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(2);
}

void Menu(Frame& frame, const replay::TextDiff& diff) {
  if (!ImGui::BeginPopupContextItem("diff-menu")) return;
  if (ImGui::MenuItem("Copy the difference")) frame.Send(CopyText{replay::ToUnified(diff)});
  std::string before, after;
  for (const replay::DiffLine& line : diff.lines) {
    if (line.kind != Kind::kAdded && line.kind != Kind::kGap) before += line.before + "\n";
    if (line.kind != Kind::kRemoved && line.kind != Kind::kGap) after += line.after + "\n";
  }
  if (ImGui::MenuItem("Copy the lines before")) frame.Send(CopyText{before});
  if (ImGui::MenuItem("Copy the lines after")) frame.Send(CopyText{after});
  ImGui::EndPopup();
}

// How many of the rows are shown, with the button that shows the others.
size_t Shown(const Frame& frame, const std::string& id, size_t rows, int lines_max) {
  const bool whole = lines_max <= 0 || frame.view.unfolded.count(id) != 0;
  return whole ? rows : std::min(rows, static_cast<size_t>(lines_max));
}

void Footer(Frame& frame, const std::string& id, const replay::TextDiff& diff, size_t rows,
            int lines_max) {
  const bool foldable = lines_max > 0 && rows > static_cast<size_t>(lines_max);
  if (foldable) {
    const bool whole = frame.view.unfolded.count(id) != 0;
    const std::string label = whole ? "less" : std::to_string(lines_max) + " of " +
                                                   std::to_string(rows) + " lines: show all";
    if (ImGui::SmallButton((label + "##fold" + id).c_str())) {
      if (whole) frame.view.unfolded.erase(id);
      else frame.view.unfolded.insert(id);
    }
    frame.NameItem("more:" + id);
  }
  if (!diff.cut()) return;
  if (foldable) ImGui::SameLine();
  Dim(frame, std::to_string(diff.changed_shown) + " of " + std::to_string(diff.changed) +
                 " changed lines");
}

void Block(Frame& frame, const std::string& id, const replay::TextDiff& diff, int lines_max,
           bool unified, DiffMarks marks) {
  ImGui::PushFont(frame.fonts.mono);
  ImGui::PushID(id.c_str());
  const float gap = frame.Px(4);
  const float all = std::max(ImGui::GetContentRegionAvail().x, frame.Px(80));
  const float width = std::floor(unified ? all : (all - gap) * 0.5f);
  const LaidOutDiff& laid_out =
      Known(frame, diff, width - frame.Px(kGutter) - frame.Px(2), unified);
  const size_t rows = laid_out.left.rows.size(), shown = Shown(frame, id, rows, lines_max);
  ImGui::BeginGroup();
  DrawSide(frame, "##left", laid_out.left, shown, width, marks);
  if (!unified) {
    ImGui::SameLine(0, gap);
    DrawSide(frame, "##right", laid_out.right, shown, width, marks);
  }
  ImGui::EndGroup();
  frame.NameItem("diff:" + id);
  Menu(frame, diff);
  Footer(frame, id, diff, rows, lines_max);
  ImGui::PopID();
  ImGui::PopFont();
}

}  // namespace

const replay::TextDiff& DiffOfTyped(Frame& frame, const std::string& id, const std::string& before,
                                    const std::string& after) {
  if (frame.view.diffs == nullptr) frame.view.diffs = std::make_shared<LaidOutDiffs>();
  Hasher hasher;
  hasher.AddField(before);
  hasher.AddField(after);
  const Hash128 now = hasher.Digest();
  auto& [of, diff] = frame.view.diffs->typed[id];
  if (of != now) {
    of = now;
    diff = replay::DiffLaidOut(before, after);
  }
  return diff;
}

void SideBySideDiff(Frame& frame, const std::string& id, const replay::TextDiff& diff,
                    int lines_max, DiffMarks marks) {
  Block(frame, id, diff, lines_max, false, marks);
}

void UnifiedDiff(Frame& frame, const std::string& id, const replay::TextDiff& diff,
                 int lines_max) {
  Block(frame, id, diff, lines_max, true, DiffMarks::kShown);
}

}  // namespace backstep::gui
