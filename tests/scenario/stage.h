// Runs scenario scripts against the built programs, each in a directory of its own.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

#include "backstep/tests/scenario/script.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::testing {

// One thread. Processes that it started and that still run are killed when it ends.
class Stage {
 public:
  Stage();
  ~Stage();

  struct Ended {
    int code = 0;              // -signal when a signal ended it
    std::string output;        // stdout and stderr
  };

  // Runs a shell command to its end; killed after two minutes.
  Ended Run(const std::string& command);
  // What is wrong with one line of a script; empty: it went as written. Sets `skip` on `needs`.
  std::string Play(const ScriptLine& line, bool* skip);
  std::string Path(const std::string& name) const { return directory_ / name; }

 private:
  pid_t Start(const std::string& command, const std::string& output_path);
  Ended WaitFor(pid_t pid, const std::string& output_path);
  std::string CheckEnded(const ScriptLine& line, const Ended& ended) const;
  std::string Reopen(const std::string& name);
  std::string PlayProcess(const ScriptLine& line);
  bool Await(const std::string& name) const;

  TempDir directory_;
  std::map<std::string, pid_t> started_;
  int commands_ = 0;
};

}  // namespace backstep::testing
