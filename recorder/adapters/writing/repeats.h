// How often a run may have the same bytes written: a file can be made so that what it says once
// belongs to everybody.
#pragma once

#include <algorithm>
#include <cstdint>

namespace backstep::adapters {

// Bytes that are written again. A run of many megabytes may be repeated a few times, a small one
// often. One thread.
class Repeats {
 public:
  // Bytes that are written for the first time.
  void Fresh(uint64_t bytes) { left_ += std::min(bytes, kFreshMax) * kPerFresh; }
  // Bytes that were written before; false: too many.
  bool Take(uint64_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  static constexpr uint64_t kFree = 64u << 20;
  static constexpr uint64_t kPerFresh = 16;
  static constexpr uint64_t kFreshMax = 1ull << 40;
  uint64_t left_ = kFree;
};

}  // namespace backstep::adapters
