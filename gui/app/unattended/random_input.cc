#include "backstep/gui/app/unattended/random_input.h"

#include <algorithm>
#include <array>

namespace backstep::gui {
namespace {

constexpr std::array<const char*, 44> kKeys = {
    "Space", "Escape", "Tab", "Backspace", "Delete", "Right", "Left", "Down", "Up", "PageUp",
    "PageDown", "Home", "End", "E", "Shift+E", "[", "]", "N", "Shift+N", "Ctrl+Home", "Ctrl+Right",
    "Ctrl+Left", "Ctrl+B", "Ctrl+1", "Ctrl+2", "Ctrl+[", "Ctrl+]", "W", "A", "S", "D", "F", "T",
    ".", ",", "?", "Ctrl+Shift+P", "Ctrl+O", "Alt+Left", "Alt+Right", "Ctrl+A", "Ctrl+C", "Ctrl+X",
    "Ctrl+Z"};
constexpr std::array<const char*, 6> kTexts = {
    "a", "planner", "0", "-1e999", "\u05d0\u8bf7\U0001F600", "{\"x\": [1, 2"};

}  // namespace

size_t RandomInput::Below(size_t count) { return random_() % std::max<size_t>(count, 1); }

// Half of the time something that has a name and shows.
ImVec2 RandomInput::Place(const std::vector<NamedRect>& named, ImVec2 size) {
  ImVec2 at{static_cast<float>(Below(static_cast<size_t>(size.x))),
            static_cast<float>(Below(static_cast<size_t>(size.y)))};
  if (!named.empty() && Below(2) == 0) {
    at = named[Below(named.size())].Seen().value_or(at);
  }
  return at;
}

RandomInput::Gesture RandomInput::Next(const std::vector<NamedRect>& named, ImVec2 size) {
  Gesture gesture;
  gesture.from = gesture.to = Place(named, size);
  switch (Below(16)) {
    case 0:
    case 1: gesture.word = "drag"; break;
    case 2:
    case 3: gesture.word = "wheel"; break;
    case 4: gesture.word = "rightclick"; break;
    case 5: gesture.word = "doubleclick"; break;
    case 6: gesture.word = "type"; break;
    case 7:
    case 8:
    case 9:
    case 10: gesture.word = "key"; break;
    default: gesture.word = "click"; break;
  }
  if (gesture.word == "drag") {
    gesture.to = {static_cast<float>(Below(static_cast<size_t>(size.x))),
                  static_cast<float>(Below(static_cast<size_t>(size.y)))};
  }
  gesture.notches = static_cast<float>(Below(9)) - 4;
  gesture.ctrl = gesture.word == "wheel" && Below(2) == 0;
  if (gesture.word == "key") gesture.text = kKeys[Below(kKeys.size())];
  if (gesture.word == "type") gesture.text = kTexts[Below(kTexts.size())];
  return gesture;
}

}  // namespace backstep::gui
