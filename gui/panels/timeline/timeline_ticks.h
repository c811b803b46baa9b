// Where a ruler has ticks and what they say. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "backstep/replay/view/timeline/timeline_view.h"

namespace backstep::gui {

struct Tick {
  float x = 0;
  std::string label;      // empty: a small one between two
};

// Ticks at round steps or times, labelled ones at least `label_px` apart.
std::vector<Tick> RulerTicks(const replay::TimelineViewport& viewport, double label_px);

// "1,234"
std::string GroupDigits(uint64_t number);
// A position as a person says it: "step 1,234", "12.5 ms", "2:05.3"; as exact as `unit` is.
std::string PositionText(replay::TimelineMode mode, double position, double unit);

}  // namespace backstep::gui
