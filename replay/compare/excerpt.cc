#include "backstep/replay/compare/excerpt.h"

#include <algorithm>
#include <cstddef>

#include "backstep/base/utf8.h"

namespace backstep::replay {
namespace {

constexpr char kMark[] = "…";
constexpr size_t kMarkBytes = sizeof kMark - 1;
constexpr size_t kLeadBytes = 60;  // shown before the first difference

std::string Window(std::string_view text, size_t from) {
  from = CharacterStart(text, std::min(from, text.size()));
  const size_t room = kExcerptBytesMax - (from > 0 ? kMarkBytes : 0);
  std::string out = from > 0 ? kMark : "";
  if (text.size() - from <= room) return out += text.substr(from);
  const size_t end = CharacterStart(text, from + room - kMarkBytes);
  return (out += text.substr(from, end - from)) += kMark;
}

}  // namespace

std::string Excerpt(std::string_view text) { return Window(text, 0); }

std::pair<std::string, std::string> ExcerptPair(std::string_view before, std::string_view after) {
  if (before.size() <= kExcerptBytesMax && after.size() <= kExcerptBytesMax) {
    return {std::string(before), std::string(after)};
  }
  const size_t shorter = std::min(before.size(), after.size());
  const size_t same = static_cast<size_t>(
      std::mismatch(before.begin(), before.begin() + static_cast<ptrdiff_t>(shorter), after.begin())
          .first - before.begin());
  const size_t from = same > kLeadBytes ? same - kLeadBytes : 0;
  return {Window(before, from), Window(after, from)};
}

std::string HexExcerpt(std::string_view bytes, size_t at) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = at; i < std::min(bytes.size(), at + 16); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
    out += ' ';
  }
  if (at + 16 < bytes.size()) out += std::string(kMark) + " ";
  return out + "(" + std::to_string(bytes.size()) + " bytes)";
}

}  // namespace backstep::replay
