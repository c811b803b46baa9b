// Checks the files of one log as RocksDB knows them, without changing any: CURRENT, IDENTITY, the
// manifest, the write-ahead logs, the tables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::store {

struct FileFinding {
  std::string file;   // its name within the log's directory; may be empty
  std::string what;
};

// `being_written`: its writer is at work, so that an unfinished end of a file, and a table that is
// gone, are no findings. `progress` gets the bytes just checked; returning false cancels.
// Fails (Io, Cancelled) only when nothing could be looked at; damage is a finding.
Result<std::vector<FileFinding>> CheckDatabase(const std::string& path, bool being_written,
                                               const std::function<bool(uint64_t)>& progress);

}  // namespace backstep::store
