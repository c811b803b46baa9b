#include <unistd.h>

#include <cstdio>

#include "backstep/base/time.h"
#include "backstep/cli/terminal/console.h"
#include "backstep/replay/view/text.h"

namespace backstep::cli {
namespace {

constexpr int64_t kShowEveryNs = 100'000'000;
// Work that ends sooner shows nothing.
constexpr int64_t kQuietNs = 300'000'000;

int64_t NowNs() { return SystemClock().Monotonic().ns; }

void WriteError(const std::string& text) {
  // Progress that nobody sees is no failure.
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace

ProgressLine::ProgressLine(const Console& console, std::string verb, std::string unit)
    : on_(console.error_is_terminal()),
      verb_(std::move(verb)),
      unit_(std::move(unit)),
      began_ns_(NowNs()) {}

ProgressLine::~ProgressLine() { Clear(); }

std::string ProgressLine::Text(uint64_t done, uint64_t total, const std::string& extra) const {
  const double seconds = static_cast<double>(NowNs() - began_ns_) / 1e9;
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const bool sizes = unit_ == "bytes";
  const auto amount = [&](uint64_t n) {
    return sizes ? replay::FormatBytes(n) : std::to_string(n);
  };
  std::string text = verb_ + "  " + amount(done);
  if (total != 0) text += " of " + amount(total);
  if (!sizes) text += " " + unit_;
  char buffer[64];
  if (total != 0 && done <= total) {
    std::snprintf(buffer, sizeof buffer, "  %.0f %%",
                  100.0 * static_cast<double>(done) / static_cast<double>(total));
    text += buffer;
  }
  text += "  " + amount(static_cast<uint64_t>(rate)) + (sizes ? "/s" : " " + unit_ + "/s");
  if (total > done && rate > 0) {
    const double left = static_cast<double>(total - done) / rate;
    text += "  " + replay::FormatDuration({static_cast<int64_t>(left * 1e9)}) + " left";
  }
  return extra.empty() ? text : text + "  " + extra;
}

void ProgressLine::Update(uint64_t done, uint64_t total, const std::string& extra) {
  const int64_t now = NowNs();
  if (!on_ || now - began_ns_ < kQuietNs || now - shown_ns_ < kShowEveryNs) return;
  shown_ns_ = now;
  visible_ = true;
  WriteError("\r\x1b[K" + replay::Elide(replay::OneLine(Text(done, total, extra)), 99));
}

void ProgressLine::Clear() {
  if (!visible_) return;
  visible_ = false;
  WriteError("\r\x1b[K");
}

}  // namespace backstep::cli
