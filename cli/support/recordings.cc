#include "backstep/cli/support/recordings.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "backstep/base/nearest.h"
#include "backstep/base/paths.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr off_t kTextFileBytesMax = 64 << 20;

// A name that is not there because the log that has it is damaged is no wrong word.
int FailUnresolved(Console& console, const store::Recording& recording, const Status& status) {
  const auto logs = recording.Logs();
  bool any_readable = false;
  std::string damaged;
  for (const store::LogInfo& info : logs.ok() ? *logs : std::vector<store::LogInfo>()) {
    any_readable |= info.error.ok();
    if (info.error.ok() || !damaged.empty()) continue;
    damaged = "log " + std::to_string(info.id.value) + " cannot be read: " + info.error.message();
  }
  if (damaged.empty() || status.code() != StatusCode::kNotFound) return console.Fail(status);
  if (!any_readable) return console.FailUnreadable(Status::Corruption(damaged));
  console.Note(damaged);
  return console.Fail(status);
}

Opened OpenLogAt(Console& console, Opened opened, const Result<store::Moment>& moment) {
  if (!moment.ok()) {
    opened.code = FailUnresolved(console, *opened.recording, moment.status());
    return opened;
  }
  opened.moment = *moment;
  auto line = opened.recording->OpenLine(moment->log);
  if (!line.ok()) {
    opened.code = console.FailUnreadable(line.status());
    return opened;
  }
  opened.line = std::move(*line);
  return opened;
}

}  // namespace

Opened OpenRecording(Console& console, const std::string& path) {
  Opened opened;
  auto recording = store::Recording::Open(path);
  if (!recording.ok()) {
    opened.code = console.FailUnreadable(recording.status());
    return opened;
  }
  opened.recording = std::move(*recording);
  return opened;
}

Opened OpenMoment(Console& console, const std::string& path, const std::string& moment) {
  Opened opened = OpenRecording(console, path);
  if (opened.code != kDone) return opened;
  const auto resolved = opened.recording->ResolveMoment(moment);
  return OpenLogAt(console, std::move(opened), resolved);
}

Opened OpenBranch(Console& console, const std::string& path, const std::string& branch) {
  Opened opened = OpenRecording(console, path);
  if (opened.code != kDone) return opened;
  const auto moment =
      opened.recording->ResolveMoment((branch.empty() ? "main" : branch) + ":last");
  return OpenLogAt(console, std::move(opened), moment);
}

Result<LogId> ResolveBranch(const store::Recording& recording, const std::string& branch) {
  BACKSTEP_ASSIGN_OR_RETURN(const store::Moment moment, recording.ResolveMoment(branch + ":last"));
  return moment.log;
}

Result<AgentId> ResolveAgent(const store::Line& line, const std::string& name) {
  if (const auto agent = line.FindAgent(name)) return *agent;
  std::vector<std::string> names;
  for (const AgentRecord& agent : line.agents()) names.push_back(agent.name);
  return Status::NotFound("there is no agent '" + name + "'" + NearestHint(name, names));
}

Result<std::string> ReadTextFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const std::string what = "cannot read " + path + ": " + std::strerror(errno);
    return errno == ENOENT ? Status::NotFound(what) : Status::InvalidArgument(what);
  }
  if (S_ISDIR(info.st_mode)) return Status::InvalidArgument(path + " is a directory, not a file");
  if (info.st_size > kTextFileBytesMax) {
    return Status::InvalidArgument(path + " is larger than 64 MiB: that is no such file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Status::InvalidArgument("cannot read " + path + ": " +
                                   std::strerror(errno == 0 ? EIO : errno));
  }
  return std::move(text).str();
}

std::string PastePath(const std::string& path) {
  return replay::ShellQuote(WithoutSlashes(path));
}

}  // namespace backstep::cli
