// A recording: the directory `NAME.backstep/` that holds everything. docs/format.md has the layout.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/cut_off.h"
#include "backstep/schemas/records.h"

namespace backstep::store {

class Line;
class LogReader;
class LogWriter;
struct WriterOptions;

// How a log stands, seen from outside. Nobody writes "crashed": open and not locked is crashed.
enum class LogState { kLive, kCrashed, kSealed };
const char* LogStateName(LogState state);  // "live", "crashed", "sealed"

// One log as a listing shows it. When `error` is not ok the log cannot be read and only `id`
// (and `header.id`) mean something.
struct LogInfo {
  LogId id;
  LogState state = LogState::kCrashed;
  LogHeader header;
  std::optional<LogEnd> end;
  std::optional<CutOff> cut_off;  // of a crashed log: what was seen of its end, where it was seen
  StepNumber last;            // newest committed step of the line
  LogId session;              // the main line it descends from; itself for a main line
  Status error;
};

// The system just after step `step` of the line whose own log is `log`.
struct Moment {
  LogId log;
  StepNumber step;
  bool operator==(const Moment&) const = default;
};

// Opens, lists and creates logs. Thread-safe. Reading verbs create or change no file inside.
class Recording {
 public:
  // Makes the directory and its manifest, owner-only (0700); an existing recording is opened.
  // Io: cannot write, with path and reason. InvalidArgument: `path` exists and is no recording.
  static Result<std::unique_ptr<Recording>> Create(const std::string& path);
  // NotFound: no such directory. InvalidArgument: not a recording (says what it is).
  // VersionMismatch: written by a newer Backstep. Corruption: manifest damaged.
  static Result<std::unique_ptr<Recording>> Open(const std::string& path);
  ~Recording();

  const std::string& path() const { return path_; }

  // Every log, by id. A log that cannot be read is listed with its error and hides no other.
  Result<std::vector<LogInfo>> Logs() const;
  // The main lines, by id; `branches`: the logs that descend from one, by id.
  Result<std::vector<LogInfo>> Sessions() const;
  Result<std::vector<LogInfo>> Branches(LogId session) const;

  // Claims `logs/<n>/` by exclusive mkdir and returns its writer; `header.id` is filled in.
  Result<std::unique_ptr<LogWriter>> NewLog(LogHeader header, const WriterOptions& options);

  // Keeps what was seen of the end of a log's writer, once, for LogInfo::cut_off. For the process
  // that had started the writer, once that is gone. Nothing is written for a log that is live or
  // sealed, or has an end of its own. Io: path and reason.
  Status KeepCutOff(LogId log, const CutOff& cut_off);

  // Reads a log together with its ancestors up to where it leaves each.
  // NotFound: names the nearest. Corruption: path and what is wrong.
  Result<std::unique_ptr<Line>> OpenLine(LogId log) const;

  // Resolves "[session:]branch:n", "branch", "n", "first", "last", "50%". `branch` is a name or
  // `#id`; the main line is `main`. Without a session the recording must have one, else the
  // newest session is meant only where `default_newest` says so.
  // NotFound: no such session, branch or step; the message names the nearest one.
  // InvalidArgument: several sessions and none named.
  Result<Moment> ResolveMoment(const std::string& text, bool default_newest = true) const;
  // The printable address of a moment; leaves the session out where there is one only.
  std::string FormatMoment(Moment moment) const;
  // "main" or the branch's name.
  std::string BranchName(LogId log) const;

  // Removes a branch. InvalidArgument: it is a main line, or has children (named) and
  // `with_children` is false. Unavailable: it is being written.
  Status DeleteBranch(LogId log, bool with_children);

 private:
  struct Cache;  // headers, how sealed logs stand, and a log that was opened to be looked at
  struct Names;
  explicit Recording(std::string path);
  Result<Names> AllNames() const;
  static Status NoSuchLine(const Names& names, LogId session, const std::string& text);
  LogInfo InfoOf(LogId log) const;
  // Opens the log, or hands over what InfoOf opened, as it stands now.
  Result<std::unique_ptr<LogReader>> TakeReader(LogId log) const;

  std::string path_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace backstep::store
