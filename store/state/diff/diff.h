// How one byte string becomes another: copies of old ranges and inserted new ones.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "backstep/store/state/diff/anchors.h"

namespace backstep::store {

// Part of the new bytes: `length` bytes at `offset` of the old ones, or of the new ones.
struct Hunk {
  enum class Kind : uint8_t { kCopy, kInsert };
  Kind kind = Kind::kCopy;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// The length of the longest common prefix / suffix.
size_t CommonPrefix(std::string_view a, std::string_view b);
size_t CommonSuffix(std::string_view a, std::string_view b);

// Keeps its working memory between runs. One thread.
//
// Common prefix and suffix first. In between, after each mismatch, it looks for where the two go
// on alike: among the next bytes (a field changed), by searching for samples of either side in the
// other (something was put in or taken out), by content-defined anchors of the old text that no
// copy has taken (something moved). Each search draws on a budget that is linear in the sizes; what
// is left when it runs out is an insert. So the cost is O(old + new) whatever the input.
class Differ {
 public:
  // Hunks that in order make up `new_bytes`; none is empty. Copies need not ascend in the old.
  const std::vector<Hunk>& Run(std::string_view old_bytes, std::string_view new_bytes);
  // The same for a thread that has other things to do: an eighth of the searching, and what moved
  // is an insert.
  const std::vector<Hunk>& RunQuickly(std::string_view old_bytes, std::string_view new_bytes);

 private:
  struct Match {
    size_t old_at = 0, new_at = 0, length = 0;
  };
  void Whole(std::string_view old_bytes, std::string_view new_bytes);
  void Middle(size_t i);
  bool Resync(size_t i, size_t j, Match* out);
  bool Nearby(size_t i, size_t j, Match* out);
  bool Samples(size_t i, size_t j, Match* out);
  bool SampleLevel(size_t i, size_t j, size_t range, std::initializer_list<size_t> distances,
                   Match* out);
  bool Anchored(size_t i, size_t j, Match* out);
  bool IndexUnused(size_t i, size_t j);
  bool Grow(size_t old_at, size_t new_at, size_t new_low, Match* out) const;
  size_t Search(std::string_view haystack, std::string_view needle);
  void Copy(size_t old_at, size_t length);
  void Insert(size_t new_at, size_t length);

  std::string_view old_, new_;
  size_t old_end_ = 0, new_end_ = 0;  // the suffix begins there
  std::vector<Hunk> hunks_;
  uint64_t budget_ = 0;
  bool quick_ = false;
  std::vector<std::pair<size_t, size_t>> unused_;  // old ranges no copy took, before the cursor
  AnchorTable old_anchors_;
  bool anchored_ = false;             // old_anchors_ holds what was unused when first asked
  AnchorScan new_scan_{{}};
  Anchor pending_;                    // read from new_scan_, not passed yet
  bool has_pending_ = false;
  std::vector<uint16_t> near_;        // word hash -> distance, stamped
  uint16_t near_stamp_ = 0;
};

}  // namespace backstep::store
