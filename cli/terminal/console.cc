#include "backstep/cli/terminal/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

const char* PaintCode(Paint paint) {
  switch (paint) {
    case Paint::kPlain: return "";
    case Paint::kBold: return "\x1b[1m";
    case Paint::kDim: return "\x1b[2m";
    case Paint::kRed: return "\x1b[31m";
    case Paint::kGreen: return "\x1b[32m";
    case Paint::kYellow: return "\x1b[33m";
  }
  return "";
}

std::string PaintText(std::string_view text, Paint paint, bool color) {
  if (!color || paint == Paint::kPlain) return std::string(text);
  return std::string(PaintCode(paint)) + std::string(text) + "\x1b[0m";
}

bool TerminalTakesColor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::strcmp(term, "dumb") == 0;
  return isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') && !dumb;
}

// Returns 0 or the errno.
int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

}  // namespace

std::vector<std::string> WrapText(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t line_break = text.find('\n');
    std::string_view line = text.substr(0, line_break);
    text = line_break == std::string_view::npos ? std::string_view() : text.substr(line_break + 1);
    while (replay::DisplayWidth(line) > columns) {
      // The elided form ends in a mark of three bytes that stands for one column.
      const size_t fits = replay::Elide(line, columns + 1).size() - 3;
      size_t cut = line.rfind(' ', fits);
      const bool at_space = cut != std::string_view::npos && cut > columns / 3;
      if (!at_space) cut = fits;
      lines.emplace_back(line.substr(0, cut));
      line.remove_prefix(cut + (at_space ? 1 : 0));
    }
    lines.emplace_back(line);
  }
  return lines;
}

Console::Console()
    : color_(TerminalTakesColor(STDOUT_FILENO)),
      error_color_(TerminalTakesColor(STDERR_FILENO)),
      error_is_terminal_(isatty(STDERR_FILENO) == 1),
      input_is_terminal_(isatty(STDIN_FILENO) == 1) {}

Console::~Console() { Flush(); }

std::string Console::Painted(std::string_view text, Paint paint) const {
  return PaintText(text, paint, color_);
}

void Console::Raw(std::string_view bytes) {
  anything_ = true;
  if (closed_) return;
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) Flush();
}

void Console::Line(std::string_view line, Paint paint) {
  Raw(Painted(replay::Elide(line, columns()), paint) + "\n");
}

void Console::Wrapped(std::string_view text, size_t indent, Paint paint) {
  for (const std::string& line : WrapText(text, columns() - indent)) {
    Line(std::string(indent, ' ') + line, paint);
  }
}

void Console::Command(std::string_view line) { Raw("  " + std::string(line) + "\n"); }

void Console::Heading(std::string_view text) {
  if (anything_) Line("");
  Line(text, Paint::kBold);
}

void Console::ErrorLines(std::string_view prefix, std::string_view text, Paint paint) {
  Flush();
  const std::string whole = std::string(prefix) + replay::SafeLines(text);
  std::string out;
  for (const std::string& line : WrapText(whole, SIZE_MAX)) {
    const bool command = line.rfind("  ", 0) == 0;
    for (const std::string& part : WrapText(line, command ? SIZE_MAX : columns())) {
      out += PaintText(part, paint, error_color_) + "\n";
    }
  }
  // Nobody is left to hear that stderr is closed.
  (void)WriteAll(STDERR_FILENO, out);
}

void Console::Error(std::string_view text) { ErrorLines("backstep: ", text, Paint::kRed); }

void Console::ErrorLine(std::string_view text) {
  Flush();
  const std::string line = "backstep: " + replay::OneLine(text);
  (void)WriteAll(STDERR_FILENO, PaintText(line, Paint::kRed, error_color_) + "\n");
}

void Console::Warning(std::string_view text) {
  ErrorLines("backstep: warning: ", text, Paint::kYellow);
}

void Console::Note(std::string_view text) { ErrorLines("backstep: ", text, Paint::kPlain); }

bool Console::Flush() {
  if (!closed_ && !buffer_.empty()) {
    write_errno_ = WriteAll(STDOUT_FILENO, buffer_);
    closed_ = write_errno_ != 0;
  }
  buffer_.clear();
  return !closed_;
}

int Console::Finish(int code) {
  Flush();
  if (write_errno_ == 0 || write_errno_ == EPIPE) return code;
  Error(std::string("cannot write the output: ") + std::strerror(write_errno_));
  return kWrongUse;
}

int Console::Fail(const Status& status) {
  Error(status.message());
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kInvalidArgument: return kWrongUse;
    case StatusCode::kCancelled: return kAnswerIsNo;
    default: return kUnreadable;
  }
}

int Console::FailUnreadable(const Status& status) {
  Error(status.message());
  return kUnreadable;
}

}  // namespace backstep::cli
