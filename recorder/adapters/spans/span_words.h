// How ids, kinds and values of spans are written in the many forms they come in. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

bool IsHex(std::string_view text);
// Hex in lower case of an id given as hex or as base64 of `size` bytes; another text as it is; an
// id of zeros is none.
std::string IdOf(std::string_view text, size_t size);
inline constexpr size_t kTraceIdSize = 16, kSpanIdSize = 8;

// "client" of 3, "SPAN_KIND_CLIENT", "SpanKind.CLIENT", "Client"; empty: not known.
std::string_view KindOf(std::string_view word);
std::string_view KindOf(uint64_t number);
// Of 2, "STATUS_CODE_ERROR", "StatusCode.ERROR", "Error", "error".
SpanStatus StatusOf(std::string_view word);
// Nanoseconds since 1970 as a number or a text of one; what does not fit is 0.
TimeNs NanosOf(const Json& value);
// `time`, as it was read of `value`, which may be missing. Where that holds something that is no
// time, the span notes it.
TimeNs Noted(TimeNs time, const Json* value, Oddity oddity, Span* span);

// Adds what a JSON value says under that key, as it is: text, numbers, lists and maps as JSON.
void SetJson(std::string_view key, const Json& value, Span* span, Attributes* attributes);
// Adds every member of an object.
void SetMembers(const Json& object, Span* span, Attributes* attributes);

}  // namespace backstep::adapters
