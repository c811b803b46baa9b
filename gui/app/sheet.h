// A sheet over the window: the palette, the list of keys.
#pragma once

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// Begins a window of this width in points at the upper middle, no wider than there is room; `End`
// must follow whatever it returns.
bool BeginSheet(Frame& frame, const char* name, float width);
void EndSheet();
// A click that is not in the sheet being drawn.
bool ClickedElsewhere();

}  // namespace backstep::gui
