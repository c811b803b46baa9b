// Keys by name: "Space", "Ctrl+Right", "Shift+P", "[", "F", "Ctrl+1". While a text field has the
// focus no key of ours acts.
#pragma once

#include <string_view>

namespace backstep::gui {

// Pressed in this frame (repeats count), with exactly these modifiers.
bool Pressed(std::string_view combination);
// The same, also while a text field has the focus.
bool PressedAnywhere(std::string_view combination);
// Held down now, with exactly these modifiers.
bool Held(std::string_view combination);

// A menu, a list or a dialog is open.
bool AnyPopup();
// Closes the menu or list that is open on top; false: none is.
bool CloseTopPopup();

// The parts of a combination, for a script that presses it. `code` < 0: there is no such key.
struct KeyCombination {
  int code = -1;  // as ImGui::IsKeyPressed wants it
  bool ctrl = false, shift = false, alt = false;
};
KeyCombination ParseKeys(std::string_view combination);

}  // namespace backstep::gui
