// OTLP/JSON (opentelemetry-proto, the protobuf JSON mapping): ids as hex or base64, enums as
// numbers or names, 64-bit numbers as numbers or texts, keys in camelCase or as in the .proto file.
#pragma once

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {

// Whether the beginning of a file is that: 0 to 100.
int DetectOtlpJson(const Head& head);
// Reads span by span. Io, Corruption: of the source. What is not understood goes to `sink`.
Status ReadOtlpJson(Source& source, SpanCollector& collector, Sink& sink);

}  // namespace backstep::adapters
