// Values as people read them: sizes, times, ids, safe and cut text. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/time.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

std::string FormatBytes(uint64_t bytes);          // "812 B", "1.2 KB", "3.4 MB" (1 KB = 1000 B)
std::string FormatByteDelta(int64_t bytes);       // "+1.2 KB", "-12 B", "0"
std::string FormatDuration(DurationNs duration);  // "850 ns", "1.2 ms", "3.40 s", "2 min 5 s"
std::string FormatWallTime(TimeNs wall);          // "2031-05-02 17:03:11" in local time; "-" for 0
std::string FormatCost(double usd);               // "$0.0123"; "$0" for nothing
std::string FormatCount(uint64_t count, std::string_view noun);  // "1 step", "12 steps"

// The outcome with its score and reason: "failed (2 tests failed)", "ok, score 0.9".
std::string FormatOutcome(const Outcome& outcome);
// An error of a call: "rate_limit 429: slow down", its texts as they are.
std::string FormatCallError(const CallError& error);

// "planner/12" of a step, "planner/12#1" of one of its effects.
std::string FormatStep(const store::Line& line, AgentId agent, AgentClock clock);
std::string FormatEffect(const store::Line& line, AgentId agent, AgentClock clock,
                         uint32_t ordinal);
// "main:812".
std::string FormatMomentOf(const store::Recording& recording, const store::Line& line,
                           StepNumber step);

// "a, b, c".
std::string Joined(const std::vector<std::string>& words, std::string_view between = ", ");

// Terminal columns that the text takes: UTF-8, wide East Asian characters and emoji count two.
size_t DisplayWidth(std::string_view text);
// One line that is safe on a terminal: control characters become visible escapes (\n, \x1b), bytes
// that are no UTF-8 become \xNN.
std::string OneLine(std::string_view text);
// As OneLine, but keeps line breaks and tabs.
std::string SafeLines(std::string_view text);
// `text` cut to `columns`, "…" marking the cut. `text` is one line.
std::string Elide(std::string_view text, size_t columns);
// The longest beginning of `text` of at most `bytes` bytes that does not cut a UTF-8 character.
std::string_view CutUtf8(std::string_view text, size_t bytes);
// The text as one word of a POSIX shell command line.
std::string ShellQuote(std::string_view text);

}  // namespace backstep::replay
