#include "backstep/replay/view/text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "backstep/base/utf8.h"

namespace backstep::replay {
namespace {

std::string Printf(const char* format, double value, const char* unit) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value, unit);
  return buffer;
}

size_t WidthOf(uint32_t c) {
  const bool combining = (c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) ||
                         (c >= 0xfe00 && c < 0xfe10) || (c >= 0x20d0 && c < 0x2100);
  if (combining) return 0;
  const bool wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
                    (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
                    (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
                    (c >= 0x1f300 && c < 0x1f650) || (c >= 0x1f680 && c < 0x1f700) ||
                    (c >= 0x1f900 && c < 0x1fa00) || (c >= 0x20000 && c < 0x40000);
  return wide ? 2 : 1;
}

// Control characters, and those that turn the direction of the text around them.
bool IsUnsafe(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c < 0x202f) ||
         (c >= 0x2066 && c < 0x206a) || c == 0x2028 || c == 0x2029;
}

void AppendEscaped(uint32_t c, std::string* out) {
  char buffer[16];
  switch (c) {
    case '\n': *out += "\\n"; return;
    case '\r': *out += "\\r"; return;
    case '\t': *out += "\\t"; return;
    default:
      std::snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      *out += buffer;
  }
}

std::string Safe(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    if (c.bytes == 0) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\x%02x", static_cast<uint8_t>(text[at++]));
      out += buffer;
      continue;
    }
    const bool kept = keep_lines && (c.value == '\n' || c.value == '\t');
    if (IsUnsafe(c.value) && !kept) {
      AppendEscaped(c.value, &out);
    } else {
      out.append(text, at, c.bytes);
    }
    at += c.bytes;
  }
  return out;
}

}  // namespace

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  static constexpr const char* kUnits[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 999.95 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return Printf("%.1f %s", value, kUnits[unit]);
}

std::string FormatByteDelta(int64_t bytes) {
  if (bytes == 0) return "0";
  const uint64_t size =
      bytes < 0 ? ~static_cast<uint64_t>(bytes) + 1 : static_cast<uint64_t>(bytes);
  return (bytes < 0 ? "-" : "+") + FormatBytes(size);
}

std::string FormatDuration(DurationNs duration) {
  if (duration.ns < 0) {
    if (duration.ns == INT64_MIN) ++duration.ns;
    return "-" + FormatDuration({-duration.ns});
  }
  const double ns = static_cast<double>(duration.ns);
  if (duration.ns < 1000) return std::to_string(duration.ns) + " ns";
  if (ns < 999.95e3) return Printf("%.1f %s", ns / 1e3, "us");
  if (ns < 999.95e6) return Printf("%.1f %s", ns / 1e6, "ms");
  if (ns < 99.995e9) return Printf("%.2f %s", ns / 1e9, "s");
  const int64_t seconds = duration.ns / 1'000'000'000;
  if (seconds < 3600) {
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  }
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
}

std::string FormatWallTime(TimeNs wall) {
  if (wall.ns <= 0) return "-";
  const time_t seconds = wall.ns / 1'000'000'000;
  tm parts{};
  char buffer[32];
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &parts);
  return buffer;
}

std::string FormatCost(double usd) {
  if (usd == 0) return "$0";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, std::abs(usd) < 1 ? "$%.4f" : "$%.2f", usd);
  return buffer;
}

std::string FormatCount(uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string FormatOutcome(const Outcome& outcome) {
  std::string out = OutcomeName(outcome.kind);
  if (outcome.score) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, ", score %.6g", *outcome.score);
    out += buffer;
  }
  if (!outcome.reason.empty()) out += " (" + OneLine(outcome.reason) + ")";
  return out;
}

std::string FormatCallError(const CallError& error) {
  std::string out = error.kind;
  if (error.code != 0) out += " " + std::to_string(error.code);
  if (!error.message.empty()) out += ": " + error.message;
  return out;
}

std::string FormatStep(const store::Line& line, AgentId agent, AgentClock clock) {
  return line.AgentName(agent) + "/" + std::to_string(clock.value);
}

std::string FormatEffect(const store::Line& line, AgentId agent, AgentClock clock,
                         uint32_t ordinal) {
  return FormatStep(line, agent, clock) + "#" + std::to_string(ordinal);
}

std::string FormatMomentOf(const store::Recording& recording, const store::Line& line,
                           StepNumber step) {
  return recording.FormatMoment({line.id(), step});
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    width += c.bytes == 0 ? 1 : WidthOf(c.value);
    at += c.bytes == 0 ? 1 : c.bytes;
  }
  return width;
}

std::string OneLine(std::string_view text) { return Safe(text, false); }

std::string SafeLines(std::string_view text) { return Safe(text, true); }

std::string Elide(std::string_view text, size_t columns) {
  if (text.size() <= columns || DisplayWidth(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string out;
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    const size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    width += c.bytes == 0 ? 1 : WidthOf(c.value);
    if (width > columns - 1) break;
    out.append(text, at, bytes);
    at += bytes;
  }
  return out + "…";
}

std::string Joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

std::string_view CutUtf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  return text.substr(0, CharacterStart(text, bytes));
}

std::string ShellQuote(std::string_view text) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,#";
  const bool plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos &&
                     text.front() != '#';
  if (plain) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\''";
    else out += c;
  }
  return out + "'";
}

}  // namespace backstep::replay
