// A Langfuse observation as a span. Pure functions.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// A value that may be JSON held in a string: as that JSON.
Json Unwrapped(const Json& value);
// False: no observation. The attributes its metadata says are shared go to `resource` and `scope`.
bool ReadObservation(const Json& json, Span* span, Attributes* resource, Attributes* scope);

}  // namespace backstep::adapters
