// Which elements of two sequences belong together. Pure.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"

namespace backstep::replay {

// One position of the aligned sequences: equal elements, a changed one (both, unequal), or one
// that only one side has.
struct Aligned {
  std::optional<size_t> a, b;
  bool equal = false;
};

// Elements are equal when their hashes are. The fewest insertions and removals, found up to a
// bounded number of them; sequences that differ more are set side by side from where they part.
std::vector<Aligned> Align(const std::vector<Hash128>& a, const std::vector<Hash128>& b);

}  // namespace backstep::replay
