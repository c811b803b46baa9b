// Which program re-executes a recording, and whether it may be run without asking.
#pragma once

#include <string>
#include <vector>

#include "backstep/cli/terminal/console.h"
#include "backstep/schemas/records.h"

namespace backstep::cli {

struct ReplayProgram {
  int code = kDone;                    // anything else: what the command returns (told already)
  std::vector<std::string> command;
  std::string working_directory;       // empty: here
};

// `given`: what stands after `--`; empty: the recorded command, which is run without asking only
// where `backstep run` recorded it for this user on this machine and its binary is the same. Else a
// terminal is asked to confirm the whole command line, and without one the line to paste is told.
ReplayProgram ChooseProgram(Console& console, const std::string& recording_path,
                            const LogHeader& header, const std::vector<std::string>& given);

}  // namespace backstep::cli
