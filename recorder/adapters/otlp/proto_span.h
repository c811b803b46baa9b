// The messages of opentelemetry/proto/trace/v1/trace.proto below ScopeSpans, from bytes in memory.
#pragma once

#include <string_view>

#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// Each false: the bytes are no such message. Texts are views into them or in the span's arena.
bool ReadProtoSpan(std::string_view message, Span* span);
// Of a Resource, or of an InstrumentationScope with its name and version as attributes.
bool ReadProtoResource(std::string_view message, Span* arena, Attributes* attributes);
bool ReadProtoScope(std::string_view message, Span* arena, Attributes* attributes);

}  // namespace backstep::adapters
