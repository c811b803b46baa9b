#include "backstep/store/log/rocks/seal_tables.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include "backstep/store/log/rocks/rocks_options.h"

namespace backstep::store {
namespace {

// Of keys and values.
constexpr uint64_t kTinyContentBytes = 32 << 20;
constexpr uint64_t kSmallContentBytes = 96 << 20;
// Level 6 takes 5 % off a conversation and reads as fast, but compresses at a third of the speed;
// 9 takes another percent, for which nobody waits long in a log so small.
constexpr int kTinyLevel = 9, kSmallLevel = 6, kLevel = 3;
constexpr int kMergeAttempts = 300;
constexpr auto kMergeWait = std::chrono::milliseconds(100);

// Fresh tables are not compressed. Merges them into those that are; what a merge in the background
// has taken already it leaves to that.
Status MergeFresh(const std::string& path, rocksdb::DB* db) {
  rocksdb::Status status;
  for (int attempt = 0; attempt < kMergeAttempts; ++attempt) {
    rocksdb::ColumnFamilyMetaData meta;
    db->GetColumnFamilyMetaData(&meta);
    std::vector<std::string> fresh;
    bool busy = false;
    for (const rocksdb::SstFileMetaData& file : meta.levels[0].files) {
      fresh.push_back(file.name);
      busy = busy || file.being_compacted;
    }
    if (fresh.empty()) return {};
    if (!busy) {
      rocksdb::CompactionOptions options;
      options.compression = rocksdb::kDisableCompressionOption;  // that of the level
      status = db->CompactFiles(options, fresh, 1);
      if (!status.IsAborted()) return FromRocks(path, status);
    }
    std::this_thread::sleep_for(kMergeWait);
  }
  return {};  // larger than need be, and whole
}

// On the file system of a directory, for us; what it does not tell counts as enough.
uint64_t FreeBytes(const std::string& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path, error);
  return error ? UINT64_MAX : space.available;
}

// Packs what is still to be written tightly, and what is merged after it.
Status PackTightly(const std::string& path, rocksdb::DB* db, bool bulk) {
  const uint64_t content = ContentBytesOf(db);
  const int level = bulk                            ? kBulkLevel
                    : content <= kTinyContentBytes  ? kTinyLevel
                    : content <= kSmallContentBytes ? kSmallLevel
                                                    : kLevel;
  return FromRocks(path, db->SetOptions(SealedTableOptions(content, level)));
}

uint64_t BytesOfTables(rocksdb::DB* db) {
  uint64_t bytes = 0;
  db->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
  return bytes;
}

// Whether a log whose tables take `bytes` is made one run.
bool IsMerged(const std::string& path, uint64_t bytes, const SealLimits& limits) {
  if (bytes > limits.merged_bytes) return false;
  if (bytes <= limits.tight_bytes) return true;
  return (limits.free_bytes ? limits.free_bytes(path) : FreeBytes(path)) >= 2 * bytes;
}

// True once so long has passed, unless it is gone before.
class Alarm {
 public:
  explicit Alarm(DurationNs after)
      : thread_([this, after](std::stop_token stop) {
          std::unique_lock<std::mutex> lock(mutex_);
          const auto long_ago = std::chrono::nanoseconds(after.ns);
          rang_ = !stopped_.wait_for(lock, stop, long_ago, [&] { return stop.stop_requested(); });
        }) {}
  std::atomic<bool>* rang() { return &rang_; }

 private:
  std::atomic<bool> rang_{false};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // the last: it uses the others
};

// All tables into one run, or what is fresh alone where that takes too long.
Status MergeAll(const std::string& path, rocksdb::DB* db, DurationNs merge_max) {
  if (merge_max.ns <= 0) return MergeFresh(path, db);
  rocksdb::CompactRangeOptions options;
  std::optional<Alarm> alarm;
  if (merge_max.ns < kUnlimitedMerge.ns) {
    try {
      alarm.emplace(merge_max);
    } catch (const std::system_error&) {  // no thread to be had
      return MergeFresh(path, db);
    }
    options.canceled = alarm->rang();
  }
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.max_subcompactions = 2;
  const rocksdb::Status status = db->CompactRange(options, nullptr, nullptr);
  return status.IsIncomplete() ? MergeFresh(path, db) : FromRocks(path, status);
}

}  // namespace

uint64_t ContentBytesOf(rocksdb::DB* db) {
  rocksdb::TablePropertiesCollection tables;
  uint64_t bytes = 0;
  db->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  if (!db->GetPropertiesOfAllTables(&tables).ok()) return bytes;
  for (const auto& [name, table] : tables) bytes += table->raw_key_size + table->raw_value_size;
  return bytes;
}

Status SealTables(const std::string& path, rocksdb::DB* db, bool bulk,
                  const SealLimits& limits) {
  // What is all in memory yet need not be written loosely first. A merge takes 5 % off such a
  // table, though (it drops the order of writing), for which an import does not wait.
  const bool fresh = bulk && BytesOfTables(db) == 0;
  if (fresh) BACKSTEP_RETURN_IF_ERROR(PackTightly(path, db, bulk));
  BACKSTEP_RETURN_IF_ERROR(FromRocks(path, db->Flush(rocksdb::FlushOptions())));
  rocksdb::ColumnFamilyMetaData meta;
  db->GetColumnFamilyMetaData(&meta);
  if (fresh && meta.file_count <= 1) return {};
  const uint64_t bytes = BytesOfTables(db);
  if (!IsMerged(path, bytes, limits)) return MergeFresh(path, db);
  if (bytes <= limits.tight_bytes) BACKSTEP_RETURN_IF_ERROR(PackTightly(path, db, bulk));
  return MergeAll(path, db, limits.merge_max);
}

}  // namespace backstep::store
