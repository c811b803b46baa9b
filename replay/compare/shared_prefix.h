// How far two lines are one and the same record. Internal to the comparison.
#pragma once

#include "backstep/base/status.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// The newest step, not after either end, up to which both lines read the same logs. 0: they are of
// different recordings, or part before their first step. Cost does not grow with the lines.
Result<StepNumber> SharedPrefix(store::Line& a, StepNumber a_until, store::Line& b,
                                StepNumber b_until);

}  // namespace backstep::replay
