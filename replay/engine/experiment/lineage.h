// The experiments a line stands on: the faults of its live run, and each branch's edits and faults.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/replay/engine/match/recorded.h"
#include "backstep/schemas/experiment.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

// A fault plan in force on a line, with its seed.
struct InheritedFaults {
  recorder::FaultPlan plan;
  uint64_t seed = 0;
  // How often each fault (by id) had been applied at the fork, messages that open steps had sent
  // and others taken included; for calls, in the whole line: what a call's fault did there lies in
  // its recorded answer.
  std::map<std::string, uint64_t> applied_before;
};

struct Lineage {
  std::vector<InheritedFaults> faults;   // the live run's first
  std::vector<Edit> edits;               // the oldest branch's first
};

// What a re-execution applies again. Corruption: a branch's experiment does not parse.
Result<Lineage> ReadLineage(store::Recording& recording, const Recorded& recorded);

}  // namespace backstep::replay
