// A trace that Backstep itself exported, read back as it was: what the keys of own_traces/keys.h
// say is taken at its word, and nothing is guessed from other attributes.
#pragma once

#include "backstep/recorder/adapters/assembly/collector.h"

namespace backstep::adapters {

// `session.exported` is set. What lacks the span it lies in is told and left out. Io, Corruption:
// of the body file.
Result<SessionDraft> RestoreSession(const SpanCollector& collector, const CollectedSession& session,
                                    Sink& sink);

}  // namespace backstep::adapters
