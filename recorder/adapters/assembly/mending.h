// What of a span cannot be as its source has it. Pure function.
#pragma once

#include <string>

#include "backstep/recorder/adapters/spans/meaning.h"

namespace backstep::adapters {

// Takes off times that are none, and says in words what was changed or is odd; empty: nothing.
// `otlp_ids`: its ids are to have the lengths that OTLP gives them; others are kept as they are.
std::string MendSpan(const Meaning& meaning, bool otlp_ids, Span* span);

}  // namespace backstep::adapters
