// The names of a recording's sessions and branches. Private to the store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/log/log_reader.h"
#include "backstep/store/recording.h"

namespace backstep::store {

// Thread-safe under its mutex.
struct Recording::Cache {
  std::mutex mutex;
  std::map<LogId, LogHeader> headers;
  std::map<LogId, LogInfo> sealed;
  // Of the log last looked at, for who asks next or opens its line: to open one means to read the
  // index of its tables, and its whole write-ahead log where it is not sealed.
  std::unique_ptr<LogReader> opened;
};

// Names as of one moment. Immutable.
struct Recording::Names {
  struct Log {
    LogId session;      // 0: an ancestor cannot be read
    std::string name;   // the session's for a main line
    bool main = false;
  };
  std::map<LogId, Log> logs;  // readable ones

  std::vector<LogId> Sessions() const;
  // A log by "#7", or by its name; `session` 0: a session by name, else a branch of it, `main`
  // included. Of several the newest.
  std::optional<LogId> Find(const std::string& text, LogId session) const;
  // The log that "session:branch", "branch", "session" or "#7" names; a branch alone is one of
  // `session`, if that is settled.
  std::optional<LogId> FindLine(const std::string& text, std::optional<LogId> session) const;
  // What Find would accept.
  std::vector<std::string> Choices(LogId session) const;
  // How the log is called within its session, unambiguously.
  std::string BranchText(LogId log) const;
  std::string SessionText(LogId session) const;
};

}  // namespace backstep::store
