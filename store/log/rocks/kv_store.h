// The key-value store of one log, on RocksDB. Nothing of RocksDB shows here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/seal_limits.h"

namespace backstep::store {

// Writes that KvStore::Write makes visible together. One thread.
class WriteSet : public KvBatch {
 public:
  WriteSet();
  ~WriteSet() override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  bool empty() const;
  size_t bytes() const;
  void Clear();
  void Swap(WriteSet& other) { impl_.swap(other.impl_); }

 private:
  friend class KvStore;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An open log. Thread-safe, but Write and Close only from one thread. Views may outlive it and
// then answer Unavailable.
class KvStore {
 public:
  // Makes the data files in an existing, empty directory. `bulk`: WriterOptions::bulk.
  // Io: path and reason.
  static Result<std::unique_ptr<KvStore>> Create(const std::string& path, bool bulk = false,
                                                 SealLimits limits = {});
  // Creates and changes no file in `path`. `follow`: its writer may still be at work. What a
  // killed writer left is read up to its last whole write. Another directory may take the place of
  // `path` meanwhile (store/rewrite.h).
  // Incomplete: there are no data yet. Corruption, Io: path and reason.
  static Result<std::unique_ptr<KvStore>> OpenToRead(const std::string& path, bool follow);
  ~KvStore();
  KvStore(const KvStore&) = delete;
  KvStore& operator=(const KvStore&) = delete;

  bool bulk() const;

  // What is in the store now; later writes do not show. For a followed store: as of the last
  // CatchUp, of which there must be none while a view is read.
  std::shared_ptr<KvReader> View() const;

  // Grows with every write that a new view would show.
  uint64_t Sequence() const;

  // Of all keys and values, about; without looking at each.
  uint64_t ContentBytes() const;
  // What keys from the first to before the second take in the tables, compressed, to a block.
  std::vector<uint64_t> TableBytes(
      const std::vector<std::pair<std::string, std::string>>& ranges) const;

  // Follow only: sees what was written since. Unavailable: try again.
  Status CatchUp();

  // Writes the set, all or nothing, and clears it. `durable`: against a power cut too.
  Status Write(WriteSet* set, bool durable);
  // Forces what was written to the disk.
  Status Sync();
  // Moves everything from memory to files and merges these, as far as SealLimits has it. Then
  // closes: views answer Unavailable.
  Status FinishAndClose();

 private:
  struct Impl;
  explicit KvStore(std::shared_ptr<Impl> impl);
  static Result<std::unique_ptr<KvStore>> OpenOnce(const std::string& path, bool follow);
  std::shared_ptr<Impl> impl_;
};

}  // namespace backstep::store
