// Collects differences up to a number and counts the rest. Internal to the comparison.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backstep/replay/compare.h"

namespace backstep::replay {

// One thread.
class ValueDiffs {
 public:
  explicit ValueDiffs(size_t most) : most_(most) {}

  bool HasRoom() const { return diffs_.size() < most_; }
  // Excerpts are made of the texts. An empty text is absent on that side.
  void Add(const std::string& path, std::string_view before, std::string_view after);
  // One more that is not kept.
  void Count() { ++left_out_; }
  bool empty() const { return diffs_.empty() && left_out_ == 0; }
  // What was kept and, where something was not, an entry "…" that counts it.
  std::vector<ValueDiff> Take();

 private:
  size_t most_;
  size_t left_out_ = 0;
  std::vector<ValueDiff> diffs_;
};

// By JSON pointer. False: one of them is no JSON, or is nested too deep to be compared so.
bool DiffJson(std::string_view before, std::string_view after, ValueDiffs* diffs);
// By line.
void DiffText(std::string_view before, std::string_view after, ValueDiffs* diffs);

}  // namespace backstep::replay
