#include "backstep/store/format/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include "backstep/store/format/files.h"

namespace backstep::store {
namespace {

constexpr char kDeletedSuffix[] = ".deleted";
constexpr uint64_t kSealBytesMax = 16 << 20;

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

LogId ParseTakenNumber(std::string name) {
  if (name.ends_with(kDeletedSuffix)) name.resize(name.size() - sizeof(kDeletedSuffix) + 1);
  return ParseLogName(name);
}

std::optional<Hash128> ParseHash(std::string_view hex) {
  if (hex.size() != 32) return std::nullopt;
  const auto high = ParseNumber<uint64_t>(hex.substr(0, 16), 16);
  const auto low = ParseNumber<uint64_t>(hex.substr(16), 16);
  if (!high || !low) return std::nullopt;
  return Hash128{*high, *low};
}

// RocksDB opens what bears one of these names.
bool NamesDataFile(const std::string& name) {
  return name == "CURRENT" || name == "IDENTITY" || name.starts_with("MANIFEST-") ||
         name.ends_with(".log") || name.ends_with(".sst");
}

std::optional<SealedFile> ParseSealLine(std::string_view line) {
  const size_t second = line.rfind(' ');
  if (second == std::string_view::npos || second == 0) return std::nullopt;
  const size_t first = line.rfind(' ', second - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const auto size = ParseNumber<uint64_t>(line.substr(first + 1, second - first - 1));
  const auto hash = ParseHash(line.substr(second + 1));
  const std::string name(line.substr(0, first));
  if (!size || !hash || name.find('/') != std::string::npos || name == "." || name == "..") {
    return std::nullopt;
  }
  return SealedFile{name, *size, *hash};
}

Result<LogId> NewestNumber(const std::string& recording) {
  LogId newest{0};
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(LogsPath(recording)));
  for (const std::string& name : names) newest = std::max(newest, ParseTakenNumber(name));
  return newest;
}

}  // namespace

std::string LogsPath(const std::string& recording) { return recording + "/" + kLogsName; }

std::string LogPath(const std::string& recording, LogId log) {
  return LogsPath(recording) + "/" + std::to_string(log.value);
}

LogId ParseLogName(const std::string& name) {
  const auto number = ParseNumber<uint32_t>(name);
  if (!number || std::to_string(*number) != name) return LogId{};
  return LogId{*number};
}

Result<std::vector<LogId>> ListLogs(const std::string& recording) {
  Result<std::vector<std::string>> names = ListDirectory(LogsPath(recording));
  if (!names.ok() && names.status().code() == StatusCode::kNotFound) return std::vector<LogId>();
  if (!names.ok()) return names.status();
  std::vector<LogId> logs;
  for (const std::string& name : *names) {
    if (const LogId log = ParseLogName(name); log.value != 0) logs.push_back(log);
  }
  std::sort(logs.begin(), logs.end());
  return logs;
}

Result<LogId> ClaimLog(const std::string& recording) {
  BACKSTEP_ASSIGN_OR_RETURN(const bool made, MakeDirectory(LogsPath(recording)));
  if (made) BACKSTEP_RETURN_IF_ERROR(SyncDirectory(recording));
  BACKSTEP_ASSIGN_OR_RETURN(const LogId newest, NewestNumber(recording));
  for (uint32_t number = newest.value; number != UINT32_MAX;) {
    const LogId log{++number};
    const std::string path = LogPath(recording, log);
    if (access((path + kDeletedSuffix).c_str(), F_OK) == 0) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const bool claimed, MakeDirectory(path));
    if (claimed) {
      BACKSTEP_RETURN_IF_ERROR(SyncDirectory(LogsPath(recording)));
      return log;
    }
  }
  return Status::Io(LogsPath(recording) + ": all log numbers are taken");
}

Result<LogId> TakeLog(const std::string& recording, LogId number) {
  BACKSTEP_RETURN_IF_ERROR(MakeDirectory(LogsPath(recording)).status());
  const std::string path = LogPath(recording, number);
  BACKSTEP_ASSIGN_OR_RETURN(const bool made, MakeDirectory(path));
  if (!made) return Status::InvalidArgument(path + ": the number is taken");
  return number;
}

Result<LogId> ReserveLog(const std::string& recording) {
  BACKSTEP_RETURN_IF_ERROR(MakeDirectory(LogsPath(recording)).status());
  BACKSTEP_ASSIGN_OR_RETURN(const LogId newest, NewestNumber(recording));
  for (uint32_t number = newest.value; number != UINT32_MAX;) {
    const LogId log{++number};
    const std::string path = LogPath(recording, log);
    BACKSTEP_ASSIGN_OR_RETURN(const bool made, MakeDirectory(path + kDeletedSuffix));
    if (!made) continue;
    if (access(path.c_str(), F_OK) != 0) return log;
    DropReserved(recording, log);  // another was faster
  }
  return Status::Io(LogsPath(recording) + ": all log numbers are taken");
}

Status AdoptLog(const std::string& recording, LogId reserved, const std::string& from) {
  const std::string path = LogPath(recording, reserved);
  if (rename(from.c_str(), path.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) {
      return Status::Unavailable(path + ": was taken by another recorder meanwhile; try again");
    }
    return IoError(path, "cannot be put there", errno);
  }
  DropReserved(recording, reserved);
  return {};
}

void DropReserved(const std::string& recording, LogId reserved) {
  rmdir((LogPath(recording, reserved) + kDeletedSuffix).c_str());
}

Status RemoveLog(const std::string& recording, LogId log) {
  const std::string path = LogPath(recording, log);
  const std::string deleted = path + kDeletedSuffix;
  if (rename(path.c_str(), deleted.c_str()) != 0) return IoError(path, "cannot remove", errno);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(deleted, error)) {
    std::error_code removed;
    std::filesystem::remove_all(entry.path(), removed);
    if (removed) return IoError(entry.path().string(), "cannot remove", removed.value());
  }
  if (error) return IoError(deleted, "cannot remove", error.value());
  return SyncDirectory(LogsPath(recording));
}

Result<std::unique_ptr<WriterLock>> WriterLock::Take(const std::string& log_path) {
  const std::string path = log_path + "/" + kLockName;
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return IoError(path, "cannot create", errno);
  std::unique_ptr<WriterLock> lock(new WriterLock(fd));
  if (fchmod(fd, kFileMode) != 0) return IoError(path, "cannot set its mode", errno);
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  if (fcntl(fd, F_OFD_SETLK, &range) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return Status::Unavailable(log_path + ": another recorder is writing it");
    }
    return IoError(path, "cannot lock", errno);
  }
  return lock;
}

WriterLock::~WriterLock() { close(fd_); }

Status CheckDataFiles(const std::string& log_path) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(log_path));
  for (const std::string& name : names) {
    struct stat info;
    const std::string path = log_path + "/" + name;
    if (!NamesDataFile(name) || stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) continue;
    return Status::Corruption(path + ": not a regular file");
  }
  return {};
}

Result<bool> IsLocked(const std::string& log_path) {
  const std::string path = log_path + "/" + kLockName;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return Status::NotFound(path + ": no such file");
  if (fd < 0) return IoError(path, "cannot open", errno);
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  const int failed = fcntl(fd, F_OFD_GETLK, &range);
  const int error_number = errno;
  close(fd);
  if (failed != 0) return IoError(path, "cannot ask for its lock", error_number);
  return range.l_type != F_UNLCK;
}

Status WriteSeal(const std::string& log_path, bool forced) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(log_path));
  std::string text;
  for (const std::string& name : names) {
    if (name == kLockName || name == kSealName) continue;
    const std::string path = log_path + "/" + name;
    if (chmod(path.c_str(), kFileMode) != 0) return IoError(path, "cannot set its mode", errno);
    BACKSTEP_ASSIGN_OR_RETURN(const FileHash file, HashFile(path, nullptr));
    text += name + " " + std::to_string(file.size) + " " + file.hash.ToHex() + "\n";
  }
  text += "seal " + HashBytes(text).ToHex() + "\n";
  BACKSTEP_ASSIGN_OR_RETURN(const bool written,
                            CreateFileWhole(log_path + "/" + kSealName, text, forced));
  if (!written) return Status::Io(log_path + ": already sealed");
  return {};
}

bool IsSealed(const std::string& log_path) {
  return access((log_path + "/" + kSealName).c_str(), F_OK) == 0;
}

Result<std::vector<SealedFile>> ReadSeal(const std::string& log_path) {
  const std::string path = log_path + "/" + kSealName;
  BACKSTEP_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kSealBytesMax));
  const Status damaged = Status::Corruption(path + ": damaged");
  std::vector<SealedFile> files;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) return damaged;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (end + 1 == text.size()) {
      const Hash128 hash = HashBytes(std::string_view(text).substr(0, begin));
      if (line != "seal " + hash.ToHex()) return damaged;
      return files;
    }
    const auto file = ParseSealLine(line);
    if (!file) return damaged;
    files.push_back(*file);
    begin = end + 1;
  }
}

}  // namespace backstep::store
