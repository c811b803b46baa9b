#include "backstep/gui/panels/conversation/chat_draw.h"

#include <algorithm>
#include <cmath>

#include "backstep/gui/bridge/running/fork_request.h"
#include "backstep/gui/widgets/shapes.h"
#include "backstep/gui/widgets/text.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

using replay::ChatKind;
using replay::ChatRow;

constexpr float kRound = 8;
constexpr float kStepLineMin = 30;   // of the line on either side of its words

void Toggle(Frame& frame, const std::string& key) {
  if (frame.view.unfolded.erase(key) == 0) frame.view.unfolded.insert(key);
}

bool IsMessage(const ChatRow& row) {
  return row.kind == ChatKind::kTook || row.kind == ChatKind::kSent;
}
bool IsCall(const ChatRow& row) {
  return row.kind == ChatKind::kModel || row.kind == ChatKind::kTool;
}

void Travel(Frame& frame, const ChatRow& row) {
  if (!row.open && row.step != frame.view.cursor) frame.Send(GoTo{row.step});
}

void ForkWith(Frame& frame, ForkDraft::Kind kind, const ChatRow& row,
              const replay::BodyView& body) {
  ForkDraft draft;
  draft.kind = kind;
  draft.target = row.id;
  draft.original = draft.text = body.text;
  frame.Send(Fork{std::move(draft)});
}

constexpr char kNotHere[] =
    "Too long, or not all of it is text, to be edited here: go to its step.";

void ForkMenu(Frame& frame, const ChatRow& row) {
  const std::string why = WhyNotRunnable(frame.model);
  const auto why_edit = [&](bool known) { return !why.empty() ? why : known ? "" : kNotHere; };
  if (IsMessage(row)) {
    if (MenuLine(frame, "Fork here with this message edited", "edit-message",
                 why_edit(row.body.whole))) {
      ForkWith(frame, ForkDraft::Kind::kMessage, row, row.body);
    }
    if (MenuLine(frame, "Fork here without it", "drop-message", why)) {
      ForkWith(frame, ForkDraft::Kind::kDrop, row, row.body);
    }
    ImGui::Separator();
  } else if (IsCall(row)) {
    if (MenuLine(frame, "Fork here with another answer", "edit-answer",
                 why_edit(row.response.whole || row.error.has_value()))) {
      ForkWith(frame, ForkDraft::Kind::kResponse, row, row.response);
    }
    ImGui::Separator();
  }
}

void RowMenu(Frame& frame, const ChatRow& row) {
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {frame.Px(8), frame.Px(8)});
  if (ImGui::BeginPopup("row")) {
    const std::string step =
        row.open ? "Its step is open" : "Go to step " + std::to_string(row.step.value);
    if (ImGui::MenuItem(step.c_str(), nullptr, false, !row.open)) Travel(frame, row);
    ForkMenu(frame, row);
    if (IsCall(row)) {
      if (ImGui::MenuItem("Copy answer")) {
        frame.Send(CopyText{row.answer.present ? row.answer.text : row.response.text});
      }
      if (ImGui::MenuItem("Copy request")) frame.Send(CopyText{row.request.text});
    } else if (ImGui::MenuItem("Copy text")) {
      frame.Send(CopyText{row.body.text});
    }
    if (ImGui::MenuItem("Copy id")) frame.Send(CopyText{row.id});
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar();
}

// The line above the first row of a step.
void DrawStepLine(Frame& frame, const ChatRow& row, ImVec2 at, float width, float height) {
  const bool here = row.step == frame.view.cursor && !row.open;
  const ImU32 color = here ? frame.theme.accent : frame.theme.text_faint;
  std::string text = row.open ? "open" : "step " + std::to_string(row.step.value);
  ImFont* font = frame.fonts.small;
  text += "  \u00b7  ";
  const std::string end = here ? "  \u00b7  here" : "";
  const float beside = font->CalcTextSizeA(font->FontSize, 1e6f, 0, (text + end).c_str()).x;
  const float room = width - beside - frame.Px(2 * kStepLineMin);
  text += CutLine(row.step_id, font, font->FontSize, std::max(room, frame.Px(kStepLineMin))) + end;
  const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e6f, 0, text.c_str());
  const float middle = std::floor(at.y + height * 0.5f);
  const float left = std::floor(at.x + (width - size.x) / 2), gap = frame.Px(8);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImU32 line = here ? frame.theme.accent : frame.theme.border;
  draw->AddLine({at.x, middle}, {left - gap, middle}, line);
  draw->AddLine({left + size.x + gap, middle}, {at.x + width, middle}, line);
  draw->AddText(font, font->FontSize, {left, middle - std::floor(size.y / 2)}, color, text.c_str());
  ImGui::SetCursorScreenPos(at);
  if (ImGui::InvisibleButton("step", {width, height})) Travel(frame, row);
  frame.NameItem(row.open ? "chat:open" : "chat:step:" + std::to_string(row.step.value));
  if (!row.open) Hint("Go to this step");
}

void DrawMarkAt(Frame& frame, const ChatBox& box, ImVec2 centre) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float r = frame.Px(4.5f);
  switch (box.mark) {
    case ChatMark::kNone: break;
    case ChatMark::kFold: {
      const ImU32 color = frame.theme.text_dim;
      if (box.open) {
        draw->AddTriangleFilled({centre.x - r, centre.y - r * 0.6f},
                                {centre.x + r, centre.y - r * 0.6f},
                                {centre.x, centre.y + r * 0.8f}, color);
      } else {
        draw->AddTriangleFilled({centre.x - r * 0.6f, centre.y - r},
                                {centre.x + r * 0.8f, centre.y},
                                {centre.x - r * 0.6f, centre.y + r}, color);
      }
      break;
    }
    case ChatMark::kFailed: DrawMark(draw, centre, r, Mark::kFailed, frame.theme); break;
    case ChatMark::kFault: DrawMark(draw, centre, r, Mark::kFault, frame.theme); break;
    case ChatMark::kChanged: DrawMark(draw, centre, r, Mark::kChanged, frame.theme); break;
    case ChatMark::kOk: DrawMark(draw, centre, r, Mark::kOk, frame.theme); break;
  }
}

// Title at the left, detail at the right; what does not fit is cut.
void DrawHead(Frame& frame, const ChatBox& box, ImVec2 min, float right) {
  ImGui::PushFont(frame.fonts.small);
  const float line = ImGui::GetTextLineHeight(), pad = frame.Px(kBoxPad);
  float left = min.x + pad + (box.bar != 0 ? frame.Px(3) : 0);
  const float top = min.y + frame.Px(5);
  if (box.mark != ChatMark::kNone) {
    DrawMarkAt(frame, box, {left + frame.Px(5), top + line / 2});
    left += frame.Px(15);
  }
  const std::string detail = Drawable(box.detail), title = Drawable(box.title);
  const float room = right - pad - left;
  const float title_width = ImGui::CalcTextSize(title.c_str()).x;
  const float detail_width = ImGui::CalcTextSize(detail.c_str()).x;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  float title_room = room;
  if (title_width + detail_width + frame.Px(12) <= room) {
    title_room = room - detail_width - frame.Px(12);
    draw->AddText({std::floor(right - pad - detail_width), std::floor(top)}, frame.theme.text_faint,
                  detail.c_str());
  }
  ImGui::SetCursorScreenPos({std::floor(left), std::floor(top)});
  Elided(frame, box.title, std::max(title_room, 1.f), box.title_color);
  ImGui::PopFont();
}

// "show more", and how much of it there is.
bool DrawMore(Frame& frame, const ChatText& text, ImVec2 at) {
  bool toggled = false;
  ImGui::SetCursorScreenPos(at);
  ImGui::PushFont(frame.fonts.small);
  if (text.foldable) {
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {0, 0});
    ImGui::PushStyleColor(ImGuiCol_Button, 0);
    ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.accent);
    if (ImGui::Button(text.unfolded ? "show less" : "show more")) {
      Toggle(frame, text.key);
      toggled = true;
    }
    frame.NameItem("more:" + text.key);
    ImGui::PopStyleColor(2);
    ImGui::PopStyleVar();
    ImGui::SameLine(0, frame.Px(8));
  }
  if (!text.note.empty()) Dim(frame, text.note);
  ImGui::PopFont();
  return toggled;
}

bool DrawChatText(Frame& frame, const ChatText& text, ImVec2 min, float width) {
  const float line = frame.fonts.small->FontSize;
  if (!text.label.empty()) {
    ImGui::GetWindowDrawList()->AddText(
        frame.fonts.small, line, {min.x, std::floor(min.y + text.y - line - frame.Px(2))},
        frame.theme.text_faint, Drawable(text.label).c_str());
  }
  ImGui::PushID(text.key.c_str());
  ImGui::SetCursorScreenPos({min.x, std::floor(min.y + text.y)});
  ImGui::PushFont(text.font);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0);
  ImGui::PushStyleColor(ImGuiCol_Text, text.color);
  // Read-only: ImGui does not write into it.
  ImGui::InputTextMultiline("##text", const_cast<char*>(text.shown.c_str()), text.shown.size() + 1,
                            {width, text.height + frame.Px(2)}, ImGuiInputTextFlags_ReadOnly);
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(2);
  ImGui::PopFont();
  bool toggled = false;
  if (text.foldable || !text.note.empty()) {
    const float below = std::floor(min.y + text.y + text.height + frame.Px(3));
    toggled = DrawMore(frame, text, {min.x, below});
  }
  ImGui::PopID();
  return toggled;
}

void DrawBox(Frame& frame, const ChatBox& box, ImVec2 min, ImVec2 max, bool hovered) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float round = frame.Px(box.bar != 0 ? 4 : kRound);
  draw->AddRectFilled(min, max, box.fill, round);
  if (hovered) draw->AddRectFilled(min, max, WithAlpha(frame.theme.hover, 0.35f), round);
  if (box.bar != 0) {
    draw->AddRectFilled(min, {min.x + frame.Px(3), max.y}, box.bar, round,
                        ImDrawFlags_RoundCornersLeft);
  }
  if (box.border != 0) draw->AddRect(min, max, box.border, round);
}

}  // namespace

bool DrawChatRow(Frame& frame, const ChatRow& row, const ChatBox& box, float width) {
  const std::string key = ChatKey(row);
  ImGui::PushID(key.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  if (box.above > 0) DrawStepLine(frame, row, at, width, box.above);
  const ImVec2 min{std::floor(at.x + box.x), std::floor(at.y + box.above)};
  const ImVec2 max{std::floor(min.x + box.width), std::floor(min.y + box.height)};
  ImGui::SetCursorScreenPos(min);
  bool toggled = false;
  if (ImGui::InvisibleButton("box", {max.x - min.x, max.y - min.y})) {
    const bool fold = box.mark == ChatMark::kFold &&
                      ImGui::GetIO().MousePos.y < min.y + frame.Px(26);
    if (fold) Toggle(frame, key + "asked");
    else Travel(frame, row);
    toggled = fold;
  }
  ImGui::SetItemAllowOverlap();
  frame.NameItem("chat:" + row.id);
  const bool hovered = ImGui::IsItemHovered();
  DrawBox(frame, box, min, max, hovered && !row.open && row.step != frame.view.cursor);
  DrawHead(frame, box, min, max.x);
  const float left = min.x + frame.Px(kBoxPad) + (box.bar != 0 ? frame.Px(3) : 0);
  for (const ChatText& text : box.texts) {
    toggled |= DrawChatText(frame, text, {left, min.y},
                            max.x - frame.Px(kBoxPad) + frame.Px(4) - left);
  }
  if (ImGui::IsMouseReleased(1) && ImGui::IsMouseHoveringRect(min, max) &&
      ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows)) {
    ImGui::OpenPopup("row");
  }
  RowMenu(frame, row);
  ImGui::PopID();
  return toggled;
}

}  // namespace backstep::gui
