// Scenario scripts: commands, what they print and how they end. One script is one file *.txt.
//
//   # a comment
//   needs relay              skips the script where this program was not built
//   file NAME                writes a file of the lines that follow
//   | line                   a line of it
//   $ COMMAND                runs a shell command in the scenario's own directory
//   > line                   a line that it prints (stdout and stderr); see placeholders
//   > ...                    any number of lines
//   ? 2                      its exit code; 0 where nothing is said
//   start NAME COMMAND       starts one program in the background (no shell syntax)
//   await FILE               waits until the file is there
//   signal NAME INT          sends a signal (INT or TERM)
//   kill NAME                ends it as a crash would (SIGKILL)
//   wait NAME                waits for its end; `>` and `?` lines as after `$`
//   reopen REC               copies the recording elsewhere without its index, checks that it is
//                            sound and has the same digest, and goes on with the copy
//
// Placeholders: <n> number, <hex>, <size>, <dur> duration, <time> date and time, <path>, <any>.
// Runs of spaces count as one.
#pragma once

#include <string>
#include <vector>

namespace backstep::testing {

struct ScriptLine {
  int number = 0;              // in its file, from 1
  std::string word;            // "$", "start", "file", ...
  std::string text;            // what follows it
  std::vector<std::string> lines;   // `>` or `|` lines
  int exit_code = 0;
};

// Throws std::runtime_error: file, line and what is wrong.
std::vector<ScriptLine> ParseScript(const std::string& text, const std::string& origin);

// Where and how `actual` differs from the expected lines; empty: it matches.
std::string Mismatch(const std::vector<std::string>& expected, const std::string& actual);

}  // namespace backstep::testing
