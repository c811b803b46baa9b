#include "backstep/base/wide_hash.h"

#if defined(BACKSTEP_WIDE_HASH)

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace backstep {

void HashWide(const void* bytes, size_t size, uint64_t* high, uint64_t* low) {
  const XXH128_hash_t h = XXH3_128bits(bytes, size);
  *high = h.high64;
  *low = h.low64;
}

void UpdateWide(void* state, const void* bytes, size_t size) {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state), bytes, size);
}

}  // namespace backstep

#endif
