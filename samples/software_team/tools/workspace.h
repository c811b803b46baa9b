// The folder that the team's tools work in: made fresh when the first tool really runs.
#pragma once

#include <mutex>
#include <string>

#include "backstep/base/status.h"

namespace team {

// Thread-safe.
class Workspace {
 public:
  // Works in a new folder `run-N` inside `parent`; empty: in a new temporary folder, which is
  // removed at the end.
  explicit Workspace(std::string parent) : parent_(std::move(parent)) {}
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // The folder; Io: cannot be made.
  backstep::Result<std::string> Folder();
  // Writes a file inside it. `name` has no folder. InvalidArgument: another name than that.
  backstep::Status Write(const std::string& name, const std::string& text);

 private:
  const std::string parent_;
  std::mutex mutex_;
  std::string folder_;
};

}  // namespace team
