// What one step took and sent, as the index writes it into the step's row. Private header of
// store/index.
#pragma once

#include <string>
#include <vector>

#include "backstep/schemas/records.h"

namespace backstep::store {

// JSON: an array [sender, clock, ordinal, copy, early] for each message in order of reading, zeros
// at its end left out; empty: the step took none.
std::string TookText(const std::vector<TakenMessage>& took);
// JSON: an array of the receivers in order of sending. For a step that sent two or more.
std::string SentToText(const std::vector<SentMessage>& sent);

}  // namespace backstep::store
