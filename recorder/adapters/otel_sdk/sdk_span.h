// A span as OpenTelemetry SDKs print it for people, and as tools write that down: `to_json` of the
// Python SDK, Monocle's files, llmmas-otel's exporter. Pure functions.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// False: neither a name nor an id. Its resource's attributes are not taken.
bool ReadSdkSpan(const Json& json, Span* span);

}  // namespace backstep::adapters
