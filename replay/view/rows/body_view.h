// A body as a person sees it: size, type, hash and the beginning of its text.
#pragma once

#include <cstdint>
#include <string>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

struct BodyView {
  bool present = false;     // false: there is no body
  bool dropped = false;     // it was dropped under overload; size and hash still stand
  bool binary = false;      // not UTF-8: `text` is raw bytes where the type says text, else empty
  bool whole = false;       // `text` is all of it, and UTF-8
  uint64_t size_bytes = 0;
  std::string media_type;
  std::string hash;         // 32 hex digits; empty: not present
  std::string text;         // its beginning
};

// Reads the body behind `ref` and keeps at most `text_bytes_max` bytes of it (0: does not read it).
// Dropped bodies are a view and no error. Corruption, Io: as of Line::ReadBody.
Result<BodyView> ViewBody(store::Line& line, const BodyRef& ref, size_t text_bytes_max);

// The same of bytes at hand.
BodyView ViewBytes(const Body& body, size_t text_bytes_max);

}  // namespace backstep::replay
