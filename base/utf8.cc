#include "backstep/base/utf8.h"

namespace backstep {

CodePoint DecodeUtf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + bytes > text.size()) return {};
  uint32_t value = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[at + i])) return {};
    value = (value << 6) | (byte(i) & 0x3fu);
  }
  const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
  return {value, bytes};
}

size_t EncodeUtf8(uint32_t value, char* bytes) {
  if (value < 0x80) {
    bytes[0] = static_cast<char>(value);
    return 1;
  }
  const size_t count = value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
  for (size_t i = count - 1; i > 0; --i, value >>= 6) {
    bytes[i] = static_cast<char>(0x80 | (value & 0x3f));
  }
  bytes[0] = static_cast<char>((0xf00 >> count & 0xff) | value);
  return count;
}

std::optional<uint32_t> FourHexDigits(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const char small = static_cast<char>(c | 0x20);
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') digit = static_cast<uint32_t>(c - '0');
    else if (small >= 'a' && small <= 'f') digit = static_cast<uint32_t>(small - 'a' + 10);
    else return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    if (c.bytes == 0) return false;
    at += c.bytes;
  }
  return true;
}

}  // namespace backstep
