// Where a command writes: stdout and stderr with width, colour and a closed pipe in mind.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::cli {

// Exit codes; the only ones there are (docs/cli.md).
enum ExitCode : int {
  kDone = 0,
  kAnswerIsNo = 1,       // docs/cli.md lists what is one
  kWrongUse = 2,
  kUnreadable = 3,       // the recording cannot be read
  kProgramFailed = 4,
};

enum class Paint { kPlain, kBold, kDim, kRed, kGreen, kYellow };

// One thread. Writes are buffered; a closed stdout is remembered and ends long output.
class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // A line on stdout. `line` is safe text (see replay/view/text.h); over-long lines are cut at
  // `columns()`.
  void Line(std::string_view line, Paint paint = Paint::kPlain);
  // A line built of parts that may be painted; not cut.
  void Raw(std::string_view bytes);
  // A long text, wrapped at spaces to columns(), every line after `indent` spaces.
  void Wrapped(std::string_view text, size_t indent = 0, Paint paint = Paint::kPlain);
  // A command line to paste: indented, whole however long it is.
  void Command(std::string_view line);
  // "heading" with an empty line before it, except at the top.
  void Heading(std::string_view text);
  // On stderr: "backstep: text" / "backstep: warning: text", wrapped; a line that begins with two
  // spaces is a command to paste and stays whole.
  void Error(std::string_view text);
  // The same in one line, however long.
  void ErrorLine(std::string_view text);
  void Warning(std::string_view text);
  void Note(std::string_view text);
  // Writes what is buffered. False: stdout is closed or failed; nothing more need be made.
  bool Flush();
  bool closed() const { return closed_; }
  // kDone-like `code`, or kWrongUse with a message when stdout could not take the output.
  int Finish(int code);

  size_t columns() const { return 100; }
  bool color() const { return color_; }
  bool error_is_terminal() const { return error_is_terminal_; }
  bool input_is_terminal() const { return input_is_terminal_; }
  // The command line of this process, for lines to paste.
  void SetCommandLine(std::vector<std::string> arguments) { command_line_ = std::move(arguments); }
  const std::vector<std::string>& command_line() const { return command_line_; }
  std::string Painted(std::string_view text, Paint paint) const;

  // Reports `status` and returns its exit code: wrong words are 2, a damaged recording 3.
  int Fail(const Status& status);
  // As Fail for what stops the recording from being opened: always 3.
  int FailUnreadable(const Status& status);

 private:
  void ErrorLines(std::string_view prefix, std::string_view text, Paint paint);

  std::vector<std::string> command_line_;
  std::string buffer_;
  bool closed_ = false;
  int write_errno_ = 0;
  bool color_ = false, error_color_ = false;
  bool error_is_terminal_ = false, input_is_terminal_ = false;
  bool anything_ = false;
};

// Lines of at most `columns`, broken at spaces where there are some.
std::vector<std::string> WrapText(std::string_view text, size_t columns);

// One line on a terminal's stderr that says how far long work has come, with rate and ETA; nothing
// where stderr is no terminal. One thread.
class ProgressLine {
 public:
  // `verb`: "replaying"; `unit`: "steps", or "bytes" for sizes.
  ProgressLine(const Console& console, std::string verb, std::string unit);
  ~ProgressLine();
  void Update(uint64_t done, uint64_t total, const std::string& extra = {});
  void Clear();

 private:
  std::string Text(uint64_t done, uint64_t total, const std::string& extra) const;

  const bool on_;
  const std::string verb_, unit_;
  int64_t began_ns_, shown_ns_ = 0;
  bool visible_ = false;
};

}  // namespace backstep::cli
