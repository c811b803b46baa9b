// The files beside the data of one log, `logs/<n>/lock` and `logs/<n>/seal`, and where logs lie.
//
// lock: empty. Its writer holds an open-file-description write lock (fcntl F_OFD_SETLK) on it for
// as long as it lives. Readers ask with F_OFD_GETLK and never take it.
// seal: text, written when the log is closed in good order, never changed:
//   NAME SIZE HASH        one line per file but lock and seal, by name; XXH3-128, 32 hex digits
//   seal HASH             of the bytes of the lines above
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/ids.h"
#include "backstep/base/status.h"

namespace backstep::store {

inline constexpr char kLogsName[] = "logs";
inline constexpr char kLockName[] = "lock";
inline constexpr char kSealName[] = "seal";

std::string LogsPath(const std::string& recording);
std::string LogPath(const std::string& recording, LogId log);

// The number a directory name under logs/ stands for; 0: it is no log.
LogId ParseLogName(const std::string& name);

// Names every log directory of the recording, by id. A recording without logs/ has none.
Result<std::vector<LogId>> ListLogs(const std::string& recording);

// Claims the next free number by exclusive mkdir. Numbers of deleted logs are not given again.
Result<LogId> ClaimLog(const std::string& recording);
// Claims a number. InvalidArgument: it is taken.
Result<LogId> TakeLog(const std::string& recording, LogId number);

// Takes a number for a log that is written elsewhere: of nothing that a listing shows.
Result<LogId> ReserveLog(const std::string& recording);
// Gives a log that was written elsewhere, on the same file system, its place in the recording that
// had reserved its number. Unavailable: another has taken the number. Io: path and reason.
Status AdoptLog(const std::string& recording, LogId reserved, const std::string& from);
// Gives a reserved number back.
void DropReserved(const std::string& recording, LogId reserved);

// Removes a log's files; its number stays taken. Io: path and reason.
Status RemoveLog(const std::string& recording, LogId log);

// Held by a log's writer for its life. Released when destroyed, or when the process dies.
class WriterLock {
 public:
  // Unavailable: another writer holds it.
  static Result<std::unique_ptr<WriterLock>> Take(const std::string& log_path);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  explicit WriterLock(int fd) : fd_(fd) {}
  int fd_;
};

// Corruption: what has the name of a data file in the log's directory is a pipe, a device or a
// directory, and opening it might never return (named). A file that has just gone is no failure.
Status CheckDataFiles(const std::string& log_path);

// Whether a writer holds the log's lock. NotFound: it has no lock file (yet).
Result<bool> IsLocked(const std::string& log_path);

struct SealedFile {
  std::string name;
  uint64_t size = 0;
  Hash128 hash;
};

// Hashes every file of the log and writes the seal. `forced`: as CreateFileWhole.
Status WriteSeal(const std::string& log_path, bool forced = true);
bool IsSealed(const std::string& log_path);
// What the seal says. NotFound: no seal. Corruption: damaged. It does not look at the files.
Result<std::vector<SealedFile>> ReadSeal(const std::string& log_path);

}  // namespace backstep::store
