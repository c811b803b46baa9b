// The window's fonts: Inter and JetBrains Mono where installed, else DejaVu, else the built-in one.
#pragma once

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

// Fills the atlas. `wanted`: code points beyond Latin that must be drawable (bridge/glyphs.h).
Fonts LoadFonts(float scale, const std::vector<ImWchar>& wanted);

// Adds to `wanted` what the text field that has the focus needs as it stands.
void AddTypedGlyphs(std::vector<ImWchar>* wanted);

}  // namespace backstep::gui
