#include <algorithm>

#include "backstep/gui/panels/inspector/tabs.h"
#include "backstep/gui/panels/timeline/timeline_ticks.h"
#include "backstep/gui/widgets/diff/diff_block.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/moment/state_view.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

constexpr size_t kChangesAbove = 12;   // the tree is to be seen below them
constexpr size_t kHintBytesMax = 2000;

void DrawChoice(Frame& frame) {
  ImGui::SetNextItemWidth(-1);
  if (!ImGui::BeginCombo("##agent", Preview(frame.view.agent).c_str())) return;
  for (const auto& agent : frame.model.checkpoint.value->agents) {
    if (ChoiceLine(agent.name, agent.name == frame.view.agent)) {
      frame.Send(SelectAgent{agent.name});
    }
  }
  ImGui::EndCombo();
}

void PartButton(Frame& frame, const std::string& label, const char* name, StatePart part) {
  const bool chosen = frame.view.state_part == part;
  ImGui::PushStyleColor(ImGuiCol_Button, chosen ? frame.theme.selected : frame.theme.card);
  ImGui::PushStyleColor(ImGuiCol_Text, chosen ? frame.theme.text : frame.theme.text_dim);
  if (ImGui::Button((label + "##" + name).c_str())) frame.view.state_part = part;
  ImGui::PopStyleColor(2);
  frame.NameItem(std::string("state-part:") + name);
  ImGui::SameLine(0, frame.Px(2));
}

void DrawHead(Frame& frame, const replay::StateView& view) {
  ImGui::PushFont(frame.fonts.small);
  const uint64_t changes = view.diff.changed;
  PartButton(frame, "Tree", "tree", StatePart::kTree);
  std::string count = changes == 0 ? "" : " (" + replay::FormatCount(changes, "line") + ")";
  const float pads = 4 * ImGui::GetStyle().FramePadding.x + frame.Px(4);
  const float room = ImGui::GetContentRegionMax().x - ImGui::GetCursorPosX() - pads;
  if (ImGui::CalcTextSize(("ChangeText" + count).c_str()).x > room) count.clear();
  PartButton(frame, "Change" + count, "diff", StatePart::kDiff);
  PartButton(frame, "Text", "text", StatePart::kText);
  ImGui::NewLine();
  const std::string from = view.last_step.value == 0
                               ? std::string("the start")
                               : "step " + std::to_string(view.last_step.value);
  Elided(frame, replay::FormatBytes(view.body.size_bytes) + " " + view.body.media_type + ", from " +
                    from, 0, frame.theme.text_dim);
  ImGui::PopFont();
}

void ChangeMenu(Frame& frame, const replay::ValueDiff& diff) {
  if (!ImGui::BeginPopupContextItem("change-menu")) return;
  if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{diff.path});
  if (!diff.before.empty() && ImGui::MenuItem("Copy before")) frame.Send(CopyText{diff.before});
  if (!diff.after.empty() && ImGui::MenuItem("Copy after")) frame.Send(CopyText{diff.after});
  ImGui::EndPopup();
}

// At most `most` of them.
void DrawChanges(Frame& frame, const replay::StateView& view, size_t most) {
  if (view.changes.empty()) return;
  const size_t listed = view.changes.size() - (view.changes_total > view.changes.size() ? 1 : 0);
  const size_t shown = std::min(most, listed);
  const bool all = shown == view.changes_total;
  Heading(frame, "What its newest step changed (" + (all ? "" : GroupDigits(shown) + " of ") +
                     GroupDigits(view.changes_total) +
                     (shown < listed ? ", more in Change)" : ")"));
  ImGui::PushFont(frame.fonts.mono);
  for (size_t i = 0; i < shown; ++i) {
    const replay::ValueDiff& diff = view.changes[i];
    ImGui::PushID(static_cast<int>(i));
    ImGui::BeginGroup();
    Elided(frame, diff.path.empty() ? "(all of it)" : diff.path, 0, frame.theme.text_dim);
    if (!diff.before.empty()) Elided(frame, "- " + diff.before, 0, frame.theme.failed);
    if (!diff.after.empty()) Elided(frame, "+ " + diff.after, 0, frame.theme.ok);
    ImGui::EndGroup();
    ChangeMenu(frame, diff);
    ImGui::PopID();
  }
  ImGui::PopFont();
}

// The indices of the nodes that are not inside a folded one.
std::vector<size_t> VisibleNodes(const Frame& frame, const replay::StateView& view) {
  std::vector<size_t> rows;
  int folded_depth = -1;
  for (size_t i = 0; i < view.nodes.size(); ++i) {
    const replay::ValueNode& node = view.nodes[i];
    if (folded_depth >= 0 && node.depth > folded_depth) continue;
    folded_depth = -1;
    rows.push_back(i);
    if (!node.parent) continue;
    const bool toggled = frame.view.unfolded.count(view.agent + node.path + "#") != 0;
    const bool open = (node.depth < 2 || node.changed) != toggled;
    if (!open) folded_depth = node.depth;
  }
  return rows;
}

void NodeMenu(Frame& frame, const replay::ValueNode& node) {
  if (!ImGui::BeginPopupContextItem("node")) return;
  if (!node.parent && ImGui::MenuItem("Copy value")) frame.Send(CopyText{node.text});
  if (ImGui::MenuItem("Copy path")) frame.Send(CopyText{node.path});
  ImGui::EndPopup();
}

void DrawNode(Frame& frame, const replay::StateView& view, const replay::ValueNode& node,
              bool open) {
  const std::string id = view.agent + node.path + "#";
  ImGui::PushID(id.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetTextLineHeightWithSpacing();
  if (ImGui::InvisibleButton("row", {std::max(ImGui::GetContentRegionAvail().x, 1.f), height}) &&
      node.parent) {
    if (frame.view.unfolded.erase(id) == 0) frame.view.unfolded.insert(id);
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (ImGui::IsItemHovered()) {
    draw->AddRectFilled(at, {at.x + ImGui::GetItemRectSize().x, at.y + height}, frame.theme.hover);
  }
  NodeMenu(frame, node);
  float x = at.x + frame.Px(12) * static_cast<float>(node.depth);
  if (node.changed) {
    draw->AddRectFilled(at, {at.x + frame.Px(3), at.y + height}, frame.theme.changed);
  }
  x += frame.Px(6);
  draw->AddText({x, at.y}, frame.theme.text_faint, node.parent ? (open ? "-" : "+") : " ");
  x += frame.Px(12);
  const std::string key = node.path.empty() ? "state" : DrawableLine(node.key);
  draw->AddText({x, at.y}, frame.theme.accent, key.c_str());
  x += ImGui::CalcTextSize(key.c_str()).x + frame.Px(8);
  const float room = at.x + ImGui::GetItemRectSize().x - x - frame.Px(4);
  const std::string text = CutLine(node.text, ImGui::GetFont(), ImGui::GetFontSize(), room);
  draw->AddText({x, at.y}, node.parent ? frame.theme.text_faint : frame.theme.text, text.c_str());
  if (ImGui::IsItemHovered() && ImGui::CalcTextSize(node.text.c_str()).x > room) {
    Hint(Drawable(replay::CutUtf8(node.text, kHintBytesMax)).c_str());
  }
  ImGui::PopID();
}

void DrawTree(Frame& frame, const replay::StateView& view) {
  Heading(frame, "Tree");
  ImGui::PushFont(frame.fonts.mono);
  const std::vector<size_t> rows = VisibleNodes(frame, view);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows.size()), ImGui::GetTextLineHeightWithSpacing());
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const size_t row = rows[static_cast<size_t>(i)];
      const bool open = static_cast<size_t>(i) + 1 < rows.size() &&
                        view.nodes[rows[static_cast<size_t>(i) + 1]].depth > view.nodes[row].depth;
      DrawNode(frame, view, view.nodes[row], open);
    }
  }
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (view.nodes_total > view.nodes.size()) {
    Dim(frame, std::to_string(view.nodes.size()) + " of " + std::to_string(view.nodes_total));
  }
}

void DrawDiff(Frame& frame, const replay::StateView& view) {
  if (!view.diff.lines.empty()) {
    UnifiedDiff(frame, "state-diff:" + view.agent, view.diff, 0);
    return;
  }
  if (view.changes.empty()) {
    EmptyState(frame, "Nothing changed", view.agent + "'s newest step left its state as it was.");
  } else {
    // Bytes, or more text than is compared by line.
    DrawChanges(frame, view, view.changes.size());
  }
}

void DrawPart(Frame& frame, const replay::StateView& view) {
  switch (frame.view.state_part) {
    case StatePart::kTree:
      DrawChanges(frame, view, kChangesAbove);
      if (!view.nodes.empty()) DrawTree(frame, view);
      else DrawBody(frame, "state" + view.agent, view.body);
      break;
    case StatePart::kDiff: DrawDiff(frame, view); break;
    case StatePart::kText: DrawBody(frame, "state" + view.agent, view.body); break;
  }
}

}  // namespace

void DrawStateTab(Frame& frame) {
  DrawChoice(frame);
  const auto& state = frame.model.state;
  if (!state.error.empty()) {
    ErrorState(frame, state.error, "`backstep verify REC` says what is damaged.");
    return;
  }
  if (state.value == nullptr) {
    LoadingState(frame, "Reading", 1);
    return;
  }
  const replay::StateView& view = *state.value;
  if (!view.incomplete.empty()) {
    ErrorState(frame, view.incomplete, "The agent's next state is whole.");
    return;
  }
  if (!view.body.present) {
    EmptyState(frame, "No state", view.agent + " has none at this moment.");
    return;
  }
  DrawHead(frame, view);
  DrawPart(frame, view);
}

}  // namespace backstep::gui
