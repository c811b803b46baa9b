// Checks what RocksDB reads of a table before it has checked it: the footer, the metaindex and the
// properties. Its packaged build asserts on damage there, and so would end the host.
// Layout: https://github.com/facebook/rocksdb/wiki/Rocksdb-BlockBasedTable-Format, format
// version 5.
#pragma once

#include <string>

#include "backstep/base/status.h"

namespace backstep::store {

// Of every table (*.sst) that a manifest in the folder names. Corruption: which file, and what is
// damaged. Thread-safe.
Status CheckTables(const std::string& folder);

}  // namespace backstep::store
