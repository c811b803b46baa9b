#include "backstep/replay/launch.h"

// The trust store: $XDG_STATE_HOME/backstep/trusted/<hash of the recording's path>.jsonl, 0600,
// one JSON object a line:
//   {"recording": path, "command": [argv], "working_directory": path, "executable": path,
//    "executable_hash": 32 hex digits}
// A line trusts exactly that command line with exactly that binary; the newest line counts.
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

namespace backstep::replay {
namespace {

using Json = nlohmann::json;
constexpr size_t kLinesMax = 10000;
constexpr off_t kFileBytesMax = 16 << 20;

std::string Home() {
  const char* set = getenv("HOME");
  if (set != nullptr && set[0] == '/') return set;
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
}

Result<std::string> Folder() {
  const char* set = getenv("XDG_STATE_HOME");
  if (set != nullptr && set[0] == '/') return std::string(set) + "/backstep/trusted";
  const std::string home = Home();
  if (home.empty()) return Status::NotFound("this user has no home directory");
  return home + "/.local/state/backstep/trusted";
}

std::string Canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

std::string FileOf(const std::string& folder, const std::string& recording) {
  return folder + "/" + HashBytes(recording).ToHex() + ".jsonl";
}

Result<Hash128> HashFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status::Io(path + ": " + strerror(errno));
  Hasher hasher;
  std::string buffer(1 << 20, '\0');
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         file.gcount() > 0) {
    hasher.Add(std::string_view(buffer.data(), static_cast<size_t>(file.gcount())));
  }
  if (file.bad()) return Status::Io(path + ": " + strerror(errno));
  return hasher.Digest();
}

Status MakeFolder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) return Status::Io(parent.string() + ": " + error.message());
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Status::Io(folder + ": " + strerror(errno));
  }
  return {};
}

// A file that others can write says nothing.
bool OnlyOurs(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && info.st_uid == geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Json Entry(const std::string& recording, const LogHeader& header) {
  return {{"recording", recording},
          {"command", header.command},
          {"working_directory", header.working_directory},
          {"executable", header.executable}};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status Append(const std::string& path, const std::string& line) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Status::Io(path + ": " + strerror(errno));
  const ssize_t written = write(fd, line.data(), line.size());
  const int error = errno;
  close(fd);
  if (written == static_cast<ssize_t>(line.size())) return {};
  return Status::Io(path + ": " + (written < 0 ? strerror(error) : "written in part"));
}

// The hash remembered for this very entry; nullopt: there is none.
std::optional<std::string> Remembered(const std::string& path, const Json& entry) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || info.st_size > kFileBytesMax) return std::nullopt;
  std::ifstream file(path);
  std::optional<std::string> hash;
  std::string line;
  for (size_t i = 0; i < kLinesMax && std::getline(file, line); ++i) {
    const Json read = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!read.is_object() || !read.contains("executable_hash")) continue;
    if (!read["executable_hash"].is_string()) continue;
    Json rest = read;
    rest.erase("executable_hash");
    if (rest == Json::parse(Dump(entry), nullptr, false)) hash = read["executable_hash"];
  }
  return hash;
}

}  // namespace

std::vector<std::string> RecordedCommand(const LogHeader& header) {
  std::vector<std::string> command = header.command;
  if (command.empty() && !header.executable.empty()) command.push_back(header.executable);
  if (!command.empty() && !header.executable.empty()) command[0] = header.executable;
  return command;
}

Status RememberTrusted(const std::string& recording_path, const LogHeader& header) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string folder, Folder());
  BACKSTEP_RETURN_IF_ERROR(MakeFolder(folder));
  if (!OnlyOurs(folder)) return Status::Io(folder + " can be written by others");
  Hash128 hash = header.executable_hash;
  if (hash.IsZero()) {
    BACKSTEP_ASSIGN_OR_RETURN(hash, HashFile(header.executable));
  }
  const std::string recording = Canonical(recording_path);
  const std::string path = FileOf(folder, recording);
  Json entry = Entry(recording, header);
  if (Remembered(path, entry) == hash.ToHex()) return {};
  entry["executable_hash"] = hash.ToHex();
  return Append(path, Dump(entry) + "\n");
}

Status CheckTrusted(const std::string& recording_path, const LogHeader& header) {
  BACKSTEP_ASSIGN_OR_RETURN(const std::string folder, Folder());
  const std::string recording = Canonical(recording_path);
  const std::string path = FileOf(folder, recording);
  const Status unknown = Status::NotFound(recording + " was not recorded by this user here");
  if (!OnlyOurs(folder) || !OnlyOurs(path)) return unknown;
  const std::optional<std::string> hash = Remembered(path, Entry(recording, header));
  if (!hash) return unknown;
  const Result<Hash128> now = HashFile(header.executable);
  if (!now.ok()) {
    return Status::InvalidArgument("the program is gone: " + now.status().message());
  }
  if (now->ToHex() != *hash) {
    return Status::InvalidArgument(header.executable + " is not the binary that was recorded: "
                                   "it has changed since");
  }
  return {};
}

}  // namespace backstep::replay
