#include "backstep/store/index/index_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "backstep/store/format/files.h"
#include "backstep/store/index/schema.h"

namespace backstep::store {
namespace {

constexpr char kWalSuffix[] = "-wal";
constexpr char kSharedMemorySuffix[] = "-shm";

bool AskLock(int fd, int command, struct flock* range) {
  *range = {};
  range->l_type = F_WRLCK;
  range->l_whence = SEEK_SET;
  return fcntl(fd, command, range) == 0;
}

uint64_t FileSize(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// SQLite gives its side files the mode of the database.
Status MakeOwnerOnly(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (fd < 0) return IoError(path, "cannot open", errno);
  const int failed = fchmod(fd, kFileMode);
  const int error_number = errno;
  close(fd);
  return failed == 0 ? Status() : IoError(path, "cannot set its mode", error_number);
}

Result<std::unique_ptr<Database>> OpenPrepared(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(auto db, Database::Open(path, SQLITE_OPEN_READWRITE));
  BACKSTEP_RETURN_IF_ERROR(
      db->Exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
               "PRAGMA wal_autocheckpoint=16384; PRAGMA cache_size=-16384"));
  return db;
}

bool IsEmpty(Database& db) {
  const auto count = db.Query("SELECT count(*) FROM sqlite_schema");
  return count.ok() && *count == std::string("0");
}

Status FillNew(Database& db) {
  BACKSTEP_RETURN_IF_ERROR(db.Exec("BEGIN IMMEDIATE"));
  BACKSTEP_RETURN_IF_ERROR(CreateTables(db));
  BACKSTEP_RETURN_IF_ERROR(CreateSecondaryIndexes(db));
  return db.Exec("COMMIT");
}

// Copies what can be read, row by row; damage ends the copy and not the rebuild.
void CopyAnnotations(Database& from, Database& to) {
  const std::string columns = "id, log, step, agent, message, author, text, created_wall_ns";
  Result<Statement> rows = from.Prepare("SELECT " + columns + " FROM annotations");
  Result<Statement> insert =
      to.Prepare("INSERT INTO annotations (" + columns + ") VALUES (?,?,?,?,?,?,?,?)");
  if (!rows.ok() || !insert.ok()) return;
  constexpr int kColumns = 8;
  while (true) {
    const Result<bool> more = rows->Next();
    if (!more.ok() || !*more) return;
    for (int i = 0; i < kColumns; ++i) insert->AddValue(rows->Value(i));
    if (!insert->Run().ok()) continue;
  }
}

std::string EscapeForUri(const std::string& path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x21 || byte > 0x7e || c == '%' || c == '?' || c == '#') {
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      escaped += c;
    }
  }
  return escaped;
}

Result<ReadableIndex> CopyIndex(const std::string& path) {
  std::error_code error;
  std::string pattern =
      (std::filesystem::temp_directory_path(error) / "backstep-index-XXXXXX").string();
  if (error || mkdtemp(pattern.data()) == nullptr) return IoError(pattern, "cannot create", errno);
  std::shared_ptr<void> keep(nullptr, [pattern](void*) {
    std::error_code ignored;
    std::filesystem::remove_all(pattern, ignored);
  });
  const std::string copy = pattern + "/" + kIndexName;
  for (const char* suffix : {"", kWalSuffix}) {
    std::filesystem::copy_file(path + suffix, copy + suffix, error);
    if (error) return IoError(path + suffix, "cannot copy", error.value());
    std::filesystem::permissions(copy + suffix, std::filesystem::perms(kFileMode), error);
  }
  return ReadableIndex{"file:" + EscapeForUri(copy), std::move(keep)};
}

}  // namespace

std::string IndexPath(const std::string& recording) { return recording + "/" + kIndexName; }

Result<std::unique_ptr<IndexLock>> IndexLock::Take(const std::string& recording) {
  const std::string path = recording + "/" + kIndexLockName;
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (fd < 0) return IoError(path, "cannot open", errno);
  std::unique_ptr<IndexLock> lock(new IndexLock(fd));
  struct flock range;
  if (!AskLock(fd, F_OFD_SETLK, &range)) {
    if (errno == EAGAIN || errno == EACCES) {
      return Status::Unavailable(recording + ": another process is writing the index");
    }
    return IoError(path, "cannot lock", errno);
  }
  return lock;
}

IndexLock::~IndexLock() { close(fd_); }

bool IsIndexLocked(const std::string& recording) {
  const std::string path = recording + "/" + kIndexLockName;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  struct flock range;
  const bool asked = AskLock(fd, F_OFD_GETLK, &range);
  close(fd);
  return asked && range.l_type != F_UNLCK;
}

Result<OpenedIndex> OpenIndexToWrite(const std::string& recording) {
  const std::string path = IndexPath(recording);
  const bool existed = FileSize(path) > 0;
  BACKSTEP_RETURN_IF_ERROR(MakeOwnerOnly(path));
  Result<std::unique_ptr<Database>> opened = OpenPrepared(path);
  Status usable = opened.status();
  if (usable.ok() && !existed && IsEmpty(**opened)) usable = FillNew(**opened);
  if (usable.ok()) usable = CheckSchema(**opened);
  if (usable.ok()) return OpenedIndex{std::move(opened).value(), ""};
  if (usable.code() != StatusCode::kCorruption) return usable;
  std::unique_ptr<Database> old;
  if (opened.ok()) old = std::move(opened).value();
  BACKSTEP_ASSIGN_OR_RETURN(auto fresh, ReplaceIndex(recording, std::move(old)));
  return OpenedIndex{std::move(fresh), usable.message()};
}

Result<std::unique_ptr<Database>> ReplaceIndex(const std::string& recording,
                                               std::unique_ptr<Database> old) {
  const std::string path = IndexPath(recording);
  const std::string fresh = path + ".new";
  for (const char* suffix : {"", kWalSuffix, kSharedMemorySuffix}) unlink((fresh + suffix).c_str());
  BACKSTEP_RETURN_IF_ERROR(MakeOwnerOnly(fresh));
  {
    BACKSTEP_ASSIGN_OR_RETURN(auto db, Database::Open(fresh, SQLITE_OPEN_READWRITE));
    BACKSTEP_RETURN_IF_ERROR(FillNew(*db));
    if (old != nullptr) {
      CopyAnnotations(*old, *db);
    }
  }
  old.reset();
  // A WAL of the old file must never meet the new one, so it goes first.
  for (const char* suffix : {kWalSuffix, kSharedMemorySuffix}) {
    if (unlink((path + suffix).c_str()) != 0 && errno != ENOENT) {
      return IoError(path + suffix, "cannot remove", errno);
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return IoError(path, "cannot replace", errno);
  return OpenPrepared(path);
}

void CloseIndex(std::unique_ptr<Database> db) {
  if (db == nullptr) return;
  const Status ignored = db->Exec("PRAGMA busy_timeout=0; PRAGMA journal_mode=DELETE");
  (void)ignored;
}

Result<std::optional<ReadableIndex>> FindReadableIndex(const std::string& recording) {
  const std::string path = IndexPath(recording);
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<ReadableIndex>();
    return IoError(path, "cannot look at it", errno);
  }
  if (!S_ISREG(info.st_mode)) return Status::Corruption(path + ": not a regular file");
  const std::string uri = "file:" + EscapeForUri(path);
  const auto live = [&] {
    return std::optional(ReadableIndex{uri + "?mode=ro&readonly_shm=1", nullptr});
  };
  if (IsIndexLocked(recording)) return live();
  if (FileSize(path + kWalSuffix) == 0) {
    return std::optional(ReadableIndex{uri + "?mode=ro&immutable=1", nullptr});
  }
  Result<ReadableIndex> copy = CopyIndex(path);
  // A writer that began in the middle of the copy makes it worthless, and itself the way to read.
  if (IsIndexLocked(recording)) return live();
  if (!copy.ok()) return copy.status();
  return std::optional(std::move(copy).value());
}

}  // namespace backstep::store
