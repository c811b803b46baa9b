// XXH3-128 compiled for AVX2: the value of HashBytes, two to three times as fast on long texts.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#define BACKSTEP_WIDE_HASH 1
#endif

namespace backstep {

// Only on processors that have AVX2. Nothing of the standard library passes here: what a file made
// for such a processor instantiates must not be what the rest of the program links to.
void HashWide(const void* bytes, size_t size, uint64_t* high, uint64_t* low);
// Adds to an XXH3_state_t.
void UpdateWide(void* state, const void* bytes, size_t size);

}  // namespace backstep
