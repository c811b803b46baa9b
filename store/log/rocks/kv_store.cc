#include "backstep/store/log/rocks/kv_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/rocks/rocks_options.h"
#include "backstep/store/log/rocks/seal_tables.h"
#include "backstep/store/log/rocks/table_check.h"

namespace backstep::store {
namespace {

constexpr int kOpenAttempts = 20;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB wants a directory of its own for a database that follows another.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::error_code error;
    const auto base = std::filesystem::temp_directory_path(error);
    path_ = (error ? std::string("/tmp") : base.string()) + "/backstep-reader-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  // With no place for temporary files we name one that cannot exist; RocksDB 7 never uses it.
  std::string path() const { return path_.empty() ? "/dev/null/backstep" : path_; }

 private:
  std::string path_;
};

// Which directory bears the name right now; 0: none.
ino_t DirectoryAt(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

struct WriteSet::Impl {
  rocksdb::WriteBatch batch;
};

WriteSet::WriteSet() : impl_(std::make_unique<Impl>()) {}
WriteSet::~WriteSet() = default;

// Failure of these is possible only beyond the batch's maximum size, which we do not set.
void WriteSet::Put(std::string_view key, std::string_view value) {
  impl_->batch.Put(ToSlice(key), ToSlice(value)).PermitUncheckedError();
}
void WriteSet::Delete(std::string_view key) {
  impl_->batch.Delete(ToSlice(key)).PermitUncheckedError();
}
bool WriteSet::empty() const { return impl_->batch.Count() == 0; }
size_t WriteSet::bytes() const { return impl_->batch.GetDataSize(); }
void WriteSet::Clear() { impl_->batch.Clear(); }

// Members die in reverse order: the database before its Env and its directory.
struct KvStore::Impl {
  std::string path;
  bool writer = false;
  bool bulk = false;
  SealLimits limits;
  bool follows = false;
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<TemporaryDirectory> follower_files;
  std::unique_ptr<rocksdb::DB> db;

  std::mutex mutex;
  std::condition_variable unpinned;
  int pins = 0;
  bool closed = false;
  std::set<const rocksdb::Snapshot*> snapshots;

  // Writing and syncing the log exclude each other, and neither comes after a failure: RocksDB
  // asserts, and so aborts the host, when a log file that failed is touched again.
  std::mutex log_mutex;
  Status log_failure;

  // The database, which stays open until Unpin; nullptr: closed.
  rocksdb::DB* Pin() {
    std::lock_guard<std::mutex> lock(mutex);
    if (closed) return nullptr;
    ++pins;
    return db.get();
  }
  void Unpin() {
    std::lock_guard<std::mutex> lock(mutex);
    if (--pins == 0) unpinned.notify_all();
  }

  // Waits for the readers at work, then closes.
  Status Close() {
    std::unique_lock<std::mutex> lock(mutex);
    if (closed) return {};
    closed = true;
    unpinned.wait(lock, [this] { return pins == 0; });
    for (const rocksdb::Snapshot* snapshot : snapshots) db->ReleaseSnapshot(snapshot);
    snapshots.clear();
    const rocksdb::Status status = db->Close();
    db.reset();
    return FromRocks(path, status);
  }

  ~Impl() { CloseAnyhow(); }
  // For destructors: what was written is in the WAL, or of a bulk log counts for nothing before it
  // is sealed; so a failure to close loses nothing.
  void CloseAnyhow() { static_cast<void>(Close()); }

  class Pinned;
  class Cursor;
  class StoreView;
};

class KvStore::Impl::Pinned {
 public:
  explicit Pinned(std::shared_ptr<Impl> impl) : impl_(std::move(impl)), db_(impl_->Pin()) {}
  ~Pinned() {
    if (db_ != nullptr) impl_->Unpin();
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  rocksdb::DB* db() const { return db_; }
  Status Closed() const { return Status::Unavailable(impl_->path + ": the log is closed"); }
  const std::string& path() const { return impl_->path; }

 private:
  std::shared_ptr<Impl> impl_;
  rocksdb::DB* db_;
};

class KvStore::Impl::Cursor : public KvCursor {
 public:
  Cursor(std::shared_ptr<Impl> impl, const rocksdb::ReadOptions& options)
      : pinned_(std::move(impl)) {
    if (pinned_.db() != nullptr) iterator_.reset(pinned_.db()->NewIterator(options));
  }
  void Seek(std::string_view key) override {
    if (iterator_) iterator_->Seek(ToSlice(key));
  }
  void SeekForPrev(std::string_view key) override {
    if (iterator_) iterator_->SeekForPrev(ToSlice(key));
  }
  void Next() override {
    if (Valid()) iterator_->Next();
  }
  void Prev() override {
    if (Valid()) iterator_->Prev();
  }
  bool Valid() const override { return iterator_ && iterator_->Valid(); }
  std::string_view key() const override { return ToView(iterator_->key()); }
  std::string_view value() const override { return ToView(iterator_->value()); }
  Status status() const override {
    return iterator_ ? FromRocks(pinned_.path(), iterator_->status()) : pinned_.Closed();
  }

 private:
  Pinned pinned_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class KvStore::Impl::StoreView : public KvReader {
 public:
  StoreView(std::shared_ptr<Impl> impl, const rocksdb::Snapshot* snapshot)
      : impl_(std::move(impl)), snapshot_(snapshot) {
    options_.snapshot = snapshot_;
  }
  ~StoreView() override {
    if (snapshot_ == nullptr) return;
    std::lock_guard<std::mutex> lock(impl_->mutex);
    if (impl_->snapshots.erase(snapshot_) > 0) impl_->db->ReleaseSnapshot(snapshot_);
  }
  Result<std::optional<std::string>> Get(std::string_view key) const override {
    const Pinned pinned(impl_);
    if (pinned.db() == nullptr) return pinned.Closed();
    std::string value;
    const rocksdb::Status status = pinned.db()->Get(options_, ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return FromRocks(impl_->path, status);
    return std::optional<std::string>(std::move(value));
  }
  std::unique_ptr<KvCursor> NewCursor() const override {
    return std::make_unique<Cursor>(impl_, options_);
  }
  std::unique_ptr<KvCursor> NewScanCursor() const override {
    rocksdb::ReadOptions options = options_;
    options.fill_cache = false;
    return std::make_unique<Cursor>(impl_, options);
  }
  bool Fixed() const override { return !impl_->writer && !impl_->follows; }
  std::unique_ptr<KvCursor> NewUncheckedCursor() const override {
    rocksdb::ReadOptions options = options_;
    options.verify_checksums = false;
    return std::make_unique<Cursor>(impl_, options);
  }

 private:
  std::shared_ptr<Impl> impl_;
  const rocksdb::Snapshot* snapshot_;
  rocksdb::ReadOptions options_;
};

KvStore::KvStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

KvStore::~KvStore() {
  impl_->CloseAnyhow();
}

Result<std::unique_ptr<KvStore>> KvStore::Create(const std::string& path, bool bulk,
                                                 SealLimits limits) {
  auto impl = std::make_shared<Impl>();
  impl->path = path;
  impl->writer = true;
  impl->bulk = bulk;
  impl->limits = std::move(limits);
  impl->env = OwnerOnlyEnv(!bulk);
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(WriterDbOptions(impl->env.get(), bulk), path, &db);
  impl->db.reset(db);
  if (!status.ok()) {
    impl->closed = true;
    return FromRocks(path, status);
  }
  BACKSTEP_RETURN_IF_ERROR(DropOptionsFiles(path));
  return std::unique_ptr<KvStore>(new KvStore(std::move(impl)));
}

Result<std::unique_ptr<KvStore>> KvStore::OpenOnce(const std::string& path, bool follow) {
  if (access((path + "/CURRENT").c_str(), F_OK) != 0) {
    return Status::Incomplete(path + ": holds no data: its writer has not begun, or died first");
  }
  BACKSTEP_RETURN_IF_ERROR(CheckDataFiles(path));
  BACKSTEP_RETURN_IF_ERROR(CheckTables(path));
  auto impl = std::make_shared<Impl>();
  impl->path = path;
  impl->follows = follow;
  impl->closed = true;
  if (follow) impl->follower_files = std::make_unique<TemporaryDirectory>();
  rocksdb::Status status;
  // The writer may remove a file between our reading its name and opening it.
  for (int attempt = 0; attempt < (follow ? kOpenAttempts : 1); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(attempt));
    rocksdb::DB* db = nullptr;
    status = follow ? rocksdb::DB::OpenAsSecondary(ReaderDbOptions(), path,
                                                   impl->follower_files->path(), &db)
                    : rocksdb::DB::OpenForReadOnly(ReaderDbOptions(), path, &db);
    impl->db.reset(db);
    if (status.ok()) break;
  }
  if (!status.ok()) return FromRocks(path, status);
  impl->closed = false;
  return std::unique_ptr<KvStore>(new KvStore(std::move(impl)));
}

Result<std::unique_ptr<KvStore>> KvStore::OpenToRead(const std::string& path, bool follow) {
  for (int attempt = 1;; ++attempt) {
    const ino_t directory = DirectoryAt(path);
    auto opened = OpenOnce(path, follow);
    // Of a log that was rewritten meanwhile it may have opened files of both.
    if (attempt == kOpenAttempts || DirectoryAt(path) == directory) return opened;
  }
}

std::shared_ptr<KvReader> KvStore::View() const {
  const rocksdb::Snapshot* snapshot = nullptr;
  if (impl_->writer) {
    std::lock_guard<std::mutex> lock(impl_->mutex);
    if (!impl_->closed) {
      snapshot = impl_->db->GetSnapshot();
      impl_->snapshots.insert(snapshot);
    }
  }
  return std::make_shared<Impl::StoreView>(impl_, snapshot);
}

bool KvStore::bulk() const { return impl_->bulk; }

uint64_t KvStore::Sequence() const {
  const Impl::Pinned pinned(impl_);
  return pinned.db() == nullptr ? 0 : pinned.db()->GetLatestSequenceNumber();
}

uint64_t KvStore::ContentBytes() const {
  const Impl::Pinned pinned(impl_);
  return pinned.db() == nullptr ? 0 : ContentBytesOf(pinned.db());
}

std::vector<uint64_t> KvStore::TableBytes(
    const std::vector<std::pair<std::string, std::string>>& ranges) const {
  std::vector<uint64_t> bytes(ranges.size());
  const Impl::Pinned pinned(impl_);
  if (pinned.db() == nullptr || ranges.empty()) return bytes;
  std::vector<rocksdb::Range> asked;
  for (const auto& [from, to] : ranges) asked.emplace_back(ToSlice(from), ToSlice(to));
  pinned.db()->GetApproximateSizes(asked.data(), static_cast<int>(asked.size()), bytes.data());
  return bytes;
}

Status KvStore::CatchUp() {
  if (!impl_->follows) return {};
  const Impl::Pinned pinned(impl_);
  if (pinned.db() == nullptr) return pinned.Closed();
  rocksdb::Status status;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(attempt));
    status = pinned.db()->TryCatchUpWithPrimary();
    if (status.ok()) return {};
  }
  return Status::Unavailable(FromRocks(impl_->path, status).message());
}

Status KvStore::Write(WriteSet* set, bool durable) {
  const Impl::Pinned pinned(impl_);
  if (pinned.db() == nullptr) return pinned.Closed();
  std::lock_guard<std::mutex> lock(impl_->log_mutex);
  if (!impl_->log_failure.ok()) return impl_->log_failure;
  rocksdb::WriteOptions options;
  options.sync = durable && !impl_->bulk;
  options.disableWAL = impl_->bulk;
  const rocksdb::Status status = pinned.db()->Write(options, &set->impl_->batch);
  impl_->log_failure = FromRocks(impl_->path, status);
  if (status.ok()) set->Clear();
  return impl_->log_failure;
}

Status KvStore::Sync() {
  const Impl::Pinned pinned(impl_);
  if (pinned.db() == nullptr) return pinned.Closed();
  std::lock_guard<std::mutex> lock(impl_->log_mutex);
  if (!impl_->log_failure.ok()) return impl_->log_failure;
  impl_->log_failure = FromRocks(impl_->path, pinned.db()->SyncWAL());
  return impl_->log_failure;
}

Status KvStore::FinishAndClose() {
  {
    const Impl::Pinned pinned(impl_);
    if (pinned.db() == nullptr) return pinned.Closed();
    std::lock_guard<std::mutex> lock(impl_->log_mutex);
    if (!impl_->log_failure.ok()) return impl_->log_failure;
    BACKSTEP_RETURN_IF_ERROR(SealTables(impl_->path, pinned.db(), impl_->bulk, impl_->limits));
  }
  BACKSTEP_RETURN_IF_ERROR(impl_->Close());
  return DropOptionsFiles(impl_->path);
}

}  // namespace backstep::store
