// The debugger's side of a re-execution: starts the program as a child that serves as replay host
// (Cap'n Proto RPC on a socket named in its environment), follows it, ends it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/reexecute.h"

namespace backstep::replay {

struct LaunchOptions {
  std::vector<std::string> command;      // argv; [0] is looked up in PATH
  std::string working_directory;         // empty: here
  DurationNs connect_max{10'000'000'000};// for the child to serve
  // Without a step that begins or ends, outside of live calls: hung. A live call may take as long
  // as the experiment's limit of wall time lets it; past that the branch ends as "limit".
  DurationNs silence_max{60'000'000'000};
  size_t output_bytes_max = 1 << 20;     // of stdout + stderr kept; the rest is counted
  std::function<void(const Progress&)> progress;
  const std::atomic<bool>* cancel = nullptr;  // not owned; kills the process group
};

struct LaunchResult {
  ReplayResult replay;
  std::string output;                    // what the child printed, bounded
  int exit_code = 0;                     // of the child; -signal when killed
};

// Runs `experiment` in a child. A child that crashes, hangs, is cancelled or is no replay host is
// a result ("crashed", "cancelled", "limit") with the reason in replay.detail.
// NotFound: no such program. InvalidArgument: from CheckExperiment, in the child's words.
Result<LaunchResult> Launch(const std::string& recording_path, const Experiment& experiment,
                            const LaunchOptions& options);

// Where a live run stands that another process makes through RunProgram, also when that has died.
// One thread. Destroying it removes what the run was given.
class RunPosition {
 public:
  // nullptr: the system has no room for it; the run does without.
  static std::unique_ptr<RunPosition> Create();
  ~RunPosition();

  // What the program finds in $BACKSTEP_POSITION.
  const std::string& path() const;
  // All zero: it was never told.
  Position Read() const;

 private:
  struct Page;
  explicit RunPosition(std::unique_ptr<Page> page);
  const std::unique_ptr<Page> page_;
};

// Serves one debugger on $BACKSTEP_REPLAY_SOCKET; called by RunProgram. Returns an exit code.
int ServeReplay(Program& program, const std::string& socket_path);

// The recorded command line with the file that really ran in front; empty: it is not known.
std::vector<std::string> RecordedCommand(const LogHeader& header);

// Recordings that `backstep run` made for this user on this machine may be re-executed without
// asking. Kept in $XDG_STATE_HOME/backstep (default ~/.local/state/backstep).
Status RememberTrusted(const std::string& recording_path, const LogHeader& header);
// ok: trusted and the binary is the same. NotFound: not trusted. InvalidArgument: the binary has
// changed (named).
Status CheckTrusted(const std::string& recording_path, const LogHeader& header);

}  // namespace backstep::replay
