#include "backstep/store/state/literals/escapes.h"

#include <algorithm>
#include <cstring>

#include "backstep/base/utf8.h"

namespace backstep::store {
namespace {

constexpr size_t kHexEscapeBytes = 6;  // backslash, u, four digits

// The value of a hex escape in front of `escaped`; UINT32_MAX: there is none.
uint32_t HexEscape(std::string_view escaped) {
  if (escaped.size() < kHexEscapeBytes || escaped[0] != '\\' || escaped[1] != 'u') {
    return UINT32_MAX;
  }
  return FourHexDigits(escaped.substr(2)).value_or(UINT32_MAX);
}

bool IsHigh(uint32_t value) { return value >= 0xd800 && value < 0xdc00; }
bool IsLow(uint32_t value) { return value >= 0xdc00 && value < 0xe000; }

// What a backslash and this letter stand for; 0: nothing of their own.
char OfLetter(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

// Whether a byte of a text looks the same in a JSON string, or may.
bool StandsForItself(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

// Goes back by one character that is escaped, if it is what the text has, `stop` being its front.
bool BackOverEscape(std::string_view text, size_t stop, std::string_view escaped,
                    EscapedRun* run) {
  for (const size_t length : {size_t{2}, kHexEscapeBytes, 2 * kHexEscapeBytes}) {
    if (run->escaped_begin < length) return false;
    const size_t from = run->escaped_begin - length;
    if (escaped[from] != '\\') continue;
    const Unescaped one = UnescapeFirst(escaped.substr(from, length));
    if (one.taken != length || one.made > run->begin - stop) continue;
    if (text.compare(run->begin - one.made, one.made, one.bytes, one.made) != 0) continue;
    run->begin -= one.made;
    run->escaped_begin = from;
    ++run->escapes;
    return true;
  }
  return false;
}

void GrowBack(std::string_view text, std::string_view escaped, size_t longest, EscapedRun* run) {
  const size_t stop = run->begin - std::min(run->begin, longest);
  while (run->begin > stop && run->escaped_begin > 0) {
    const char c = text[run->begin - 1];
    if (StandsForItself(c) && escaped[run->escaped_begin - 1] == c) {
      --run->begin;
      --run->escaped_begin;
    } else if (!BackOverEscape(text, stop, escaped, run)) {
      return;
    }
  }
}

void GrowForth(std::string_view text, std::string_view escaped, size_t longest, EscapedRun* run) {
  const size_t stop = run->end + std::min(text.size() - run->end, longest);
  while (run->end < stop && run->escaped_end < escaped.size()) {
    if (escaped[run->escaped_end] != '\\') {
      if (text[run->end] != escaped[run->escaped_end]) return;
      ++run->end;
      ++run->escaped_end;
      continue;
    }
    const Unescaped one = UnescapeFirst(escaped.substr(run->escaped_end));
    if (one.made > stop - run->end ||
        text.compare(run->end, one.made, one.bytes, one.made) != 0) {
      return;
    }
    if (one.taken != one.made) ++run->escapes;
    run->end += one.made;
    run->escaped_end += one.taken;
  }
}

}  // namespace

Unescaped UnescapeFirst(std::string_view escaped) {
  Unescaped one;
  one.taken = 1;
  if (escaped[0] == '\\' && escaped.size() > 1) {
    if (const char c = OfLetter(escaped[1]); c != 0) {
      one.taken = 2;
      one.bytes[one.made++] = c;
      return one;
    }
    uint32_t value = HexEscape(escaped);
    one.taken = kHexEscapeBytes;
    if (IsHigh(value)) {
      const uint32_t low = HexEscape(escaped.substr(kHexEscapeBytes));
      if (IsLow(low)) {
        value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
        one.taken += kHexEscapeBytes;
      }
    }
    if (value != UINT32_MAX && !IsHigh(value) && !IsLow(value)) {
      one.made = EncodeUtf8(value, one.bytes);
      return one;
    }
    one.taken = 1;
  }
  one.bytes[one.made++] = escaped[0];
  return one;
}

void AppendUnescaped(std::string_view escaped, std::string* out) {
  while (!escaped.empty()) {
    const size_t plain = std::min(escaped.find('\\'), escaped.size());
    out->append(escaped.substr(0, plain));
    escaped.remove_prefix(plain);
    if (escaped.empty()) return;
    const Unescaped one = UnescapeFirst(escaped);
    out->append(one.bytes, one.made);
    escaped.remove_prefix(one.taken);
  }
}

EscapedRun GrowEscaped(std::string_view text, size_t at, std::string_view escaped,
                       size_t escaped_at, size_t longest) {
  EscapedRun run{at, at, escaped_at, escaped_at, 0};
  GrowBack(text, escaped, longest, &run);
  GrowForth(text, escaped, longest, &run);
  return run;
}

}  // namespace backstep::store
