// Text as it stands in a JSON string, and the same text by itself: an answer comes as JSON, and
// what it says goes on as plain text. Private header of store/state. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backstep::store {

// The first character of an escaped text, or of one in UTF-8 its first byte.
struct Unescaped {
  size_t taken = 0;  // bytes of the escaped text
  size_t made = 0;   // bytes of what it stands for, at most 4
  char bytes[4] = {};
};

// What the front of `escaped`, which is not empty, stands for. On disk (docs/format.md), so never
// to change: backslash and one of "\/bfnrt, backslash u and four hex digits (two of these where
// they are a pair of surrogates) are one character, in UTF-8. Any other byte stands for itself, the
// backslash in front of anything else and that of half a pair too.
Unescaped UnescapeFirst(std::string_view escaped);

// Appends what all of `escaped` stands for.
void AppendUnescaped(std::string_view escaped, std::string* out);

// A stretch of a text and the escaped one that stands for it.
struct EscapedRun {
  size_t begin = 0, end = 0;                  // of the text
  size_t escaped_begin = 0, escaped_end = 0;
  size_t escapes = 0;                         // characters that look different in the two
};

// The longest stretch around a place that is said to be the same in both, of `longest` bytes of the
// text in front of it and behind it at most. What it gives, AppendUnescaped makes of it.
EscapedRun GrowEscaped(std::string_view text, size_t at, std::string_view escaped,
                       size_t escaped_at, size_t longest);

}  // namespace backstep::store
