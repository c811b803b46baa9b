#include "backstep/store/recording.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "backstep/base/nearest.h"
#include "backstep/base/paths.h"
#include "backstep/store/format/cut_off_file.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/format/manifest.h"
#include "backstep/store/log/line_reader.h"
#include "backstep/store/log/log_reader.h"
#include "backstep/store/recording_names.h"
#include "backstep/store/search/text_file.h"

namespace backstep::store {
namespace {

// A directory somebody just made, or in which another process is making the manifest right now.
bool MayBecomeRecording(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name.starts_with(std::string(kManifestName) + ".new-");
  });
}

Status CheckDirectory(const std::string& path) {
  struct stat info;
  if (path.empty()) return Status::InvalidArgument("the path of the recording is empty");
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return Status::NotFound(path + ": no such recording");
    return IoError(path, "cannot open", errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return Status::InvalidArgument(path + ": not a recording: it is " +
                                   (S_ISREG(info.st_mode) ? "a file" : "no directory"));
  }
  return {};
}

Status CheckManifest(const std::string& path) {
  const std::string file = path + "/" + kManifestName;
  const Result<std::string> text = ReadFile(file, kManifestBytesMax);
  if (!text.ok() && text.status().code() == StatusCode::kNotFound) {
    return Status::InvalidArgument(path + ": not a recording: it has no " + kManifestName);
  }
  if (!text.ok()) return text.status();
  const Result<Manifest> manifest = ParseManifest(*text, file);
  return manifest.status();
}

}  // namespace

const char* LogStateName(LogState state) {
  switch (state) {
    case LogState::kLive: return "live";
    case LogState::kCrashed: return "crashed";
    case LogState::kSealed: return "sealed";
  }
  return "unknown";
}

Recording::Recording(std::string path)
    : path_(std::move(path)), cache_(std::make_unique<Cache>()) {}
Recording::~Recording() = default;

Result<std::unique_ptr<Recording>> Recording::Create(const std::string& given) {
  const std::string path = WithoutSlashes(given);
  if (path.empty()) return Status::InvalidArgument("the path of the recording is empty");
  BACKSTEP_ASSIGN_OR_RETURN(const bool made, MakeDirectory(path));
  if (!made) {
    BACKSTEP_RETURN_IF_ERROR(CheckDirectory(path));
    BACKSTEP_ASSIGN_OR_RETURN(const auto names, ListDirectory(path));
    if (!MayBecomeRecording(names)) return Open(path);
    // An empty directory the user made gets the rights a recording has.
    if (chmod(path.c_str(), kDirectoryMode) != 0) {
      return IoError(path, "cannot set its mode", errno);
    }
  }
  // When another process was faster its manifest stands, and is as good.
  BACKSTEP_ASSIGN_OR_RETURN(const bool written, CreateFileWhole(path + "/" + kManifestName,
                                                                ManifestText(SystemClock().Now())));
  static_cast<void>(written);
  return Open(path);
}

Result<std::unique_ptr<Recording>> Recording::Open(const std::string& given) {
  const std::string path = WithoutSlashes(given);
  BACKSTEP_RETURN_IF_ERROR(CheckDirectory(path));
  BACKSTEP_RETURN_IF_ERROR(CheckManifest(path));
  return std::unique_ptr<Recording>(new Recording(path));
}

Result<std::unique_ptr<LogReader>> Recording::TakeReader(LogId log) const {
  std::unique_ptr<LogReader> known;
  {
    std::lock_guard<std::mutex> lock(cache_->mutex);
    if (cache_->opened != nullptr && cache_->opened->id() == log) {
      known = std::move(cache_->opened);
    }
  }
  // One that has crashed may have been sealed since, which is another directory.
  if (known != nullptr && known->Refresh().ok()) {
    const Result<LogState> state = AskLogState(known->path());
    if (state.ok() && *state == known->state()) return {std::move(known)};
  }
  return LogReader::Open(path_, log);
}

LogInfo Recording::InfoOf(LogId log) const {
  {
    std::lock_guard<std::mutex> lock(cache_->mutex);
    const auto known = cache_->sealed.find(log);
    if (known != cache_->sealed.end()) return known->second;
  }
  LogInfo info;
  info.id = info.header.id = log;
  auto reader = TakeReader(log);
  if (!reader.ok()) {
    const Result<LogState> state = AskLogState(LogPath(path_, log));
    if (state.ok()) info.state = *state;
    info.error = reader.status();
    return info;
  }
  info.state = (*reader)->state();
  info.header = (*reader)->header();
  info.end = (*reader)->end();
  info.last = (*reader)->last();
  if (info.state == LogState::kCrashed) {
    // Damage to what is said about a log takes nothing from the log; verify tells it.
    auto cut_off = ReadCutOff(LogPath(path_, log));
    if (cut_off.ok()) info.cut_off = *std::move(cut_off);
  }
  std::lock_guard<std::mutex> lock(cache_->mutex);
  cache_->headers.emplace(log, info.header);
  if (info.state == LogState::kSealed) {
    cache_->sealed.emplace(log, info);
  }
  cache_->opened.swap(*reader);
  return info;
}

Status Recording::KeepCutOff(LogId log, const CutOff& cut_off) {
  const LogInfo info = InfoOf(log);
  BACKSTEP_RETURN_IF_ERROR(info.error);
  if (info.state != LogState::kCrashed || info.end) return {};
  return WriteCutOff(LogPath(path_, log), cut_off);
}

Result<std::vector<LogInfo>> Recording::Logs() const {
  BACKSTEP_ASSIGN_OR_RETURN(const auto ids, ListLogs(path_));
  std::vector<LogInfo> out;
  std::map<LogId, LogId> sessions;  // of the logs so far; parents come first
  for (const LogId id : ids) {
    LogInfo info = InfoOf(id);
    if (info.error.ok() && info.header.origin) {
      const LogId parent = info.header.origin->parent;
      const auto found = sessions.find(parent);
      if (found != sessions.end()) {
        info.session = found->second;
      } else {
        info.error = Status::Corruption(LogPath(path_, id) + ": its ancestor, log " +
                                        std::to_string(parent.value) + ", cannot be read");
      }
    } else if (info.error.ok()) {
      info.session = id;
    }
    if (info.error.ok()) sessions[id] = info.session;
    out.push_back(std::move(info));
  }
  return out;
}

Result<std::vector<LogInfo>> Recording::Sessions() const {
  BACKSTEP_ASSIGN_OR_RETURN(auto logs, Logs());
  std::erase_if(logs, [](const LogInfo& log) { return log.error.ok() && log.session != log.id; });
  return logs;
}

Result<std::vector<LogInfo>> Recording::Branches(LogId session) const {
  BACKSTEP_ASSIGN_OR_RETURN(auto logs, Logs());
  std::erase_if(logs, [&](const LogInfo& log) {
    return log.session != session || log.id == session;
  });
  return logs;
}

Result<std::unique_ptr<Line>> Recording::OpenLine(LogId log) const {
  BACKSTEP_ASSIGN_OR_RETURN(const auto ids, ListLogs(path_));
  if (std::find(ids.begin(), ids.end(), log) == ids.end()) {
    std::vector<std::string> names;
    for (const LogId id : ids) names.push_back("#" + std::to_string(id.value));
    const std::string name = "#" + std::to_string(log.value);
    return Status::NotFound(path_ + ": no log " + name + NearestHint(name, names));
  }
  BACKSTEP_ASSIGN_OR_RETURN(auto line, LineReader::Open(path_, TakeReader(log)));
  return std::unique_ptr<Line>(std::move(line));
}

Status Recording::DeleteBranch(LogId log, bool with_children) {
  BACKSTEP_ASSIGN_OR_RETURN(const Names names, AllNames());
  const auto found = names.logs.find(log);
  const std::string name = "log #" + std::to_string(log.value);
  if (found == names.logs.end()) return Status::NotFound(path_ + ": no " + name);
  if (found->second.main) {
    return Status::InvalidArgument(path_ + ": " + name + " is a main line and no branch");
  }
  std::set<LogId> doomed = {log};
  std::string children;
  for (const auto& [id, entry] : names.logs) {
    std::lock_guard<std::mutex> lock(cache_->mutex);
    const auto& origin = cache_->headers.at(id).origin;
    if (!origin || !doomed.contains(origin->parent)) continue;
    doomed.insert(id);
    children += (children.empty() ? "" : ", ") + names.BranchText(id);
  }
  if (!children.empty() && !with_children) {
    return Status::InvalidArgument(path_ + ": " + names.BranchText(log) +
                                   " has branches of its own: " + children);
  }
  for (const LogId id : doomed) {
    const Result<LogState> state = AskLogState(LogPath(path_, id));
    if (state.ok() && *state == LogState::kLive) {
      return Status::Unavailable(path_ + ": " + names.BranchText(id) + " is being written");
    }
  }
  // Children first, so that what is left always has its ancestors.
  for (auto id = doomed.rbegin(); id != doomed.rend(); ++id) {
    BACKSTEP_RETURN_IF_ERROR(RemoveLog(path_, *id));
    RemoveTextOf(path_, *id);
    std::lock_guard<std::mutex> lock(cache_->mutex);
    cache_->headers.erase(*id);
    cache_->sealed.erase(*id);
    if (cache_->opened != nullptr && cache_->opened->id() == *id) cache_->opened.reset();
  }
  return {};
}

}  // namespace backstep::store
