// What `replay` prints about one re-execution.
#pragma once

#include <string>

#include "backstep/cli/terminal/console.h"
#include "backstep/replay/launch.h"
#include "backstep/replay/view/fork/replay_report.h"

namespace backstep::cli {

// One line with the counts and one in words, then what a person has to know: a divergence, a miss
// with the flag that goes on, what never took effect, what ran live.
void PrintReplay(Console& console, const replay::ReplayReport& report);

// The outcome before and after and the first difference; for experiments.
void PrintChange(Console& console, const replay::ReplayReport& report);

// The commands to type next. `paste`: the recording's path for a shell.
void PrintReplayNext(Console& console, const replay::ReplayReport& report,
                     const std::string& paste);

// What the program printed before it failed: its last lines.
void PrintChildOutput(Console& console, const replay::LaunchResult& launched);

}  // namespace backstep::cli
