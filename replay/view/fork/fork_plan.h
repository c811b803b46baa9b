// What an experiment would run, said before it runs: the recording is read, nothing is executed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/experiment.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

// Calls of one kind that the recording has after the fork. Each is answered from it as long as its
// request stays the same, and falls to the policy where it does not.
struct PlannedCalls {
  EffectKind kind = EffectKind::kLlm;
  MissPolicy policy = MissPolicy::kFail;  // what happens to one that has no answer
  bool mixed = false;                     // the policy depends on the tool's name
  uint64_t calls = 0;
  uint64_t live_calls = 0;                // of them, that a policy of the form lets run live
  Usage usage;                            // sums, as recorded
};

struct ForkPlan {
  std::string problem;             // why it cannot run so; empty: it can
  StepNumber from;                 // where it leaves the parent
  uint64_t steps_shared = 0;       // up to there, read and not run
  uint64_t steps_after = 0;        // of the parent, that are executed again
  std::vector<PlannedCalls> calls; // models, tools and the environment, where there are any
  uint64_t calls_recorded = 0;     // sum of them: how many answers the recording has for it
  uint64_t live_calls_max = 0;     // sum: as many as may run live if everything changes
  Usage live_usage_max;            // what those cost when they were recorded
  double budget_usd = -1;          // < 0: no limit
};

// `latest`: at the latest moment at which the experiment takes full effect, instead of its `from`.
// What is wrong with the experiment is the plan's `problem`. Corruption, Io: as of store::Line.
Result<ForkPlan> PlanFork(store::Recording& recording, Experiment experiment, bool latest);

// Two or three lines for a person.
std::vector<std::string> ExplainPlan(const ForkPlan& plan);

std::string ToJson(const ForkPlan& plan);

}  // namespace backstep::replay
