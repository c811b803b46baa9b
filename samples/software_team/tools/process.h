// Runs a program to its end, with limits.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"

namespace team {

struct ProcessResult {
  int exit_code = 0;      // minus the signal when it was killed
  std::string output;     // standard output and errors, at most 64 KiB
  bool timed_out = false;
};

// With the file `input` (empty: none) as standard input, in `directory`. After `limit_ms` it is
// killed with all that it started. NotFound: there is no such program.
backstep::Result<ProcessResult> RunProcess(const std::vector<std::string>& command,
                                           const std::string& directory, const std::string& input,
                                           int limit_ms);

}  // namespace team
