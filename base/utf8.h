// Cutting text between characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace backstep {

// Whether this byte goes on with a character of UTF-8 that an earlier one began.
inline bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Where the character begins that holds byte `at`; `at` itself at the end of the text and in bytes
// that are no UTF-8.
inline size_t CharacterStart(std::string_view text, size_t at) {
  size_t start = at;
  for (int i = 0; i < 3 && start > 0 && start < text.size() && IsContinuation(text[start]); ++i) {
    --start;
  }
  return start < text.size() && IsContinuation(text[start]) ? at : start;
}

}  // namespace backstep
