// The window's fonts: Inter and JetBrains Mono where installed, else DejaVu, else the built-in one.
#pragma once

#include <cstdint>
#include <string_view>
#include <string>
#include <vector>

#include <imgui.h>

namespace backstep::gui {

// Fonts belong to ImGui's atlas. Sizes are 13, 15 and 18 points times the scale.
struct Fonts {
  ImFont* small = nullptr;
  ImFont* body = nullptr;
  ImFont* title = nullptr;
  ImFont* mono = nullptr;      // 13
  ImFont* display = nullptr;   // 30, ASCII only: the name on the first page
  std::string regular_path, mono_path, cjk_path;  // empty: not installed
};

// Fills the atlas. `text`: code points beyond Latin that must be drawable (from NeededGlyphs).
Fonts LoadFonts(float scale, const std::vector<ImWchar>& wanted);

// Adds to `wanted` what `text` needs and has not; true when something was added (the atlas must be
// loaded again). Only code points of the basic plane: the atlas has 16-bit glyphs.
bool AddNeededGlyphs(std::string_view text, std::vector<ImWchar>* wanted);

// The same of the text field that has the focus, as it stands.
void AddTypedGlyphs(std::vector<ImWchar>* wanted);

}  // namespace backstep::gui
