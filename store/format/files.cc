#include "backstep/store/format/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "backstep/base/paths.h"

namespace backstep::store {
namespace {

constexpr size_t kReadBytes = 256 << 10;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status WriteAll(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return IoError(path, "cannot write", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

// Reads until the end; `take` returns ok to go on.
Status ReadAll(const std::string& path, const std::function<Status(std::string_view)>& take) {
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0) {
    if (errno == ENOENT) return Status::NotFound(path + ": no such file");
    return IoError(path, "cannot open", errno);
  }
  struct stat info;
  if (fstat(file.fd(), &info) != 0) return IoError(path, "cannot read", errno);
  if (!S_ISREG(info.st_mode)) return Status::Corruption(path + ": not a regular file");
  std::string buffer(kReadBytes, '\0');
  while (true) {
    const ssize_t got = read(file.fd(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return IoError(path, "cannot read", errno);
    if (got == 0) return {};
    BACKSTEP_RETURN_IF_ERROR(take({buffer.data(), static_cast<size_t>(got)}));
  }
}

Status WriteTemporary(const std::string& path, std::string_view bytes, bool forced) {
  unlink(path.c_str());
  File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
  if (file.fd() < 0) return IoError(path, "cannot create", errno);
  if (fchmod(file.fd(), kFileMode) != 0) return IoError(path, "cannot set its mode", errno);
  BACKSTEP_RETURN_IF_ERROR(WriteAll(file.fd(), path, bytes));
  if (forced && fsync(file.fd()) != 0) return IoError(path, "cannot sync", errno);
  return {};
}

// Gives a finished file its name unless the name is taken; not every file system has hard links.
Result<bool> NameIt(const std::string& temporary, const std::string& path) {
  if (link(temporary.c_str(), path.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno == EEXIST) return false;
  return IoError(path, "cannot create", errno);
}

}  // namespace

Status IoError(const std::string& path, const std::string& what, int error_number) {
  return Status::Io(path + ": " + what + ": " + std::generic_category().message(error_number));
}

Result<bool> MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), kDirectoryMode) != 0) {
    if (errno == EEXIST) return false;
    return IoError(path, "cannot create the directory", errno);
  }
  // mkdir applies the umask, which may take away even the owner's rights.
  if (chmod(path.c_str(), kDirectoryMode) != 0) {
    return IoError(path, "cannot set its mode", errno);
  }
  return true;
}

Result<std::string> ReadFile(const std::string& path, uint64_t bytes_max) {
  std::string out;
  Status status = ReadAll(path, [&](std::string_view bytes) {
    if (out.size() + bytes.size() > bytes_max) {
      return Status::Corruption(path + ": longer than " + std::to_string(bytes_max) + " bytes");
    }
    out.append(bytes);
    return Status();
  });
  if (!status.ok()) return status;
  return out;
}

Result<bool> CreateFileWhole(const std::string& path, std::string_view bytes, bool forced) {
  const std::string temporary = path + ".new-" + std::to_string(getpid());
  Status written = WriteTemporary(temporary, bytes, forced);
  Result<bool> named = written.ok() ? NameIt(temporary, path) : Result<bool>(written);
  unlink(temporary.c_str());
  if (forced && named.ok() && *named) BACKSTEP_RETURN_IF_ERROR(SyncDirectory(FolderOf(path)));
  return named;
}

Status SyncDirectory(const std::string& path) {
  File directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0) return IoError(path, "cannot open", errno);
  // Some file systems cannot sync a directory and say EINVAL; nothing more can be done there.
  if (fsync(directory.fd()) != 0 && errno != EINVAL) return IoError(path, "cannot sync", errno);
  return {};
}

Status ForceToDisk(const std::string& path) {
  File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return IoError(path, "cannot open", errno);
  if (syncfs(file.fd()) != 0) return IoError(path, "cannot be forced to the disk", errno);
  return {};
}

Result<std::vector<std::string>> ListDirectory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) {
    if (errno == ENOENT) return Status::NotFound(path + ": no such directory");
    return IoError(path, "cannot list", errno);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  const int error_number = errno;
  closedir(directory);
  if (error_number != 0) return IoError(path, "cannot list", error_number);
  std::sort(names.begin(), names.end());
  return names;
}

Result<FileHash> HashFile(const std::string& path, const std::function<bool(uint64_t)>& progress) {
  FileHash out;
  Hasher hasher;
  BACKSTEP_RETURN_IF_ERROR(ReadAll(path, [&](std::string_view bytes) {
    out.size += bytes.size();
    hasher.Add(bytes);
    if (progress && !progress(bytes.size())) return Status::Cancelled("cancelled");
    return Status();
  }));
  out.hash = hasher.Digest();
  return out;
}

}  // namespace backstep::store
