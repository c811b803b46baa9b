// The few file operations a recording needs, owner-only and with path and reason in every error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"

namespace backstep::store {

inline constexpr unsigned kDirectoryMode = 0700;
inline constexpr unsigned kFileMode = 0600;

// "PATH: what: reason" with the operating system's words for `error_number`.
Status IoError(const std::string& path, const std::string& what, int error_number);

// Makes a directory of mode 0700 whatever the umask. Returns false when something of that name
// exists already.
Result<bool> MakeDirectory(const std::string& path);

// The whole file. NotFound: there is none. Corruption: longer than `bytes_max`.
Result<std::string> ReadFile(const std::string& path, uint64_t bytes_max);

// Writes `bytes` under a name that does not exist yet, of mode 0600, whole or not at all, also
// after a power cut unless it is not to be `forced` to the disk. Returns false, and changes
// nothing, when the name is taken.
Result<bool> CreateFileWhole(const std::string& path, std::string_view bytes, bool forced = true);

// Forces everything to the disk that was written to the file system in which `path` lies. Io: the
// disk took less than was written; path and reason.
Status ForceToDisk(const std::string& path);

// Forces a directory's entries to the disk.
Status SyncDirectory(const std::string& path);

// Names of the directory's entries, sorted; `.` and `..` left out. NotFound: no such directory.
Result<std::vector<std::string>> ListDirectory(const std::string& path);

struct FileHash {
  uint64_t size = 0;
  Hash128 hash;
};
// Size and XXH3-128 of a regular file. `progress` (may be empty) gets the bytes just read;
// returning false cancels (Cancelled).
Result<FileHash> HashFile(const std::string& path, const std::function<bool(uint64_t)>& progress);

}  // namespace backstep::store
