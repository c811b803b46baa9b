// How much a random test does: more in the long form (BACKSTEP_LONG=1), less under a sanitizer,
// which makes each round several times as slow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace backstep::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline bool IsLong() { return std::getenv("BACKSTEP_LONG") != nullptr; }

// Rounds of a test that does `usual` of them by default and `longer` in the long form.
inline uint64_t Rounds(uint64_t usual, uint64_t longer) {
  if (IsLong()) return longer;
  return kSanitized ? std::max<uint64_t>(usual / 4, 1) : usual;
}

}  // namespace backstep::testing
