// How a re-execution's result reads, and what a branch is called that nobody named.
#pragma once

#include <string>
#include <vector>

#include "backstep/replay/reexecute.h"

namespace backstep::replay {

// The JSON array that LogEnd::divergences holds (docs/format.md): objects with step,
// recorded_step, agent, clock, what, expected, actual. At most 64 KiB; the last ones are left out.
std::string DivergencesToJson(const std::vector<Divergence>& divergences);

// "b1", "b2", ...: the first that no branch of the line's session has.
Result<std::string> FreeBranchName(store::Recording& recording, const store::Line& line);

// InvalidArgument: not a name for a branch, or taken in the session of `line`.
Status CheckBranchName(store::Recording& recording, const store::Line& line,
                       const std::string& name);

}  // namespace backstep::replay
