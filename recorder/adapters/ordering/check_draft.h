// What a draft must be before it is ordered and written.
#pragma once

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

// Mends what the store does not take: names of agents (empty, too long, twice, with control bytes),
// attributes that are no JSON object, times that are none. InvalidArgument: the draft names an
// agent, step, message or conversation that it does not have, or a message's taker is not its
// receiver.
Status CheckDraft(SessionDraft* draft);

}  // namespace backstep::adapters
