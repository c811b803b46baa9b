// One text against another for reading: lines in pairs, the words that changed inside them, and the
// lines around them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstep::replay {

// Bytes [first, second) of a line.
using DiffSpan = std::pair<size_t, size_t>;

struct DiffLine {
  enum class Kind : uint8_t {
    kSame,
    kChanged,   // both sides have it, unequal
    kRemoved,   // only the one before has it
    kAdded,     // only the one after has it
    kGap,       // `skipped` lines that are alike and not shown
  };
  Kind kind = Kind::kSame;
  std::string before, after;             // without their ends; of kSame both are the line
  uint64_t before_number = 0, after_number = 0;      // from 1; 0: that side has no such line
  std::vector<DiffSpan> before_spans, after_spans;   // of kChanged: what differs
  uint64_t skipped = 0;
};

struct TextDiff {
  std::vector<DiffLine> lines;
  uint64_t changed = 0;                  // lines that differ, in all
  uint64_t changed_shown = 0;
  bool cut() const { return changed_shown < changed; }
};

struct TextDiffOptions {
  size_t context = 3;                    // lines that are alike around each that differs
  size_t lines_max = 400;                // kept, gaps and context included
  size_t line_bytes_max = 2000;          // of a line; a longer one is cut around what differs
};

// Costs no more than a few passes over both texts, whatever they hold.
TextDiff DiffTexts(std::string_view before, std::string_view after,
                   const TextDiffOptions& options = {});

// As `diff -u` prints it, without the head: " same", "-before", "+after".
std::string ToUnified(const TextDiff& diff);

// The text as it is best compared by line: a JSON object or list laid out, strings with their own
// line breaks; anything else as it is.
std::string LaidOut(const std::string& text);

// Both laid out and compared; as they are where only the form differs.
TextDiff DiffLaidOut(const std::string& before, const std::string& after,
                     const TextDiffOptions& options = {});

}  // namespace backstep::replay
