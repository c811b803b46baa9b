#include "backstep/replay/engine/match/excerpt.h"

#include <algorithm>

#include "backstep/base/utf8.h"

namespace backstep::replay {
namespace {

constexpr size_t kContextBytes = 24;
constexpr size_t kExcerptBytes = 96;

}  // namespace

std::string Quote(std::string_view text, size_t bytes_max) {
  static constexpr char kHex[] = "0123456789abcdef";
  const bool cut = text.size() > bytes_max;
  if (cut) text = text.substr(0, CharacterStart(text, bytes_max));
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
  if (cut) out += "...";
  return out;
}

Difference DescribeDifference(const std::string& label, std::string_view recorded,
                              std::string_view here) {
  const size_t common = std::min(recorded.size(), here.size());
  size_t at = 0;
  while (at < common && recorded[at] == here[at]) ++at;
  const size_t from = CharacterStart(recorded, at > kContextBytes ? at - kContextBytes : 0);
  const auto side = [&](std::string_view text) {
    const std::string_view part = from < text.size() ? text.substr(from) : std::string_view();
    return label + " from byte " + std::to_string(at) + ": " + (from > 0 ? "..." : "") +
           Quote(part, kExcerptBytes);
  };
  return {side(recorded), side(here)};
}

}  // namespace backstep::replay
