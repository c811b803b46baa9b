// A child in a process group of its own, its output in a pipe, never left as a zombie. Private.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/base/time.h"

namespace backstep::replay::host {

struct SpawnOptions {
  std::vector<std::string> command;   // [0] is looked up in PATH
  std::string working_directory;      // empty: here
  // Variables removed from, and then added to, this process's environment.
  std::vector<std::string> unset;
  std::vector<std::pair<std::string, std::string>> set;
};

// One thread at a time. Destroying it kills the group and reaps the child.
class ChildProcess {
 public:
  // Standard input is /dev/null, output and errors go to output_fd(); no other descriptor of ours
  // reaches it, and its signal handling is the default one.
  // NotFound: no such program or directory. InvalidArgument: it cannot be executed. Io: fork.
  static Result<std::unique_ptr<ChildProcess>> Spawn(const SpawnOptions& options);
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // The reading end of its output, not blocking; the caller takes it over.
  int TakeOutputFd();
  // Readable once it has ended; -1 where the kernel has no such thing (then ask Ended).
  int exit_fd() const { return exit_fd_; }
  // Whether it has ended; it is then not yet reaped.
  bool Ended() const;
  // Asks the group to end (SIGTERM), waits at most `grace` while calling `idle` now and then, and
  // then kills what is left of it (SIGKILL).
  void Terminate(DurationNs grace, const std::function<void()>& idle);
  // Waits at most `limit` for it to end by itself; calls `idle` now and then.
  bool AwaitEnd(DurationNs limit, const std::function<void()>& idle) const;
  // Kills what is left of the group and reaps the child: its exit code, or minus the signal.
  int Reap();

 private:
  ChildProcess(pid_t pid, int output_fd);
  pid_t pid_;
  int output_fd_;
  int exit_fd_;
  std::optional<int> exit_code_;
};

// "exited with code 3", "was killed by SIGSEGV".
std::string DescribeExit(int exit_code);

}  // namespace backstep::replay::host
