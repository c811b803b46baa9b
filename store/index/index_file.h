// `index.sqlite` and `index.lock` as files: who may write, how a damaged one is replaced, how to
// read without changing anything. Private header of store/index.
//
// At rest the database is in rollback mode, one file, so that it opens read-only anywhere. While a
// writer has it open it is in WAL mode (index.sqlite-wal, index.sqlite-shm), and a writer that was
// killed leaves those two behind.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backstep/base/status.h"
#include "backstep/store/index/sqlite.h"

namespace backstep::store {

inline constexpr char kIndexName[] = "index.sqlite";
inline constexpr char kIndexLockName[] = "index.lock";

std::string IndexPath(const std::string& recording);

// Held by the index's one writer. Gone with the process, and not inherited over exec.
class IndexLock {
 public:
  // Unavailable: another writer holds it.
  static Result<std::unique_ptr<IndexLock>> Take(const std::string& recording);
  ~IndexLock();
  IndexLock(const IndexLock&) = delete;
  IndexLock& operator=(const IndexLock&) = delete;

 private:
  explicit IndexLock(int fd) : fd_(fd) {}
  int fd_;
};
// Whether some process writes the index right now; takes nothing.
bool IsIndexLocked(const std::string& recording);

struct OpenedIndex {
  std::unique_ptr<Database> db;
  std::string rebuilt;  // why what was there was dropped; empty: it was kept, or there was none
};
// Opens or makes the index for the holder of the lock, tables and all. What cannot be used is
// replaced by an empty index with the annotations that could still be read.
Result<OpenedIndex> OpenIndexToWrite(const std::string& recording);
// Replaces the file by an empty index with the annotations that `old` still gives.
Result<std::unique_ptr<Database>> ReplaceIndex(const std::string& recording,
                                               std::unique_ptr<Database> old);
// Leaves one file in rollback mode behind. Best effort: a reader at work keeps it in WAL mode.
void CloseIndex(std::unique_ptr<Database> db);

// A name for SQLITE_OPEN_URI under which the index can be read while nothing in the recording
// changes, and what must live as long as its reader.
struct ReadableIndex {
  std::string uri;
  std::shared_ptr<void> keep;  // a private copy, where a killed writer left a WAL
};
// nullopt: there is no index.
Result<std::optional<ReadableIndex>> FindReadableIndex(const std::string& recording);

}  // namespace backstep::store
