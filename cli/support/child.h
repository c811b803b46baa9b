// Runs a program in the foreground: stdio and signals pass through.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::cli {

struct ChildExit {
  int code = 0;      // exit code; meaningful when signal is 0
  int signal = 0;    // the signal that ended it
  std::string Text() const;  // "exit code 3", "signal 11 (Segmentation fault)"
};

// Starts `command` ([0] is looked up in PATH) with `set` added to and `unset` removed from its
// environment, and waits for it. Ctrl-C reaches it through the terminal; signals sent to this
// process alone are passed on. NotFound: no such program. InvalidArgument: it cannot be executed.
Result<ChildExit> RunChild(const std::vector<std::string>& command,
                           const std::vector<std::pair<std::string, std::string>>& set,
                           const std::vector<std::string>& unset);

}  // namespace backstep::cli
