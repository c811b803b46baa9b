// The step at the cursor on both sides, part by part.
#include <algorithm>

#include <imgui.h>

#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/panels/comparison/parts.h"
#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/widgets/diff/diff_block.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr int kLinesFolded = 24;

float Half(const Frame& frame) { return (ImGui::GetContentRegionAvail().x - frame.Px(4)) * 0.5f; }

// What a step cost, in one line.
std::string FactsOf(const replay::StepRow& row) {
  std::string text = replay::FormatDuration(row.duration);
  const uint64_t tokens = row.usage.input_tokens + row.usage.output_tokens;
  if (tokens != 0) {
    text += "  ·  " + std::to_string(row.usage.input_tokens) + " + " +
            std::to_string(row.usage.output_tokens) + " tokens";
  }
  if (row.usage.cost_usd != 0) text += "  ·  " + replay::FormatCost(row.usage.cost_usd);
  text += "  ·  state " + replay::FormatBytes(row.state_bytes);
  if (!row.faults.empty()) text += "  ·  hit by " + replay::Joined(row.faults);
  return text;
}

void SideHead(Frame& frame, const char* letter, const std::string& name,
              const std::optional<replay::StepRow>& row, float width) {
  ImGui::BeginGroup();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = 2 * ImGui::GetTextLineHeight() + frame.Px(10);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + height}, frame.theme.card, frame.Px(4));
  ImGui::SetCursorScreenPos({at.x + frame.Px(8), at.y + frame.Px(4)});
  const float inner = width - frame.Px(16);
  const std::string what = row ? row->moment : name + ": no such step";
  Elided(frame, std::string(letter) + "   " + what, inner,
         row ? frame.theme.text : frame.theme.text_dim);
  ImGui::SetCursorScreenPos({at.x + frame.Px(8),
                             at.y + frame.Px(6) + ImGui::GetTextLineHeight()});
  Elided(frame, row ? FactsOf(*row) : "No step of that agent and clock.", inner,
         frame.theme.text_dim);
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({width, frame.Px(2)});
  ImGui::EndGroup();
  frame.NameItem(std::string("side:") + letter);
  ImGui::PushID(letter);
  if (ImGui::BeginPopupContextItem("side-menu")) {
    if (ImGui::MenuItem("Copy moment")) frame.Send(CopyText{what});
    if (row && ImGui::MenuItem("Copy step")) frame.Send(CopyText{row->step});
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void Title(Frame& frame, const replay::StepPair& pair) {
  const bool both = pair.a.value != 0 && pair.b.value != 0;
  MarkItem(frame.theme, pair.alike() ? Mark::kOk : Mark::kChanged);
  ImGui::SameLine(0, frame.Px(4));
  std::string text = pair.agent + "/" + std::to_string(pair.clock.value);
  if (pair.alike()) text += "  is alike on both sides";
  else if (both) text += "  differs in " + replay::Joined(pair.differs_in);
  else if (pair.a.value != 0) text += "  only in A";
  else text += pair.b.value != 0 ? "  only in B" : "  in neither";
  Elided(frame, text, 0, frame.theme.text);
  frame.NameItem("pair:" + pair.agent + "/" + std::to_string(pair.clock.value));
}

// The form forks the branch that is looked at, and edits what is known in full.
void ForkItems(Frame& frame, const replay::PairPart& part) {
  const bool here = frame.model.open.value->Shows(frame.model.comparison.value->b);
  const std::string there = here ? "" : "Open B's branch first: what is looked at is forked.";
  const std::string why = WhyNotRunnable(frame.model);
  const std::string why_edit = WhyNotEdit(frame, part.b);
  if (MenuLine(frame, "Fork B with another text", "edit-message",
               why_edit.empty() ? there : why_edit)) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kMessage, part.id, part.b.text)});
  }
  if (MenuLine(frame, "Fork B without it", "drop-message", why.empty() ? there : why)) {
    frame.Send(Fork{EditOf(ForkDraft::Kind::kDrop, part.id, part.b.text)});
  }
}

void PartMenu(Frame& frame, const replay::PairPart& part) {
  if (!ImGui::BeginPopupContextItem("part-menu")) return;
  const bool message = part.kind == replay::PairPart::Kind::kTook ||
                       part.kind == replay::PairPart::Kind::kSent;
  if (message && part.in_b) ForkItems(frame, part);
  if (part.in_a && part.differs && ImGui::MenuItem("Copy A")) frame.Send(CopyText{part.a.text});
  if (part.in_b && ImGui::MenuItem(part.differs ? "Copy B" : "Copy text")) {
    frame.Send(CopyText{part.b.text});
  }
  if (!part.id.empty() && ImGui::MenuItem("Copy id")) frame.Send(CopyText{part.id});
  ImGui::EndPopup();
}

void Notes(Frame& frame, const replay::PairPart& part) {
  if (part.note_a == part.note_b && (part.in_a && part.in_b)) {
    if (part.note_a.empty()) return;
    Dim(frame, part.note_a);
    return;
  }
  const float half = Half(frame);
  const float left = ImGui::GetCursorPosX();
  Elided(frame, part.in_a ? part.note_a : "A has none", half, frame.theme.text_dim);
  ImGui::SameLine(left + half + frame.Px(4));
  Elided(frame, part.in_b ? part.note_b : "B has none", 0, frame.theme.text_dim);
}

// Text that is on both sides alike is folded: what differs is what is looked for.
void PartBody(Frame& frame, const std::string& id, const replay::PairPart& part,
              DiffMarks marks) {
  if (!part.diff.lines.empty()) {
    SideBySideDiff(frame, id, part.diff, kLinesFolded, marks);
    return;
  }
  if (!part.differs) {
    DrawBody(frame, id, part.b);
    return;
  }
  const bool text = part.a.text == part.b.text && part.in_a && part.in_b;
  Dim(frame, text ? "the same text" : "no text to compare: " +
                                          replay::FormatBytes(part.a.size_bytes) + " and " +
                                          replay::FormatBytes(part.b.size_bytes));
}

void DrawPart(Frame& frame, const replay::StepPair& pair, const replay::PairPart& part) {
  const std::string id = "pair:" + pair.agent + std::to_string(pair.clock.value) + part.title;
  const std::string fold = id + "#fold";
  const bool open = part.differs != (frame.view.unfolded.count(fold) != 0);
  ImGui::PushID(id.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetTextLineHeight() + frame.Px(6);
  if (ImGui::InvisibleButton("head", {ImGui::GetContentRegionAvail().x, height})) {
    if (frame.view.unfolded.erase(fold) == 0) frame.view.unfolded.insert(fold);
  }
  frame.NameItem("part:" + part.title);
  PartMenu(frame, part);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (ImGui::IsItemHovered()) {
    draw->AddRectFilled(at, {at.x + ImGui::GetItemRectSize().x, at.y + height}, frame.theme.hover);
  }
  const ImVec2 after = ImGui::GetCursorScreenPos();
  const float middle = at.y + height * 0.5f, radius = frame.Px(4);
  DrawMark(draw, {at.x + radius + frame.Px(2), middle}, radius,
           part.differs ? Mark::kChanged : Mark::kOk, frame.theme);
  ImGui::SetCursorScreenPos({at.x + frame.Px(16), at.y + frame.Px(3)});
  std::string title = part.title;
  if (!part.differs) title += "  alike";
  if (!part.differs && !open) title += ": " + std::string(replay::CutUtf8(part.b.text, 200));
  Elided(frame, title, 0, part.differs ? frame.theme.text : frame.theme.text_dim);
  ImGui::SetCursorScreenPos(after);
  if (open) {
    Notes(frame, part);
    const bool both = pair.a.value != 0 && pair.b.value != 0;
    PartBody(frame, id, part, both ? DiffMarks::kShown : DiffMarks::kNone);
    ImGui::Dummy({0, frame.Px(4)});
  }
  ImGui::PopID();
}

void DrawParts(Frame& frame, const replay::StepPair& pair) {
  for (const replay::PairPart& part : pair.parts) {
    if (part.differs) DrawPart(frame, pair, part);
  }
  for (const replay::PairPart& part : pair.parts) {
    if (!part.differs) DrawPart(frame, pair, part);
  }
  if (pair.parts.size() < pair.parts_total) {
    Dim(frame, std::to_string(pair.parts.size()) + " of " + std::to_string(pair.parts_total));
  }
}

// Another step is read from its top.
void ScrollToTop(const replay::StepPair& pair) {
  const std::string step = pair.agent + "/" + std::to_string(pair.clock.value);
  const auto now = static_cast<int>(ImGui::GetID(step.c_str()));
  ImGuiStorage* storage = ImGui::GetStateStorage();
  const ImGuiID seen = ImGui::GetID("seen");
  if (storage->GetInt(seen) != now) ImGui::SetScrollY(0);
  storage->SetInt(seen, now);
}

}  // namespace

void DrawPair(Frame& frame, const replay::ComparisonView& view) {
  const auto& loaded = frame.model.pair;
  ImGui::Separator();
  if (!loaded.error.empty()) {
    ErrorState(frame, loaded.error, "`backstep verify REC` says what is damaged.");
    return;
  }
  if (loaded.value == nullptr) {
    LoadingState(frame, "Reading both steps", 1);
    return;
  }
  const replay::StepPair& pair = *loaded.value;
  if (pair.agent.empty()) {
    EmptyState(frame, "The start", "Nothing has run yet on either side. Press N.");
    return;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  const bool visible =
      ImGui::BeginChild("##pair", {0, std::max(ImGui::GetContentRegionAvail().y, frame.Px(160))},
                        false, ImGuiWindowFlags_AlwaysVerticalScrollbar);
  ImGui::PopStyleVar();  // not of the tooltips
  if (visible) {
    ScrollToTop(pair);
    Title(frame, pair);
    const float half = Half(frame);
    SideHead(frame, "A", view.a, pair.row_a, half);
    ImGui::SameLine(0, frame.Px(4));
    SideHead(frame, "B", view.b, pair.row_b, half);
    DrawParts(frame, pair);
  }
  ImGui::EndChild();
}

}  // namespace backstep::gui
