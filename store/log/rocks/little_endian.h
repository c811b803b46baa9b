// Numbers as RocksDB writes them. Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backstep::store {

// `count` bytes from `at` on, which must be there.
inline uint64_t Little(std::string_view bytes, size_t at, size_t count) {
  uint64_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    number |= uint64_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  }
  return number;
}

}  // namespace backstep::store
