// A span as bytes of the body file: what is kept of it until its session is put together. Written
// and read within one import only.
#pragma once

#include <string>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/spans/span.h"

namespace backstep::adapters {

// Layout: numbers are LEB128 (signed ones zigzag), texts a length and their bytes, lists a count.
//   trace, span, parent, name, kind, status message: text; began, ended: signed; status: number
//   attributes: list of (key text, type number, value text)
//   events: list of (name text, at signed, attributes); links: list of (trace, span, attributes)
//   resource, scope: number
void EncodeSpan(const Span& span, std::string* out);  // replaces *out
// Views into `bytes`, which must outlive the span. Corruption: the bytes are not EncodeSpan's.
Status DecodeSpan(std::string_view bytes, Span* span);

void EncodeAttributes(const Attributes& attributes, std::string* out);  // appends
Status DecodeAttributes(std::string_view bytes, Attributes* attributes);

}  // namespace backstep::adapters
