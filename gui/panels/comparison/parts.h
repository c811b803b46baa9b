// The pieces of the comparison panel. Private to it.
#pragma once

#include "backstep/gui/panels/panel.h"
#include "backstep/replay/view/comparison/step_pair.h"

namespace backstep::gui {

// Outcome, steps, tokens, cost and time of both sides: two lines, or a table when unfolded.
void DrawSummary(Frame& frame, const replay::ComparisonView& view);
// The differing steps: buttons that travel, and the list.
void DrawDifferences(Frame& frame, const replay::ComparisonView& view);
// The step at the cursor on both sides.
void DrawPair(Frame& frame, const replay::ComparisonView& view);

}  // namespace backstep::gui
