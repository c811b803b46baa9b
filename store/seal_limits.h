// What sealing a log does by its size and by the room there is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backstep/base/time.h"

namespace backstep::store {

inline constexpr DurationNs kUnlimitedMerge{int64_t{24} * 3600 * 1000000000};

// Bytes are those of the log's tables. The defaults are what is meant; tests set others, for a log
// that passes them takes gigabytes.
struct SealLimits {
  // Up to so many are merged into one run and packed tightly.
  uint64_t tight_bytes = uint64_t{256} << 20;
  // Up to so many are merged into one run, which halves what a reader has to look at, where the
  // file system has twice their room. Of others only what is not compressed yet is merged.
  uint64_t merged_bytes = uint64_t{4} << 30;
  // About how long making one run may take; 0: none is made; a day or more: as long as it takes.
  // What is given up leaves the log as large, and as slow to read, as one that is not merged;
  // `backstep compact` makes up for it.
  DurationNs merge_max = kUnlimitedMerge;
  // Room on the file system of a log's folder, bytes. Empty: it is asked.
  std::function<uint64_t(const std::string& folder)> free_bytes{};
};

}  // namespace backstep::store
