#include "backstep/store/log/rocks/rocks_options.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/file_system.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "backstep/store/format/files.h"

namespace backstep::store {
namespace {

// From so much content on a dictionary of texts that come again takes more off a table than it adds
// to it: 7 % off a long conversation. Blocks can then be small, and a reader of a few bytes in each
// decompresses less; without one they are large, for a reader soon has the whole log in its cache.
// A dictionary is made of samples of 30 times its size; more take longer and give a percent.
constexpr uint64_t kDictionaryContentBytes = 16 << 20;
constexpr uint64_t kDictionaryBytesMax = 112 << 10;
constexpr uint64_t kContentPerDictionaryByte = 384;
constexpr uint64_t kSamplesPerDictionaryByte = 30;
constexpr uint64_t kSampledBytesMax = 16 << 20;  // held in memory until it is made
// Each block costs the dictionary's tables once more: smaller ones read slower, byte for byte.
constexpr uint64_t kDictionaryBlockBytes = 32 << 10;
constexpr uint64_t kTinyLogBlockBytes = 256 << 10;
constexpr uint64_t kOpenBlockBytes = 32 << 10;
constexpr int kSealedRestartInterval = 32;

// Most logs that are written in bulk are smaller than this, and so written once.
constexpr size_t kBulkBufferBytes = 32 << 20;

// Of blocks that were read, decompressed.
constexpr size_t kWriterCacheBytes = 32 << 20;
constexpr size_t kReaderCacheBytes = 64 << 20;

constexpr size_t kHintPrefixBytes = 1 + 4;  // tag and agent: store/format/keys.h

// Without one of our own RocksDB writes a LOG file beside the data.
class SilentLogger : public rocksdb::Logger {
 public:
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::NUM_INFO_LOG_LEVELS) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class UnforcedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using rocksdb::FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus RangeSync(uint64_t, uint64_t, const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
};

class UnforcedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  using rocksdb::FSDirectoryWrapper::FSDirectoryWrapper;
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions&, rocksdb::IODebugContext*,
                                        const rocksdb::DirFsyncOptions&) override {
    return rocksdb::IOStatus::OK();
  }
};

class OwnerOnlyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit OwnerOnlyFileSystem(bool forced)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), forced_(forced) {}
  const char* Name() const override { return "BackstepOwnerOnly"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    auto made = Restrict(path, FileSystemWrapper::NewWritableFile(path, options, file, debug));
    if (made.ok() && !forced_) *file = std::make_unique<UnforcedFile>(std::move(*file));
    return made;
  }
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override {
    auto opened = FileSystemWrapper::NewDirectory(path, options, directory, debug);
    if (opened.ok() && !forced_) {
      *directory = std::make_unique<UnforcedDirectory>(std::move(*directory));
    }
    return opened;
  }
  rocksdb::IOStatus ReopenWritableFile(const std::string& path,
                                       const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override {
    return Restrict(path, FileSystemWrapper::ReopenWritableFile(path, options, file, debug));
  }
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override {
    return Restrict(path, FileSystemWrapper::LockFile(path, options, lock, debug));
  }

 private:
  static rocksdb::IOStatus Restrict(const std::string& path, rocksdb::IOStatus status) {
    if (status.ok() && chmod(path.c_str(), kFileMode) != 0) {
      return rocksdb::IOStatus::IOError("cannot set the mode", path);
    }
    return status;
  }

  const bool forced_;
};

rocksdb::Options CommonOptions(size_t cache_bytes) {
  rocksdb::Options options;
  options.num_levels = kLevels;
  options.info_log = std::make_shared<SilentLogger>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.compression = rocksdb::kZSTD;
  options.compression_opts.level = 1;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // Keys of one tag and agent ascend: each goes in where the one before it did. A reader of a log
  // that is not sealed fills such tables too.
  options.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(kHintPrefixBytes));
  rocksdb::BlockBasedTableOptions table;
  table.block_size = kOpenBlockBytes;
  table.checksum = rocksdb::kCRC32c;  // table_check.cc checks it too
  table.enable_index_compression = false;  // all of it is read when a log is opened
  table.block_cache = rocksdb::NewLRUCache(cache_bytes);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

std::unique_ptr<rocksdb::Env> OwnerOnlyEnv(bool forced) {
  return rocksdb::NewCompositeEnv(std::make_shared<OwnerOnlyFileSystem>(forced));
}

rocksdb::Options WriterDbOptions(rocksdb::Env* env, bool bulk) {
  rocksdb::Options options = CommonOptions(kWriterCacheBytes);
  options.env = env;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.max_background_jobs = 2;
  options.write_buffer_size = bulk ? kBulkBufferBytes : 16 << 20;
  options.max_write_buffer_number = bulk ? 2 : 4;
  // Fresh tables are not compressed: they are compressed when they are merged, at the latest when
  // the log is sealed, and a recorder has other use for its processor.
  options.compression_per_level.assign(static_cast<size_t>(options.num_levels), rocksdb::kZSTD);
  options.compression_per_level[0] = rocksdb::kNoCompression;
  options.level0_file_num_compaction_trigger = 24;
  options.level0_slowdown_writes_trigger = 48;
  options.level0_stop_writes_trigger = 64;
  options.target_file_size_base = 64 << 20;
  // Tables are merged with others of about their size, and so each byte seldom: once in a log of
  // 2 GB, and when it is sealed. Levels of which each is ten times the one above compressed it five
  // times, for as long as the program ran.
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  auto& merging = options.compaction_options_universal;
  merging.stop_style = rocksdb::kCompactionStopStyleSimilarSize;
  merging.size_ratio = 100;  // percent that they may differ
  merging.min_merge_width = 6;
  merging.max_size_amplification_percent = 1 << 20;  // hardly anything is written twice
  options.max_total_wal_size = 32 << 20;
  options.keep_log_file_num = 1;
  // What failed once (a full disk) stays failed: the log ends there, whole.
  options.max_bgerror_resume_count = 0;
  // Preallocated blocks would stay behind in the log of a killed writer.
  options.allow_fallocate = false;
  // So that every byte of every data file, footers and IDENTITY included, can be verified also in
  // a log that was never sealed.
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.write_dbid_to_manifest = true;
  options.max_manifest_file_size = 4 << 20;
  return options;
}

rocksdb::Options ReaderDbOptions() {
  rocksdb::Options options = CommonOptions(kReaderCacheBytes);
  options.create_if_missing = false;
  // A file the writer has merged away must stay readable, so all are kept open.
  options.max_open_files = -1;
  options.skip_stats_update_on_db_open = true;
  options.skip_checking_sst_file_sizes_on_db_open = true;
  return options;
}

std::unordered_map<std::string, std::string> SealedTableOptions(uint64_t content_bytes,
                                                                int level) {
  const bool large = content_bytes >= kDictionaryContentBytes;
  const bool trained = large && level != kBulkLevel;
  const uint64_t dictionary =
      trained ? std::min(content_bytes / kContentPerDictionaryByte, kDictionaryBytesMax) : 0;
  std::string compression = "{level=" + std::to_string(level) + ";enabled=true";
  if (trained) {
    compression += ";max_dict_bytes=" + std::to_string(dictionary) + ";zstd_max_train_bytes=" +
                   std::to_string(kSamplesPerDictionaryByte * dictionary) +
                   ";max_dict_buffer_bytes=" + std::to_string(kSampledBytesMax);
  }
  compression += ";}";
  return {{"compression_per_level", "kZSTD"},
          {"compression_opts", compression},
          {"bottommost_compression", "kZSTD"},
          {"bottommost_compression_opts", compression},
          {"block_based_table_factory",
           "{block_size=" + std::to_string(large ? kDictionaryBlockBytes : kTinyLogBlockBytes) +
               ";block_restart_interval=" + std::to_string(kSealedRestartInterval) + ";}"}};
}

Status DropOptionsFiles(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(path));
  for (const std::string& name : names) {
    if (name.starts_with("OPTIONS-")) unlink((path + "/" + name).c_str());
  }
  return {};
}

Status FromRocks(const std::string& path, const rocksdb::Status& status) {
  if (status.ok()) return {};
  const std::string message = path + ": " + status.ToString();
  if (status.IsCorruption() || status.IsNotFound()) return Status::Corruption(message);
  if (status.IsPathNotFound()) return Status::Corruption(message + " (a data file is missing)");
  if (status.IsTryAgain() || status.IsBusy()) return Status::Unavailable(message);
  if (status.IsNoSpace()) return Status::Io(path + ": the disk is full: " + status.ToString());
  return Status::Io(message);
}

}  // namespace backstep::store
