// What a Langfuse observation used, in the shapes its versions have had. Pure function.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// Sets `langfuse.usage.*` and `langfuse.observation.cost_details.total`, each from the newest shape
// that says it: `usageDetails` and `costDetails`, then `usage`, then columns of the observation.
// Zeros say nothing: versions fill with them what they do not know. A total alone counts as tokens
// in.
void ReadLangfuseUsage(const Json& observation, Span* span);

}  // namespace backstep::adapters
