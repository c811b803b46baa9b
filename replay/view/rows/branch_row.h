// Branches of a session as a tree of rows, and whether the session has a faithful baseline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/experiment.h"
#include "backstep/schemas/records.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

struct BranchRow {
  LogId id, parent;
  std::string name;
  std::string fork;            // moment of its parent; empty: it is the main line
  int depth = 0;               // in the tree; the main line is 0
  store::LogState state = store::LogState::kSealed;
  std::string result;          // "finished", "paused", ...; "recorded" for a main line;
                               // "cancelled" / "crashed" / "live" where the log has no end
  std::string detail;
  std::optional<Position> died_at;  // where its process stood when it died, where that is known
  Outcome outcome;
  StepNumber last;
  ReplaySummary summary;
  std::string experiment;      // in words: "replace message planner/12.0"; "no change" for none
  std::string schedule;        // "served", "free"; empty for a main line
  bool baseline = false;       // re-executed from the session's start without any change
  bool check_restore = false;
  std::string executable_hash; // of the program that ran it; empty: not known
  TimeNs began_wall;
  std::string error;           // not empty: this log cannot be read, and why
};

// The main line first, then its branches, children after their parent.
Result<std::vector<BranchRow>> ViewBranches(const store::Recording& recording, LogId session);
std::string ToJson(const std::vector<BranchRow>& rows);

// "replace message planner/12.0; faults late.yaml; on miss llm=live".
std::string DescribeExperiment(const Experiment& experiment);
// Replaces, drops or injects something.
bool ChangesAnything(const Experiment& experiment);

// What the stored branches say about one build of the program.
struct BaselineState {
  std::string executable_hash;      // empty: not known
  bool recorded_build = false;      // it is the build that made the recording
  std::optional<bool> served, free; // passed or not; nullopt: not tried
  bool faithful() const { return served.value_or(false) && free.value_or(false); }
};

// One entry per program build that ran a baseline, the recorded build first (always there).
std::vector<BaselineState> Baselines(const std::vector<BranchRow>& rows);

}  // namespace backstep::replay
