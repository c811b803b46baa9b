// Writes a log's keys and values anew, into few tables that are compressed tightly.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"

namespace backstep::store {

// What a database holds, in key order.
struct Contents {
  uint64_t keys = 0, bytes = 0;  // of keys and values
  Hash128 hash;
  bool operator==(const Contents&) const = default;
};

// Gets the bytes just dealt with; returning false cancels (Cancelled). Never empty.
using CopyProgress = std::function<bool(uint64_t)>;

// Makes a database in the existing, empty directory `to` with all that `from` holds and `more`,
// whose keys `from` must not have; one bottom level, zstd at `level`, made for about
// `content_bytes` of keys and values. All of it is on the disk when it returns, but for the
// directory's entry in its parent. Corruption: `from` cannot be read. Io: path and reason; what is
// in `to` is then of no use.
Result<Contents> CopyToTables(const KvReader& from, const std::map<std::string, std::string>& more,
                              const std::string& to, uint64_t content_bytes, int level,
                              const CopyProgress& progress);

// Reads all of it.
Result<Contents> ReadContents(const KvReader& from, const CopyProgress& progress);

}  // namespace backstep::store
