// Every command that has a key or stands in the palette, once.
#pragma once

#include <string>
#include <vector>

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

struct Command {
  const char* title;
  const char* keys;      // as in app/keys.h; "": none
  Action (*make)();
};

const std::vector<Command>& Commands();
// Sends what the keys pressed in this frame ask for.
void RunCommandKeys(Frame& frame);
void DrawKeySheet(Frame& frame, bool* open);
// Every command by name, filtered by `text`; Enter runs the first.
void DrawPalette(Frame& frame, bool* open, std::string* text);

}  // namespace backstep::gui
