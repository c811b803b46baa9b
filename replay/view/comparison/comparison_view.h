// A comparison of two lines or two checkpoints, ready to be shown.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/compare.h"
#include "backstep/store/line.h"

namespace backstep::replay {

struct ComparisonView {
  std::string a, b;                        // as a person would type them
  bool with_steps = true;                  // false: a side is the start, there are no steps
  Comparison lines;
  bool with_moments = false;               // `states` was asked for
  std::vector<AgentStateDiff> states;      // agents that differ at the two moments
  bool identical() const { return lines.identical() && states.empty(); }
};

struct ComparisonOptions {
  StepNumber a_until, b_until;             // 0: to the end
  bool with_moments = false;               // also compare the checkpoints at the two ends
  size_t most = 200;                       // differing steps that are kept
  CompareProgress progress = {};           // of the steps, then of the checkpoints
};

// `a_name`, `b_name`: what the sides are called. Errors: as of Compare.
Result<ComparisonView> ViewComparison(store::Line& a, store::Line& b, std::string a_name,
                                      std::string b_name, const ComparisonOptions& options);

std::string ToJson(const ComparisonView& view);

// Greatest first: "exact 12, live 3"; "none" without calls.
std::string FormatCalls(const CallCounts& calls);

}  // namespace backstep::replay
