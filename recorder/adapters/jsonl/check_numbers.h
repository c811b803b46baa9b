// Numbers of a line of Backstep's JSON Lines that its records have no room for.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// Corruption, with name and value: a time, a duration, a number of an agent or of something else
// that no recording can have, or that could not be added to.
Status CheckNumbers(const Json& record);

}  // namespace backstep::adapters
