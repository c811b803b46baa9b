// The name a person most likely meant, for error messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace backstep {

// The number of insertions, deletions, replacements and swaps of neighbours (bytes, letter case
// ignored) that turn `a` into `b`. Inputs longer than 256 bytes are cut there.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate with the smallest edit distance from `word`, the first of equals; empty when there
// is no candidate. A candidate that begins with `word` counts as near.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

// "; nearest is 'main'", or nothing when there is no candidate: the end of a NotFound message.
std::string NearestHint(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace backstep
