// Short pieces of long values, cut between characters. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace backstep::replay {

inline constexpr size_t kExcerptBytesMax = 240;

// The beginning, at most kExcerptBytesMax bytes; "…" where it was cut.
std::string Excerpt(std::string_view text);
// Both sides around their first difference, each at most kExcerptBytesMax bytes.
std::pair<std::string, std::string> ExcerptPair(std::string_view before, std::string_view after);
// Up to 16 bytes from `at` on, in hex, and the whole size.
std::string HexExcerpt(std::string_view bytes, size_t at);

}  // namespace backstep::replay
