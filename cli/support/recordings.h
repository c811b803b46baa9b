// Finding the recording, the line and the moment that a command line names.
#pragma once

#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/cli/terminal/console.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::cli {

// A recording with one of its lines open. `code` is kDone, or what the command returns (the error
// has been told).
struct Opened {
  int code = kDone;
  std::unique_ptr<store::Recording> recording;
  std::unique_ptr<store::Line> line;
  store::Moment moment;          // resolved, or the line's last step
};

Opened OpenRecording(Console& console, const std::string& path);
// And the line and moment that `moment` names ("main:812", "edit-1", "50%").
Opened OpenMoment(Console& console, const std::string& path, const std::string& moment);
// And the whole line of a branch ("main", "edit-1", "#3", "team:main"); empty: main.
Opened OpenBranch(Console& console, const std::string& path, const std::string& branch);

// The log of a branch. NotFound: there is none of that name (the nearest is named).
Result<LogId> ResolveBranch(const store::Recording& recording, const std::string& branch);

// The agent's id. NotFound: the nearest is named.
Result<AgentId> ResolveAgent(const store::Line& line, const std::string& name);

// A file's text. Io, NotFound: path and reason. InvalidArgument: larger than 64 MiB.
Result<std::string> ReadTextFile(const std::string& path);

// The path as given, without a trailing slash, quoted for a shell: for command lines to paste.
std::string PastePath(const std::string& path);

}  // namespace backstep::cli
