// Two texts that differ, as two short lines a person can compare.
#pragma once

#include <string>
#include <string_view>

namespace backstep::replay {

struct Difference {
  std::string expected, actual;
};

// Excerpts around the first differing byte, quoted, control bytes escaped, each with `label` and
// the byte in front: `llm request 0 from byte 41: "…"`. Stable wording, bounded length.
Difference DescribeDifference(const std::string& label, std::string_view recorded,
                              std::string_view here);
// At most `bytes_max` bytes of `text`, quoted and escaped.
std::string Quote(std::string_view text, size_t bytes_max);

}  // namespace backstep::replay
