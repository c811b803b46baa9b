// What a re-execution came to: the summary, what changed, and how it compares with its parent.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/reexecute.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/schemas/experiment.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

struct ReplayReport {
  ReplayResult result;
  std::string fork;                 // moment of the parent
  std::string parent;               // branch name of the parent
  std::string schedule;             // "served", "free"
  std::string experiment;           // in words
  bool baseline = false;            // nothing was changed
  bool continues = false;           // nothing was changed: it went on where its parent stopped
  Outcome before, after;
  std::optional<Comparison> comparison;  // with the parent; none when there is no branch to compare
  // What the branch's build has proved so far: nullopt where the program's hash is not known.
  std::optional<BaselineState> proved;
  std::vector<std::string> warnings;
  // Reproduced everything (a baseline), or took full effect without a divergence (an experiment).
  bool good() const;
};

// Reads the branch and its parent. A result without a branch (a child that never began) gives a
// report without comparison. Corruption, Io: a log cannot be read.
Result<ReplayReport> MakeReplayReport(const store::Recording& recording,
                                      const Experiment& experiment, ReplayResult result);

// The summary in words, one or two sentences.
std::string ExplainReplay(const ReplayReport& report);

std::string ToJson(const std::vector<ReplayReport>& reports);

}  // namespace backstep::replay
