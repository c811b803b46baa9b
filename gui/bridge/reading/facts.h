// What is known of an open recording without reading its steps.
#pragma once

#include "backstep/base/status.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/replay/view/explorer.h"

namespace backstep::gui {

// On the reader's thread. Corruption, Io: as of the store.
Result<OpenFacts> GatherFacts(replay::Explorer& explorer);
// Whose step it is; empty: there is none, or it cannot be read.
std::string AgentAt(store::Line& line, StepNumber step);

}  // namespace backstep::gui
