// Where panels are: bars above and below, three columns, the timeline under them; splitters
// between.
#pragma once

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// Draws the whole window.
void DrawLayout(Frame& frame);

}  // namespace backstep::gui
