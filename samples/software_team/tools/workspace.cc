#include "backstep/samples/software_team/tools/workspace.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace team {

using backstep::Result;
using backstep::Status;
namespace fs = std::filesystem;

Workspace::~Workspace() {
  std::error_code ignored;
  if (parent_.empty() && !folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<std::string> Workspace::Folder() {
  std::lock_guard lock(mutex_);
  if (!folder_.empty()) return folder_;
  std::error_code error;
  if (parent_.empty()) {
    std::string pattern = (fs::temp_directory_path(error) / "software_team-XXXXXX").string();
    if (error) return Status::Io("no place for temporary files: " + error.message());
    if (mkdtemp(pattern.data()) == nullptr) return Status::Io("cannot make " + pattern);
    return folder_ = pattern;
  }
  fs::create_directories(parent_, error);
  for (int number = 1; !error; ++number) {
    const fs::path folder = fs::absolute(parent_) / ("run-" + std::to_string(number));
    if (fs::create_directory(folder, error)) return folder_ = folder.string();
  }
  return Status::Io("cannot make a folder in " + parent_ + ": " + error.message());
}

Status Workspace::Write(const std::string& name, const std::string& text) {
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
    return Status::InvalidArgument("not a file of the workspace: '" + name.substr(0, 100) + "'");
  }
  BACKSTEP_ASSIGN_OR_RETURN(const std::string folder, Folder());
  std::ofstream file(folder + "/" + name, std::ios::binary);
  file << text;
  file.close();
  return file ? Status() : Status::Io("cannot write " + name);
}

}  // namespace team
