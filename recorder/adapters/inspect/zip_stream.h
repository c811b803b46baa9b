// The entries of a zip archive one after the other, unpacked, without the archive in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backstep/base/status.h"

namespace backstep::adapters {

class Source;

struct ZipEntry {
  std::string name;
  std::string bytes;
};

// Calls `take` for every file for whose name `wanted` is true; a status of it ends the reading.
// Corruption: the archive is broken, an entry is larger than `entry_max` bytes or all together
// grow beyond what honest archives hold; what came before has been handed over.
Status EachZipEntry(Source& source, uint64_t entry_max,
                    const std::function<bool(const std::string& name)>& wanted,
                    const std::function<Status(ZipEntry entry)>& take);

}  // namespace backstep::adapters
