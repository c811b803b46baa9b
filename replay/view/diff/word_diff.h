// Inside a changed line. Internal to the text differences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backstep/replay/view/diff/text_diff.h"

namespace backstep::replay {

// The words that differ, neighbours joined.
void DiffWords(std::string_view before, std::string_view after, std::vector<DiffSpan>* in_before,
               std::vector<DiffSpan>* in_after);

// Where to begin to show two lines of which one is longer than `bytes_max`, so that their first
// difference is in sight; 0 where both fit.
size_t CutStart(std::string_view before, std::string_view after, size_t bytes_max);
// At most about `bytes_max` bytes of the line from `from` on, "…" where something is left out.
std::string CutLine(std::string_view line, size_t from, size_t bytes_max);

}  // namespace backstep::replay
