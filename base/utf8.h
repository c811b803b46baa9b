// UTF-8: what is a character, cutting text between two of them, and characters as JSON escapes
// them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace backstep {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;  // 0: no character is here, as in bytes that are no UTF-8
};

// The well-formed character that begins at byte `at`, which is inside the text.
CodePoint DecodeUtf8(std::string_view text, size_t at);
bool IsUtf8(std::string_view text);
// Puts the character at `bytes`, which have room for four; how many it is. 0x10ffff at most.
size_t EncodeUtf8(uint32_t value, char* bytes);

// The number that `text` begins with in four hex digits, as in \u00e9; nothing: it does not.
std::optional<uint32_t> FourHexDigits(std::string_view text);

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
