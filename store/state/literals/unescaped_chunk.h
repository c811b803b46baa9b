// A chunk of a literal log that is kept as the place of escaped bytes in the same log: the value of
// `L agent offset 1`.
//   varint  bytes that it stands for, at most kLiteralChunkBytes
//   varint  how far before its offset the escaped bytes begin, which lie in raw chunks
//   varint  how many they are
// escapes.h says what they stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace backstep::store {

inline constexpr size_t kLiteralChunkBytes = size_t{64} << 10;

struct UnescapedChunk {
  uint64_t size = 0;
  uint64_t distance = 0;
  uint64_t escaped_size = 0;
};

std::string EncodeUnescapedChunk(const UnescapedChunk& chunk);
// Of a chunk at `offset`. false: it cannot be one.
bool DecodeUnescapedChunk(std::string_view value, uint64_t offset, UnescapedChunk* out);

}  // namespace backstep::store
