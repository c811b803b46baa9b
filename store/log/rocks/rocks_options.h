// How we use RocksDB. Private to store/log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "backstep/base/status.h"

namespace backstep::store {

// In which tables can lie; each but the first holds a run of tables that do not overlap.
inline constexpr int kLevels = 24;

// Of zstd where nobody waits but for the whole; without a dictionary, which takes longer to make
// than all else at this level.
inline constexpr int kBulkLevel = 1;

// An Env whose files are readable by their owner alone, whatever the umask. Not `forced`: nothing
// of it is forced to the disk, whoever asks.
std::unique_ptr<rocksdb::Env> OwnerOnlyEnv(bool forced);

// For the one writer; `env` outlives the database. `bulk`: nobody waits for what is written.
rocksdb::Options WriterDbOptions(rocksdb::Env* env, bool bulk);
rocksdb::Options ReaderDbOptions();

// How tables are written to which nothing will be added, of about `content_bytes` of keys and
// values: as RocksDB's SetOptions takes it. zstd at `level`.
std::unordered_map<std::string, std::string> SealedTableOptions(uint64_t content_bytes, int level);

// Removes what says how RocksDB was opened: nobody reads it, and nothing says whether it is
// damaged.
Status DropOptionsFiles(const std::string& path);

// Ours for theirs, with the log's path in front.
Status FromRocks(const std::string& path, const rocksdb::Status& status);

}  // namespace backstep::store
