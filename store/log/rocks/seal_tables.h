// How the tables of a log are left when nothing will be added to it.
#pragma once

#include <cstdint>
#include <string>

#include <rocksdb/db.h>

#include "backstep/base/status.h"
#include "backstep/store/seal_limits.h"

namespace backstep::store {

// Of all keys and values, about, those in memory too.
uint64_t ContentBytesOf(rocksdb::DB* db);

// Moves everything from memory to tables and merges them, as far as `limits` has it. `path`: the
// log's folder. `bulk`: WriterOptions::bulk. Nothing else writes meanwhile. Io: path and reason.
Status SealTables(const std::string& path, rocksdb::DB* db, bool bulk, const SealLimits& limits);

}  // namespace backstep::store
