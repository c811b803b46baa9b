#include "backstep/gui/widgets/keys.h"

#include <imgui.h>
#include <imgui_internal.h>

#include <array>
#include <cctype>
#include <utility>

namespace backstep::gui {
namespace {

// Codes of GLFW, which are ASCII for what can be printed.
constexpr std::array<std::pair<std::string_view, int>, 17> kNames = {{
    {"Space", 32},     {"Escape", 256},   {"Enter", 257}, {"Tab", 258},
    {"Backspace", 259}, {"Delete", 261},  {"Right", 262}, {"Left", 263},
    {"Down", 264},     {"Up", 265},       {"PageUp", 266}, {"PageDown", 267},
    {"Home", 268},     {"End", 269},      {"F1", 290},    {"?", '/'},
    {"+", '='},
}};

#if IMGUI_VERSION_NUM >= 18700
constexpr std::array<std::pair<int, ImGuiKey>, 23> kModern = {{
    {32, ImGuiKey_Space}, {256, ImGuiKey_Escape}, {257, ImGuiKey_Enter}, {258, ImGuiKey_Tab},
    {259, ImGuiKey_Backspace}, {261, ImGuiKey_Delete}, {262, ImGuiKey_RightArrow},
    {263, ImGuiKey_LeftArrow}, {264, ImGuiKey_DownArrow}, {265, ImGuiKey_UpArrow},
    {266, ImGuiKey_PageUp}, {267, ImGuiKey_PageDown}, {268, ImGuiKey_Home}, {269, ImGuiKey_End},
    {290, ImGuiKey_F1}, {'/', ImGuiKey_Slash}, {'[', ImGuiKey_LeftBracket},
    {']', ImGuiKey_RightBracket}, {'.', ImGuiKey_Period}, {',', ImGuiKey_Comma},
    {'+', ImGuiKey_Equal}, {'=', ImGuiKey_Equal}, {'-', ImGuiKey_Minus}}};

int CodeFor(int glfw) {
  if (glfw >= 'A' && glfw <= 'Z') return ImGuiKey_A + (glfw - 'A');
  if (glfw >= '0' && glfw <= '9') return ImGuiKey_0 + (glfw - '0');
  for (const auto& [from, to] : kModern) {
    if (from == glfw) return to;
  }
  return -1;
}
bool IsDown(int code) { return ImGui::IsKeyDown(static_cast<ImGuiKey>(code)); }
bool IsPressed(int code) { return ImGui::IsKeyPressed(static_cast<ImGuiKey>(code)); }
#else
int CodeFor(int glfw) { return glfw; }
bool IsDown(int code) { return ImGui::IsKeyDown(code); }
bool IsPressed(int code) { return ImGui::IsKeyPressed(code); }
#endif

bool ModifiersAre(const KeyCombination& keys) {
  const ImGuiIO& io = ImGui::GetIO();
  return io.KeyCtrl == keys.ctrl && io.KeyShift == keys.shift && io.KeyAlt == keys.alt;
}

bool Usable(const KeyCombination& keys) {
  const ImGuiIO& io = ImGui::GetIO();
  const bool taken = io.WantTextInput || (io.NavVisible && !keys.ctrl && !keys.alt);
  return keys.code >= 0 && !taken && ModifiersAre(keys);
}

}  // namespace

bool AnyPopup() { return ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup); }

bool CloseTopPopup() {
  const int open = ImGui::GetCurrentContext()->OpenPopupStack.Size;
  if (open == 0) return false;
  ImGui::ClosePopupToLevel(open - 1, true);
  return true;
}

KeyCombination ParseKeys(std::string_view text) {
  KeyCombination keys;
  const auto take = [&](std::string_view prefix, bool* flag) {
    if (!text.starts_with(prefix)) return;
    text.remove_prefix(prefix.size());
    *flag = true;
  };
  take("Ctrl+", &keys.ctrl);
  take("Shift+", &keys.shift);
  take("Alt+", &keys.alt);
  for (const auto& [name, code] : kNames) {
    if (name != text) continue;
    keys.code = CodeFor(code);
    keys.shift = keys.shift || name == "?";
    return keys;
  }
  if (text.size() == 1) keys.code = CodeFor(std::toupper(static_cast<unsigned char>(text[0])));
  return keys;
}

bool Pressed(std::string_view combination) {
  const KeyCombination keys = ParseKeys(combination);
  return Usable(keys) && IsPressed(keys.code);
}

bool PressedAnywhere(std::string_view combination) {
  const KeyCombination keys = ParseKeys(combination);
  return keys.code >= 0 && ModifiersAre(keys) && IsPressed(keys.code);
}

bool Held(std::string_view combination) {
  const KeyCombination keys = ParseKeys(combination);
  return Usable(keys) && IsDown(keys.code);
}

}  // namespace backstep::gui
