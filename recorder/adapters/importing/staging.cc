#include "backstep/recorder/adapters/importing/staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "backstep/base/paths.h"
#include "backstep/recorder/adapters/writing/log_finisher.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/index/index.h"

namespace backstep::adapters {
namespace {

namespace fs = std::filesystem;

constexpr char kStagedSuffix[] = ".importing-";

// Logs are moved from beside a recording into it.
Status CheckBeside(const std::string& recording) {
  struct stat inside {}, beside {};
  if (stat(recording.c_str(), &inside) != 0) return {};  // told by whoever opens it
  if (stat(FolderOf(recording).c_str(), &beside) != 0 || inside.st_dev == beside.st_dev) return {};
  return Status::InvalidArgument(recording + ": is a file system of its own, to which nothing can "
                                 "be added; import into a new recording in it");
}

// Held as long as the file is open, and so not after the process.
int LockFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

// Of imports for the same recording that were killed.
void RemoveLeftBehind(const std::string& recording) {
  const std::string begin = fs::path(recording).filename().string() + kStagedSuffix;
  std::error_code error, ignored;
  std::vector<fs::path> found;
  for (fs::directory_iterator at(FolderOf(recording), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool ours = name.starts_with(begin) && name.size() > begin.size() &&
                      name.find_first_not_of("0123456789", begin.size()) == std::string::npos;
    if (ours) found.push_back(at->path());
  }
  for (const fs::path& path : found) {
    const int lock = LockFolder(path.string());
    if (lock < 0) continue;  // at work
    fs::remove_all(path, ignored);
    close(lock);
  }
}

void IndexAll(const store::Recording& recording, const std::vector<LogId>& logs) {
  const auto index = store::IndexWriter::Open(recording.path());
  if (!index.ok()) return;
  for (const LogId log : logs) {
    const auto line = recording.OpenLine(log);
    if (!line.ok()) continue;
    if (!IndexLine(**line, index->get())) return;
  }
}

}  // namespace

Staging::Staging(std::string path, int lock, std::string recording)
    : path_(std::move(path)), lock_(lock), recording_(std::move(recording)) {}

Result<std::unique_ptr<Staging>> Staging::Begin(const std::string& given, bool append) {
  std::error_code error;
  std::string recording = WithoutSlashes(given);
  // One that is a link is added to where it lies.
  if (const auto real = fs::canonical(recording, error); append && !error) {
    recording = real.string();
  }
  RemoveLeftBehind(recording);
  std::unique_ptr<store::Recording> target;
  // An empty directory becomes the recording.
  const bool empty = fs::is_directory(recording, error) && fs::is_empty(recording, error);
  if (append && !empty) {
    BACKSTEP_RETURN_IF_ERROR(CheckBeside(recording));
    BACKSTEP_ASSIGN_OR_RETURN(target, store::Recording::Open(recording));
  }
  const std::string path = recording + kStagedSuffix + std::to_string(getpid());
  BACKSTEP_ASSIGN_OR_RETURN(const bool made, store::MakeDirectory(path));
  const int lock = made ? LockFolder(path) : -1;
  if (lock < 0) return Status::Unavailable(path + ": is in use by another import");
  std::unique_ptr<Staging> staging(new Staging(path, lock, recording));
  staging->target_ = std::move(target);
  BACKSTEP_ASSIGN_OR_RETURN(staging->staged_, store::Recording::Create(path));
  return staging;
}

Staging::~Staging() {
  staged_.reset();
  std::error_code ignored;
  fs::remove_all(path_, ignored);  // gone already once it has its name
  if (target_ != nullptr) {
    for (const LogId number : numbers_) store::DropReserved(recording_, number);
  }
  close(lock_);
}

Result<LogId> Staging::NextNumber() {
  LogId number{static_cast<uint32_t>(numbers_.size()) + 1};
  if (target_ != nullptr) {
    BACKSTEP_ASSIGN_OR_RETURN(number, store::ReserveLog(recording_));
  }
  numbers_.push_back(number);
  return number;
}

Status Staging::Publish() {
  BACKSTEP_RETURN_IF_ERROR(store::ForceToDisk(path_));
  return target_ != nullptr ? PublishInto() : PublishNew();
}

Status Staging::PublishNew() {
  staged_.reset();
  int failed = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, recording_.c_str(), RENAME_NOREPLACE);
  // Not every file system can; and an empty directory may be replaced, one with something in it
  // never is.
  if (failed != 0 && (errno == EINVAL || errno == EEXIST)) {
    failed = rename(path_.c_str(), recording_.c_str());
  }
  if (failed != 0 && (errno == EEXIST || errno == ENOTEMPTY)) {
    return Status::InvalidArgument(recording_ + ": was made by another meanwhile");
  }
  if (failed != 0) return store::IoError(recording_, "cannot be made", errno);
  return store::SyncDirectory(FolderOf(recording_));
}

// A branch stands behind what it leaves, and so never comes before it.
Status Staging::PublishInto() {
  for (const LogId number : numbers_) {
    const std::string from = store::LogPath(path_, number);
    if (access(from.c_str(), F_OK) != 0) continue;  // its run could not be written
    BACKSTEP_RETURN_IF_ERROR(store::AdoptLog(recording_, number, from));
  }
  BACKSTEP_RETURN_IF_ERROR(store::SyncDirectory(store::LogsPath(recording_)));
  IndexAll(*target_, numbers_);
  return {};
}

}  // namespace backstep::adapters
