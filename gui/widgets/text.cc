#include "backstep/gui/widgets/text.h"

#include <algorithm>
#include <cstdio>

#include <imgui_internal.h>

#include "backstep/base/paths.h"
#include "backstep/base/utf8.h"

namespace backstep::gui {
namespace {

bool HasGlyph(unsigned code_point) {
  const ImFont* font = ImGui::GetCurrentContext() == nullptr ? nullptr : ImGui::GetFont();
  return font == nullptr || font->FindGlyphNoFallback(static_cast<ImWchar>(code_point)) != nullptr;
}

std::string Framed(const char* format, unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  const bool brackets = HasGlyph(0x27e6);
  return (brackets ? "\u27e6" : "[") + std::string(text) + (brackets ? "\u27e7" : "]");
}

std::string FramedByte(unsigned byte) { return Framed("%02X", byte); }
std::string FramedCodePoint(unsigned code_point) { return Framed("U+%04X", code_point); }

// Nothing of it would be seen, or it would turn the text around it.
bool IsInvisible(unsigned c) {
  return (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xad;
}

void Centred(const std::string& text, ImU32 color, float width) {
  const float wrap = std::min(width, ImGui::GetContentRegionAvail().x);
  const ImVec2 size = ImGui::CalcTextSize(text.c_str(), nullptr, false, wrap);
  const float left = std::max(0.f, (ImGui::GetContentRegionAvail().x - size.x) * 0.5f);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + left);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wrap);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
}

void ToMiddle(float share) {
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetContentRegionAvail().y * share);
}

// A framed code point stays in one piece.
const char* BeforeFrame(const char* at, const char* cut) {
  const std::string_view line(at, static_cast<size_t>(cut - at));
  const size_t open = line.rfind("\u27e6"), close = line.rfind("\u27e7");
  const bool inside = open != std::string_view::npos && open != 0 &&
                      (close == std::string_view::npos || close < open);
  return inside ? at + open : cut;
}

}  // namespace

std::string FileName(std::string_view given) {
  const std::string path = WithoutSlashes(std::string(given));
  const size_t slash = path.rfind('/');
  const bool last = slash != std::string::npos && slash + 1 < path.size();
  return last ? path.substr(slash + 1) : path;
}

std::string WrapText(const std::string& text, ImFont* font, float size, float width, int* lines) {
  std::string out;
  *lines = 1;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* line_end = std::find(at, end, '\n');
    while (at < line_end) {
      const char* cut = font->CalcWordWrapPositionA(size / font->FontSize, at, line_end, width);
      if (cut < line_end) cut = BeforeFrame(at, cut);
      if (cut == at) ++cut;
      while (cut < line_end && IsContinuation(*cut)) ++cut;
      out.append(at, cut);
      at = cut;
      while (at < line_end && *at == ' ') ++at;
      if (at < line_end) out += '\n', ++*lines;
    }
    if (line_end < end) out += '\n', ++*lines;
    at = line_end + 1;
  }
  return out;
}

std::string Drawable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      const bool shown = (first >= 0x20 && first != 0x7f) || first == '\n' || first == '\t';
      if (shown) out += text[i];
      else out += FramedCodePoint(first);
      ++i;
      continue;
    }
    const CodePoint c = DecodeUtf8(text, i);
    if (c.bytes == 0) {
      out += FramedByte(first);
      ++i;
      continue;
    }
    const bool shown = c.value <= 0xffff && !IsInvisible(c.value) && HasGlyph(c.value);
    out += shown ? std::string(text.substr(i, c.bytes)) : FramedCodePoint(c.value);
    i += c.bytes;
  }
  return out;
}

std::string DrawableLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') line += "\\n";
    else if (c == '\r') line += "\\r";
    else if (c == '\t') line += "\\t";
    else line += c;
  }
  return Drawable(line);
}

std::string CutLine(std::string_view text, ImFont* font, float size, float width) {
  const std::string line = DrawableLine(text);
  const char* const begin = line.data();
  const char* const end = begin + line.size();
  if (font->CalcTextSizeA(size, FLT_MAX, 0, begin, end).x <= width) return line;
  const float dots = font->CalcTextSizeA(size, FLT_MAX, 0, "\u2026").x;
  const char* cut = end;
  font->CalcTextSizeA(size, std::max(width - dots, 1.f), 0, begin, end, &cut);
  return std::string(begin, BeforeFrame(begin, cut)) + "\u2026";
}

void Dim(Frame& frame, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.text_dim);
  ImGui::TextUnformatted(Drawable(text).c_str());
  ImGui::PopStyleColor();
}

void Heading(Frame& frame, const std::string& text) {
  ImGui::Dummy({0, frame.Px(2)});
  ImGui::PushFont(frame.fonts.small);
  Elided(frame, text, 0, frame.theme.text_dim);
  ImGui::PopFont();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddLine(
      at, {at.x + ImGui::GetContentRegionAvail().x, at.y}, frame.theme.border);
  ImGui::Dummy({0, frame.Px(2)});
}

void Elided(Frame&, const std::string& raw, float width, ImU32 color) {
  const std::string text = DrawableLine(raw);
  if (width <= 0) width = ImGui::GetContentRegionAvail().x;
  const float drop = ImGui::GetCurrentWindow()->DC.CurrLineTextBaseOffset;
  ImVec2 at = ImGui::GetCursorScreenPos();
  at.y += drop;
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  const float height = ImGui::GetTextLineHeight();
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), at, {at.x + width, at.y + height + 2},
                            at.x + width, at.x + width, text.c_str(), nullptr, &size);
  ImGui::PopStyleColor();
  ImGui::Dummy({std::min(width, size.x), height + drop});
  if (size.x > width && ImGui::IsItemHovered()) {
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 40);
    ImGui::TextUnformatted(text.substr(0, 2000).c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
}

void Fact(Frame& frame, const char* label, const std::string& value, float label_width) {
  const float left = ImGui::GetCursorPosX();
  Dim(frame, label);
  ImGui::SameLine(left + label_width);
  Elided(frame, value, 0, frame.theme.text);
  ImGui::PushID(label);
  if (ImGui::BeginPopupContextItem("copy")) {
    if (ImGui::MenuItem("Copy")) frame.Send(CopyText{value});
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void TextBlock(Frame& frame, const char* id, const std::string& text, ImFont* font, int lines_max) {
  ImGui::PushFont(font);
  const float width = std::max(ImGui::GetContentRegionAvail().x, frame.Px(40));
  int lines = 1;
  std::string shown = WrapText(Drawable(text), font, font->FontSize * font->Scale,
                               width - frame.Px(14), &lines);
  const bool cut = lines_max > 0 && lines > lines_max;
  const float height = ImGui::GetTextLineHeight() * static_cast<float>(cut ? lines_max : lines);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {4, 3});
  ImGui::PushStyleColor(ImGuiCol_FrameBg, frame.theme.field);
  ImGui::InputTextMultiline(id, shown.data(), shown.size() + 1, {width, height + frame.Px(8)},
                            ImGuiInputTextFlags_ReadOnly);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  ImGui::PopFont();
  ImGui::PushID(id);
  if (ImGui::BeginPopupContextItem("copy")) {
    if (ImGui::MenuItem("Copy all")) frame.Send(CopyText{text});
    ImGui::EndPopup();
  }
  ImGui::PopID();
}

void EmptyState(Frame& frame, const std::string& title, const std::string& hint) {
  ToMiddle(0.35f);
  Centred(title, frame.theme.text_dim, frame.Px(320));
  ImGui::PushFont(frame.fonts.small);
  Centred(hint, frame.theme.text_faint, frame.Px(320));
  ImGui::PopFont();
}

void LoadingState(Frame& frame, const std::string& what, double share) {
  ToMiddle(0.4f);
  char percent[16] = "";
  if (share > 0 && share < 1) std::snprintf(percent, sizeof percent, " %.0f %%", share * 100);
  Centred(what + percent, frame.theme.text_dim, frame.Px(320));
}

void ErrorState(Frame& frame, const std::string& error, const std::string& hint) {
  ToMiddle(0.25f);
  Centred(Drawable(error), frame.theme.failed, frame.Px(480));
  ImGui::PushFont(frame.fonts.small);
  Centred(hint, frame.theme.text_dim, frame.Px(480));
  ImGui::PopFont();
}

void Pill(Frame& frame, const std::string& text, ImU32 color) {
  ImGui::PushFont(frame.fonts.small);
  const std::string shown = Drawable(text);
  const ImVec2 size = ImGui::CalcTextSize(shown.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float pad = frame.Px(6);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 end{at.x + size.x + 2 * pad, at.y + size.y + frame.Px(4)};
  draw->AddRectFilled(at, end, WithAlpha(color, 0.16f), frame.Px(8));
  draw->AddRect(at, end, WithAlpha(color, 0.7f), frame.Px(8));
  draw->AddText({at.x + pad, at.y + frame.Px(2)}, frame.theme.text, shown.c_str());
  ImGui::Dummy({end.x - at.x, end.y - at.y});
  ImGui::PopFont();
}

bool PrimaryButton(Frame& frame, const char* label, const std::string& why_not) {
  const bool disabled = !why_not.empty();
  ImGui::BeginDisabled(disabled);
  ImGui::PushStyleColor(ImGuiCol_Button, frame.theme.accent);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, WithAlpha(frame.theme.accent, 0.85f));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, WithAlpha(frame.theme.accent, 0.7f));
  ImGui::PushStyleColor(ImGuiCol_Text, frame.theme.accent_text);
  const bool pressed = ImGui::Button(label);
  ImGui::PopStyleColor(4);
  ImGui::EndDisabled();
  if (disabled) Hint(why_not.c_str());
  frame.NameItem(std::string("button:") + label);
  if (disabled) frame.NameItem(std::string("disabled:") + label);
  return pressed;
}

bool PlainButton(Frame& frame, const char* label, const char* tooltip) {
  const bool pressed = ImGui::Button(label);
  if (tooltip != nullptr) Hint(tooltip);
  frame.NameItem(std::string("button:") + label);
  return pressed;
}

bool CheckBox(Frame& frame, const char* label, const char* name, bool* on) {
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  ImGui::PushStyleColor(ImGuiCol_Border, frame.theme.text_faint);
  const bool changed = ImGui::Checkbox(label, on);
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  frame.NameItem(std::string("check:") + name);
  return changed;
}

void FocusIfWanted(Frame& frame, const char* name) {
  if (frame.view.focus != name) return;
  ImGui::SetKeyboardFocusHere();
  frame.view.focus.clear();
}

void KeepRowInSight(int row, float row_height) {
  const float top = row_height * static_cast<float>(row);
  const float room = std::max(ImGui::GetWindowHeight() - 2 * row_height, row_height);
  if (ImGui::GetScrollY() > top) ImGui::SetScrollY(top);
  if (ImGui::GetScrollY() < top + row_height - room) ImGui::SetScrollY(top + row_height - room);
}

bool ChoiceLine(const std::string& raw, bool chosen, ImGuiSelectableFlags flags) {
  const std::string text = DrawableLine(raw);
  ImGuiWindow* window = ImGui::GetCurrentWindow();
  ImVec2 at = ImGui::GetCursorScreenPos();
  at.y += window->DC.CurrLineTextBaseOffset;
  ImGui::PushID(text.c_str());
  const bool clicked = ImGui::Selectable("##choice", chosen, flags);
  ImGui::PopID();
  const char* const end = text.data() + text.size();
  const float right = at.x + ImGui::CalcTextSize(text.data(), end).x;
  window->DrawList->AddText(at, ImGui::GetColorU32(ImGuiCol_Text), text.data(), end);
  // A list that opens is as wide as its widest line.
  window->DC.CursorMaxPos.x = std::max(window->DC.CursorMaxPos.x, right);
  window->DC.IdealMaxPos.x = std::max(window->DC.IdealMaxPos.x, right);
  return clicked;
}

std::string Preview(std::string_view text) {
  std::string shown;
  for (const char c : DrawableLine(text)) {
    if (c == '#' && shown.ends_with('#')) shown += ' ';
    shown += c;
  }
  return shown;
}

bool MenuLine(Frame& frame, const char* label, const std::string& name,
              const std::string& why_not) {
  const bool enabled = why_not.empty();
  const bool chosen = ImGui::MenuItem(label, nullptr, false, enabled);
  if (!enabled) Hint(why_not.c_str());
  frame.NameItem((enabled ? "menu:" : "disabled:") + name);
  return chosen;
}

void Hint(const char* text) {
  if (!ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 36);
  ImGui::TextUnformatted(text);
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

}  // namespace backstep::gui
