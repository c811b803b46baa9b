// OTLP/protobuf: a TracesData or ExportTraceServiceRequest, or several of them behind each other,
// each after its length (varint, or four bytes as the Collector's file exporter writes them). Read
// field by field with protobuf's CodedInputStream; field numbers are those of
// opentelemetry/proto/trace/v1/trace.proto.
#pragma once

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {

// Whether the beginning of a file is that: 0 to 100.
int DetectOtlpProto(const Head& head);
// Reads span by span; what follows broken bytes is left out and told to `sink`. Io, Corruption: of
// the source.
Status ReadOtlpProto(Source& source, SpanCollector& collector, Sink& sink);

}  // namespace backstep::adapters
