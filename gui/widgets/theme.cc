#include "backstep/gui/widgets/theme.h"

#include <initializer_list>

namespace backstep::gui {
namespace {

constexpr ImU32 Rgb(unsigned hex) {
  return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255);
}

Theme Dark() {
  Theme t{};
  t.window = Rgb(0x0e1116), t.panel = Rgb(0x161b22), t.card = Rgb(0x1f2630);
  t.field = Rgb(0x0f141a), t.border = Rgb(0x2c3542), t.hover = Rgb(0x2a3442);
  t.selected = Rgb(0x24405f);
  t.text = Rgb(0xe6ebf1), t.text_dim = Rgb(0xa3afbd), t.text_faint = Rgb(0x95a1af);
  t.accent = Rgb(0x5aa9f5), t.accent_text = Rgb(0x08131f);
  t.ok = Rgb(0x3fb58a), t.failed = Rgb(0xf0704f), t.fault = Rgb(0xeba53a);
  t.changed = Rgb(0xcf8bd6), t.live = Rgb(0x62c4ee);
  t.model = Rgb(0x4f86d6), t.tool = Rgb(0x3aa58c), t.own = Rgb(0x8b96a5), t.waiting = Rgb(0x525e6e);
  t.added = IM_COL32(63, 181, 138, 48), t.removed = IM_COL32(240, 112, 79, 48);
  return t;
}

Theme Light() {
  Theme t{};
  t.window = Rgb(0xdfe3e9), t.panel = Rgb(0xf8f9fb), t.card = Rgb(0xffffff);
  t.field = Rgb(0xffffff), t.border = Rgb(0xc5ccd6), t.hover = Rgb(0xe4eaf2);
  t.selected = Rgb(0xcfe3f8);
  t.text = Rgb(0x16202b), t.text_dim = Rgb(0x4a5765), t.text_faint = Rgb(0x55616f);
  t.accent = Rgb(0x0b62b8), t.accent_text = Rgb(0xffffff);
  t.ok = Rgb(0x0b7a57), t.failed = Rgb(0xb93a17), t.fault = Rgb(0x8a5a00);
  t.changed = Rgb(0x8f3f98), t.live = Rgb(0x086c94);
  t.model = Rgb(0x4f86d6), t.tool = Rgb(0x3aa58c), t.own = Rgb(0x8791a0), t.waiting = Rgb(0xb9c1cc);
  t.added = IM_COL32(11, 122, 87, 40), t.removed = IM_COL32(185, 58, 23, 36);
  return t;
}

void SetColor(ImGuiCol which, ImU32 color) {
  ImGui::GetStyle().Colors[which] = ImGui::ColorConvertU32ToFloat4(color);
}

void ApplyColors(const Theme& t) {
  for (const ImGuiCol c : {ImGuiCol_WindowBg, ImGuiCol_ChildBg}) SetColor(c, t.panel);
  for (const ImGuiCol c : {ImGuiCol_PopupBg, ImGuiCol_MenuBarBg}) SetColor(c, t.card);
  for (const ImGuiCol c : {ImGuiCol_FrameBg, ImGuiCol_ScrollbarBg}) SetColor(c, t.field);
  for (const ImGuiCol c : {ImGuiCol_FrameBgHovered, ImGuiCol_HeaderHovered,
                           ImGuiCol_TabHovered, ImGuiCol_FrameBgActive, ImGuiCol_ScrollbarGrab}) {
    SetColor(c, t.hover);
  }
  for (const ImGuiCol c : {ImGuiCol_Header, ImGuiCol_HeaderActive, ImGuiCol_TabActive,
                           ImGuiCol_ButtonActive, ImGuiCol_TextSelectedBg}) {
    SetColor(c, t.selected);
  }
  SetColor(ImGuiCol_Button, t.hover);
  SetColor(ImGuiCol_ButtonHovered, t.selected);
  for (const ImGuiCol c : {ImGuiCol_Tab, ImGuiCol_TitleBg, ImGuiCol_TitleBgActive,
                           ImGuiCol_TableHeaderBg}) {
    SetColor(c, t.card);
  }
  for (const ImGuiCol c : {ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderLight,
                           ImGuiCol_TableBorderStrong}) {
    SetColor(c, t.border);
  }
  for (const ImGuiCol c : {ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive,
                           ImGuiCol_ScrollbarGrabActive, ImGuiCol_ScrollbarGrabHovered,
                           ImGuiCol_NavHighlight}) {
    SetColor(c, t.accent);
  }
  SetColor(ImGuiCol_Text, t.text);
  SetColor(ImGuiCol_TextDisabled, t.text_faint);
  SetColor(ImGuiCol_BorderShadow, 0);
  SetColor(ImGuiCol_TableRowBg, 0);
  SetColor(ImGuiCol_TableRowBgAlt, WithAlpha(t.hover, 0.35f));
  SetColor(ImGuiCol_ModalWindowDimBg, IM_COL32(0, 0, 0, 120));
}

}  // namespace

ImU32 WithAlpha(ImU32 color, float alpha) {
  const auto old = static_cast<float>(color >> IM_COL32_A_SHIFT);
  return (color & ~IM_COL32_A_MASK) | (static_cast<ImU32>(old * alpha) << IM_COL32_A_SHIFT);
}

Theme MakeTheme(bool dark, float scale) {
  Theme theme = dark ? Dark() : Light();
  theme.dark = dark;
  theme.scale = scale;
  return theme;
}

void ApplyTheme(const Theme& theme) {
  ImGuiStyle style;
  style.WindowPadding = {8, 8};
  style.FramePadding = {8, 4};
  style.ItemSpacing = {8, 4};
  style.ItemInnerSpacing = {4, 4};
  style.CellPadding = {4, 2};
  style.IndentSpacing = 16;
  style.ScrollbarSize = 12;
  style.GrabMinSize = 12;
  style.WindowBorderSize = style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  // On light ground a field is hardly seen without.
  style.FrameBorderSize = theme.dark ? 0 : 1;
  style.WindowRounding = style.ChildRounding = 0;
  style.FrameRounding = style.PopupRounding = style.TabRounding = style.GrabRounding = 4;
  style.ScrollbarRounding = 6;
  style.ScaleAllSizes(theme.scale);
  ImGui::GetStyle() = style;
  ApplyColors(theme);
}

}  // namespace backstep::gui
