// How a run ended, in a few words and as a shape.
#pragma once

#include <string>

#include "backstep/gui/widgets/shapes.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/schemas/records.h"

namespace backstep::gui {

Mark MarkOf(const Outcome& outcome);
// "failed, score 0.83"; "ok"; its reason only where there is no score.
std::string ShortOutcome(const Outcome& outcome);

// Of a recording in a list: whether it is live or its recorder crashed comes first.
Mark MarkOf(const replay::SessionRow& session);
std::string ShortOutcome(const replay::SessionRow& session);
// All that is known, for a tooltip.
std::string LongOutcome(const replay::SessionRow& session);

}  // namespace backstep::gui
