// What every panel shows, as JSON: the same shapes as the command line's --json.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/view_state.h"
#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// {"recording", "session", "branch", "moment", "state", "outcome", "faithful", "agent", "tab",
//  "branches", "checkpoint", "graph", "conversation", "comparison", "timeline": {"steps", "lanes"},
//  "fork", "run", "listing", "named": [names of what is drawn]}; null where a panel is empty.
std::string ViewToJson(const Model& model, const ViewState& view,
                       const std::vector<NamedRect>& named);
// Writes it to `path` ("-": standard output). Io: it cannot be written.
Status DumpView(const Model& model, const ViewState& view, const std::vector<NamedRect>& named,
                const std::string& path);

}  // namespace backstep::gui
