// Walks the record files of RocksDB (write-ahead logs NNNNNN.log and MANIFEST-NNNNNN) and checks
// every byte of them. RocksDB itself stops in silence at the first thing that does not fit.
//
// A file is a row of blocks of 32 KiB, a block a row of physical records, what is left at its end
// (less than a header) is zero. A physical record:
//   0  crc     uint32 LE, masked CRC-32C of all that follows but `size`
//   4  size    uint16 LE, bytes of payload
//   6  type    1 full, 2 first, 3 middle, 4 last; 5..8 the same, recyclable; 9.. of the file
//   7  log     uint32 LE, recyclable types only
//   ...        payload
// A logical record is a full one, or the payloads of a first, middle... and last.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "backstep/base/status.h"

namespace backstep::store {

struct RecordFileReport {
  uint64_t records = 0;      // logical ones
  uint64_t damaged_at = 0;   // offset of the first thing that does not fit
  std::string damage;        // what it is; empty: every byte is as it was written
  // The file ends within a record, and nothing says that it is other than a write that never
  // finished. `damage` says so too.
  bool torn = false;
};

// Calls `visit` for every logical record in front of the damage until it returns false. `progress`
// (may be empty) gets the bytes just read; returning false cancels (Cancelled).
// NotFound: no such file. Io: path and reason.
Result<RecordFileReport> WalkRecordFile(const std::string& path,
                                        const std::function<bool(std::string_view)>& visit,
                                        const std::function<bool(uint64_t)>& progress);

}  // namespace backstep::store
