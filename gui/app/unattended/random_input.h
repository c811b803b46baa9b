// Gestures at random, for tests: what a person without any plan would do to the window.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <imgui.h>

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// One thread. The same seed and the same window give the same gestures.
class RandomInput {
 public:
  explicit RandomInput(uint32_t seed) : random_(seed) {}

  struct Gesture {
    std::string word;      // a word of scripts: click, drag, wheel, key, type, ...
    ImVec2 from, to;       // of the mouse
    std::string text;      // keys or text
    float notches = 0;
    bool ctrl = false;
  };
  Gesture Next(const std::vector<NamedRect>& named, ImVec2 size);

 private:
  size_t Below(size_t count);
  ImVec2 Place(const std::vector<NamedRect>& named, ImVec2 size);
  std::mt19937 random_;
};

}  // namespace backstep::gui
