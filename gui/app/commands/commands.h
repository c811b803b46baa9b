// Every command that has a key or stands in the palette, once.
#pragma once

#include <string>
#include <vector>

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

struct Command {
  std::string title;
  std::string keys;      // as in app/keys.h; empty: none
  Action action;
  std::string why_not = {};  // it cannot be done just now
};

const std::vector<Command>& Commands();
// Sends what the keys pressed in this frame ask for.
void RunCommandKeys(Frame& frame);
void DrawKeySheet(Frame& frame, bool* open);

// What of the palette lasts from frame to frame.
struct Palette {
  bool open = false;
  std::string text;      // as typed
  int chosen = 0;        // of what has all of its words
};
// Every command and everything that can be gone to, by name, filtered by what is typed; Up and Down
// choose, Enter runs, Escape closes.
void DrawPalette(Frame& frame, Palette* palette);

}  // namespace backstep::gui
