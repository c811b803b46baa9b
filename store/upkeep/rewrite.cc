#include "backstep/store/rewrite.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <string>

#include "backstep/base/paths.h"
#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/cut_off_file.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/line_reader.h"
#include "backstep/store/log/rocks/database_check.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log/rocks/table_copy.h"

namespace backstep::store {
namespace {

// What nobody waits for at the end of a run: about 5 % off what the seal leaves. Levels above it
// take several times as long for a percent more.
constexpr int kTightLevel = 9;
constexpr char kRewritingSuffix[] = ".rewriting";
constexpr uint64_t kCutOffBytesMax = 1 << 20;

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  const auto names = ListDirectory(folder);
  if (!names.ok()) return 0;
  for (const std::string& name : *names) {
    struct stat info {};
    if (lstat((folder + "/" + name).c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      bytes += static_cast<uint64_t>(info.st_size);
    }
  }
  return bytes;
}

Status RemoveFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? IoError(path, "cannot remove", error.value()) : Status();
}

// The directory in which a log is written anew; gone with what is in it unless the exchange was.
class NewFolder {
 public:
  explicit NewFolder(const std::string& log_path) : path_(log_path + kRewritingSuffix) {}
  ~NewFolder() {
    // What cannot be removed is in nobody's way; the next rewrite tells it.
    if (made_) static_cast<void>(RemoveFolder(path_));
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  // Only under the log's lock: what a killed rewrite left is removed.
  Status Make() {
    BACKSTEP_RETURN_IF_ERROR(RemoveFolder(path_));
    BACKSTEP_ASSIGN_OR_RETURN(made_, MakeDirectory(path_));
    return made_ ? Status() : Status::Io(path_ + ": somebody else made it just now");
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  bool made_ = false;
};

class Rewrite {
 public:
  Rewrite(const std::string& log_path, const RewriteProgress& progress)
      : path_(log_path), folder_(log_path), progress_(progress) {}

  // Keeps others from rewriting it, also those that come after the exchange.
  Status Lock() {
    // Said before the lock is made: it would be the first thing that cannot be.
    if (access(path_.c_str(), W_OK) != 0) return NotWritable(errno);
    const Status taken = TakeLock(path_, &lock_);
    if (taken.code() != StatusCode::kUnavailable) return taken;
    return Status::Unavailable(path_ + ": its program has not let go of it yet, or another process "
                                       "writes it anew");
  }

  Result<Rewritten> Run(const std::map<std::string, std::string>& more, bool only_if_smaller) {
    Rewritten result;
    result.bytes_before = result.bytes_after = BytesIn(path_);
    BACKSTEP_RETURN_IF_ERROR(folder_.Make());
    BACKSTEP_RETURN_IF_ERROR(TakeLock(folder_.path(), &new_lock_));
    BACKSTEP_RETURN_IF_ERROR(Copy(more));
    BACKSTEP_RETURN_IF_ERROR(KeepCutOff());
    BACKSTEP_RETURN_IF_ERROR(WriteSeal(folder_.path()));
    const uint64_t bytes = BytesIn(folder_.path());
    if (only_if_smaller && bytes >= result.bytes_before) return result;
    if (!Advance(0)) return Status::Cancelled("cancelled; the log is as it was");
    BACKSTEP_RETURN_IF_ERROR(Exchange());
    static_cast<void>(Advance(0));
    result.bytes_after = bytes;
    result.replaced = true;
    return result;
  }

 private:
  static Status TakeLock(const std::string& path, std::unique_ptr<WriterLock>* lock) {
    auto taken = WriterLock::Take(path);
    if (!taken.ok()) return taken.status();
    *lock = std::move(taken).value();
    return {};
  }
  Status NotWritable(int error_number) const {
    return IoError(path_, "cannot be changed (copy the recording to where it can be)",
                   error_number);
  }
  bool Advance(uint64_t bytes) {
    done_ = std::min(done_ + bytes, total_);
    return !progress_ || progress_(done_, total_);
  }

  // Reads back what it wrote: nothing takes a log's place that does not hold what the log held.
  Status Copy(const std::map<std::string, std::string>& more) {
    const CopyProgress advance = [this](uint64_t bytes) { return Advance(bytes); };
    Contents written;
    {
      BACKSTEP_ASSIGN_OR_RETURN(const auto store, KvStore::OpenToRead(path_, false));
      const uint64_t content = store->ContentBytes();
      total_ = 2 * content;
      BACKSTEP_ASSIGN_OR_RETURN(
          written,
          CopyToTables(*store->View(), more, folder_.path(), content, kTightLevel, advance));
    }
    BACKSTEP_ASSIGN_OR_RETURN(const auto store, KvStore::OpenToRead(folder_.path(), false));
    BACKSTEP_ASSIGN_OR_RETURN(const Contents read, ReadContents(*store->View(), advance));
    if (read == written) return {};
    return Status::Io(folder_.path() + ": what was written does not read back as it was; the log "
                                       "is as it was");
  }

  Status KeepCutOff() {
    const auto text = ReadFile(path_ + "/" + kCutOffName, kCutOffBytesMax);
    if (!text.ok()) return {};
    return CreateFileWhole(folder_.path() + "/" + kCutOffName, *text).status();
  }

  Status Exchange() {
    const std::string& folder = folder_.path();
    if (renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0) {
      if (errno != EINVAL && errno != ENOSYS) return IoError(path_, "cannot be replaced", errno);
      return Status::Io(path_ + ": this file system cannot exchange two directories; copy the "
                                "recording to another one and do it there");
    }
    return SyncDirectory(FolderOf(path_));
  }

  const std::string path_;
  std::unique_ptr<WriterLock> lock_;
  NewFolder folder_;
  std::unique_ptr<WriterLock> new_lock_;  // lies where the log lies once they are exchanged
  const RewriteProgress& progress_;
  uint64_t done_ = 0, total_ = 0;
};

// What can be said of the end of a log whose writer did not say it.
Result<LogEnd> EndOf(const std::string& recording, LogId log) {
  LogEnd end;
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, LineReader::Open(recording, log, nullptr));
  end.last_step = line->last();
  end.ended_wall = line->header().began_wall;
  if (line->last() > line->fork()) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line->Step(line->last()));
    end.ended_wall = step.ended_wall;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const CutState cut, line->StateAt(line->last()));
  if (cut.outcome) end.outcome = *cut.outcome;
  end.first_failure = "it ended without closing the log, which was sealed afterwards";
  end.result = "crashed";
  const auto cut_off = ReadCutOff(LogPath(recording, log));
  if (!cut_off.ok() || !*cut_off) return end;
  end.result = (*cut_off)->result;
  end.result_detail = (*cut_off)->detail;
  end.summary = (*cut_off)->summary;
  if (!cut.outcome) end.outcome.reason = CutOffReason(end.result, (*cut_off)->position);
  if (!end.result_detail.empty()) end.first_failure += "; " + end.result_detail;
  return end;
}

// A log's damage must not be sealed over: what cannot be read of it would be gone for good.
Status Damaged(const std::string& file, const std::string& what) {
  return Status::Corruption(file + ": " + what + "; the log stays as it is (see: backstep verify)");
}

Status CheckSealedFiles(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto files, ReadSeal(path));
  for (const SealedFile& file : files) {
    const std::string name = path + "/" + file.name;
    BACKSTEP_ASSIGN_OR_RETURN(const FileHash found, HashFile(name, nullptr));
    if (found.size != file.size || found.hash != file.hash) {
      return Damaged(name, "not as it was when the log was sealed");
    }
  }
  return {};
}

// A write that its writer did not live to finish is no damage.
Status CheckCrashedFiles(const std::string& path) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto findings,
                            CheckDatabase(path, false, [](uint64_t) { return true; }));
  for (const FileFinding& finding : findings) {
    if (finding.what.starts_with("torn: ")) continue;
    return Damaged(path + "/" + finding.file, finding.what);
  }
  return {};
}

std::string NameOf(const Recording& recording, LogId log) {
  return recording.path() + ": log #" + std::to_string(log.value);
}

}  // namespace

Result<Rewritten> SealLog(const Recording& recording, LogId log, const RewriteProgress& progress) {
  const std::string path = LogPath(recording.path(), log);
  BACKSTEP_ASSIGN_OR_RETURN(const LogState state, AskLogState(path));
  if (state == LogState::kLive) {
    return Status::Unavailable(NameOf(recording, log) +
                               " is being written; it can be sealed when its program has ended");
  }
  if (state == LogState::kSealed) {
    return Status::InvalidArgument(NameOf(recording, log) + " is sealed already");
  }
  // Before the lock: whoever holds that looks like the log's writer.
  BACKSTEP_ASSIGN_OR_RETURN(const auto reader, LogReader::Open(recording.path(), log));
  BACKSTEP_RETURN_IF_ERROR(CheckCrashedFiles(path));
  std::map<std::string, std::string> more;
  if (!reader->end()) {
    BACKSTEP_ASSIGN_OR_RETURN(const LogEnd end, EndOf(recording.path(), log));
    more.emplace(EndKey(), Encode(end));
  }
  Rewrite rewrite(path, progress);
  BACKSTEP_RETURN_IF_ERROR(rewrite.Lock());
  if (IsSealed(path)) {
    return Status::Unavailable(NameOf(recording, log) + " was sealed by another process just now");
  }
  return rewrite.Run(more, false);
}

Result<Rewritten> CompactLog(const Recording& recording, LogId log,
                             const RewriteProgress& progress) {
  const std::string path = LogPath(recording.path(), log);
  BACKSTEP_ASSIGN_OR_RETURN(const LogState state, AskLogState(path));
  if (state != LogState::kSealed) {
    const char* why = state == LogState::kLive
                          ? " is being written; only sealed logs are compacted"
                          : " was not sealed: backstep seal closes it, and compacts it too";
    return Status::InvalidArgument(NameOf(recording, log) + why);
  }
  Rewrite rewrite(path, progress);
  BACKSTEP_RETURN_IF_ERROR(rewrite.Lock());
  BACKSTEP_RETURN_IF_ERROR(CheckSealedFiles(path));
  return rewrite.Run({}, true);
}

}  // namespace backstep::store
