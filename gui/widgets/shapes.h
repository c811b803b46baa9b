// Status as a shape and a colour, so that neither is needed alone.
#pragma once

#include <imgui.h>

#include "backstep/gui/widgets/theme.h"

namespace backstep::gui {

// ok: disc; failed: cross; fault or edit: diamond; changed: triangle; live: ring.
enum class Mark { kOk, kFailed, kFault, kChanged, kLive };

ImU32 MarkColor(const Theme& theme, Mark mark);
void DrawMark(ImDrawList* draw, ImVec2 centre, float radius, Mark mark, const Theme& theme);
// As an item in a line of text, as tall as it.
void MarkItem(const Theme& theme, Mark mark);

}  // namespace backstep::gui
