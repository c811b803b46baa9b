// CRC-32C (Castagnoli), the checksum of RocksDB's write-ahead logs and manifests.
#pragma once

#include <cstdint>
#include <string_view>

namespace backstep::store {

// The CRC of `bytes` appended to bytes whose CRC is `crc` (0: none).
uint32_t Crc32c(uint32_t crc, std::string_view bytes);

// RocksDB stores CRCs masked, so that bytes that contain their own CRC stay checkable.
constexpr uint32_t MaskCrc(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace backstep::store
