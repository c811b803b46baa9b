#include "backstep/replay/compare/align.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace backstep::replay {
namespace {

// Work and memory grow with the square of it.
constexpr ptrdiff_t kEditsMax = 800;

using Elements = std::vector<Hash128>;
using Match = std::pair<size_t, size_t>;

// The furthest places reached with a number of edits, by diagonal (Myers 1986, An O(ND)
// difference algorithm); one array an edit, kept for the way back.
class ShortestEdit {
 public:
  ShortestEdit(const Elements& a, const Elements& b, size_t from, size_t a_end, size_t b_end)
      : a_(a), b_(b), from_(from), n_(static_cast<ptrdiff_t>(a_end - from)),
        m_(static_cast<ptrdiff_t>(b_end - from)) {}

  // Equal pairs in order; nullopt: more edits than are looked for.
  std::optional<std::vector<Match>> Find() {
    const ptrdiff_t most = std::min(kEditsMax, n_ + m_);
    for (ptrdiff_t edits = 0; edits <= most; ++edits) {
      reached_.emplace_back(static_cast<size_t>(2 * edits + 1), 0);
      for (ptrdiff_t diagonal = -edits; diagonal <= edits; diagonal += 2) {
        const ptrdiff_t x = Slide(Start(edits, diagonal), diagonal);
        At(edits, diagonal) = x;
        if (diagonal == n_ - m_ && x >= n_) return WayBack(edits);
      }
    }
    return std::nullopt;
  }

 private:
  ptrdiff_t& At(ptrdiff_t edits, ptrdiff_t diagonal) {
    return reached_[static_cast<size_t>(edits)][static_cast<size_t>(diagonal + edits)];
  }
  // Whether the best way to `diagonal` comes from the one above it: an insertion.
  bool FromAbove(ptrdiff_t edits, ptrdiff_t diagonal) {
    if (diagonal == -edits) return true;
    return diagonal != edits && At(edits - 1, diagonal - 1) < At(edits - 1, diagonal + 1);
  }
  ptrdiff_t Start(ptrdiff_t edits, ptrdiff_t diagonal) {
    if (edits == 0) return 0;
    return FromAbove(edits, diagonal) ? At(edits - 1, diagonal + 1)
                                      : At(edits - 1, diagonal - 1) + 1;
  }
  bool Same(ptrdiff_t x, ptrdiff_t y) const {
    return a_[from_ + static_cast<size_t>(x)] == b_[from_ + static_cast<size_t>(y)];
  }
  ptrdiff_t Slide(ptrdiff_t x, ptrdiff_t diagonal) const {
    while (x < n_ && x - diagonal < m_ && x >= diagonal && Same(x, x - diagonal)) ++x;
    return x;
  }
  std::vector<Match> WayBack(ptrdiff_t edits) {
    std::vector<Match> matches;
    ptrdiff_t diagonal = n_ - m_;
    ptrdiff_t x = n_;
    for (; edits >= 0; --edits) {
      const ptrdiff_t start = Start(edits, diagonal);
      for (; x > start; --x) {
        matches.emplace_back(from_ + static_cast<size_t>(x - 1),
                             from_ + static_cast<size_t>(x - 1 - diagonal));
      }
      if (edits == 0) break;
      const bool above = FromAbove(edits, diagonal);
      diagonal += above ? 1 : -1;
      x = At(edits - 1, diagonal);
    }
    std::reverse(matches.begin(), matches.end());
    return matches;
  }

  const Elements& a_;
  const Elements& b_;
  const size_t from_;
  const ptrdiff_t n_, m_;
  std::vector<std::vector<ptrdiff_t>> reached_;
};

void SideBySide(size_t* a, size_t a_end, size_t* b, size_t b_end, std::vector<Aligned>* out) {
  while (*a < a_end && *b < b_end) out->push_back({(*a)++, (*b)++, false});
  while (*a < a_end) out->push_back({(*a)++, std::nullopt, false});
  while (*b < b_end) out->push_back({std::nullopt, (*b)++, false});
}

}  // namespace

std::vector<Aligned> Align(const Elements& a, const Elements& b) {
  const size_t shorter = std::min(a.size(), b.size());
  size_t head = 0, tail = 0;
  while (head < shorter && a[head] == b[head]) ++head;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const size_t a_end = a.size() - tail, b_end = b.size() - tail;

  std::vector<Aligned> out;
  size_t at_a = 0, at_b = 0;
  for (; at_a < head; ++at_a, ++at_b) out.push_back({at_a, at_b, true});
  if (head < a_end && head < b_end) {
    const auto matches = ShortestEdit(a, b, head, a_end, b_end).Find();
    for (const auto& [in_a, in_b] : matches.value_or(std::vector<Match>{})) {
      SideBySide(&at_a, in_a, &at_b, in_b, &out);
      out.push_back({at_a++, at_b++, true});
    }
  }
  SideBySide(&at_a, a_end, &at_b, b_end, &out);
  for (; at_a < a.size(); ++at_a, ++at_b) out.push_back({at_a, at_b, true});
  return out;
}

}  // namespace backstep::replay
