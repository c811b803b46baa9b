// All spans of a session to one run.
//
// An agent's span is a step; one inside another's is a nested step with a request and a reply. What
// calls a model or a tool is an effect of the nearest step around it; where there is none, its root
// (or, if it names its agent, the span itself) is taken as a step. Every span, whatever else it
// becomes, is also kept as a span beside the steps, with all its attributes that found no other
// home.
#pragma once

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/assembly/collector.h"

namespace backstep::adapters {

// Io, Corruption: of the body file.
Result<SessionDraft> AssembleSession(const SpanCollector& collector,
                                     const CollectedSession& session, Sink& sink,
                                     const BodyFinder& find_body);

}  // namespace backstep::adapters
