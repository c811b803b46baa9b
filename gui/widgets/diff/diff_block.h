// A text difference that can be read, selected and copied: removed and added lines with a colour
// and a sign each, the words that changed in a stronger one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/gui/widgets/frame.h"
#include "backstep/replay/view/diff/text_diff.h"

namespace backstep::gui {

// One column of a difference, broken into rows of its width.
struct LaidOutSide {
  struct Row {
    replay::DiffLine::Kind kind = replay::DiffLine::Kind::kSame;
    bool absent = false;                        // the other side has a row here
    bool first = false;                         // of its line: has the sign
    bool after = false;                         // a row of what it is now
    size_t end = 0;                             // of its text in `text`, its line break included
    std::string label;                          // instead of text: what is left out
    std::vector<std::pair<float, float>> marks; // changed words, in pixels
  };
  std::string text;
  std::vector<Row> rows;
};

struct LaidOutDiff {
  LaidOutSide left, right;                      // unified: left only
};

// By what they show and the width they show it at.
struct LaidOutDiffs {
  std::map<Hash128, LaidOutDiff> known;
  std::map<std::string, std::pair<Hash128, replay::TextDiff>> typed;  // by id, of texts that change
};

// The difference of two texts that a person is changing, computed anew only when they have changed.
const replay::TextDiff& DiffOfTyped(Frame& frame, const std::string& id, const std::string& before,
                                    const std::string& after);

// kNone: where one side has nothing at all, all of it is no news.
enum class DiffMarks { kShown, kNone };

// `lines_max`: rows that are shown until the person asks for more; 0: all of them.
void SideBySideDiff(Frame& frame, const std::string& id, const replay::TextDiff& diff,
                    int lines_max, DiffMarks marks = DiffMarks::kShown);
void UnifiedDiff(Frame& frame, const std::string& id, const replay::TextDiff& diff, int lines_max);

// Wraps it, for tests: rows of both sides stand beside each other.
LaidOutDiff LayOutDiff(const replay::TextDiff& diff, ImFont* font, float size, float width,
                       bool unified);

}  // namespace backstep::gui
