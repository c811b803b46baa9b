// Where in a recording the faults of a plan would take effect.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_match.h"
#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// One thread; the line and the plan outlive it.
class FaultReach {
 public:
  static Result<FaultReach> Make(store::Line* line, const recorder::FaultPlan* plan,
                                 uint64_t seed);
  // The fault (id) that would meet the step, had it happened under the plan; nullopt: none. Calls
  // that a step open at `fork` had finished by then are out of reach; nullopt: no fork.
  Result<std::optional<std::string>> OnStep(const StepBegin& step,
                                            std::optional<StepNumber> fork) const;
  // The latest moment before the first step that any fault meets began; nullopt: none meets any.
  Result<std::optional<StepNumber>> First() const;

 private:
  FaultReach(store::Line* line, const recorder::FaultPlan* plan, uint64_t seed)
      : line_(line), plan_(plan), seed_(seed) {}
  recorder::StepFacts FactsOf(const StepBegin& step) const;
  recorder::MessageFacts FactsOf(const MessageRecord& message) const;
  Result<std::optional<std::string>> OnMessages(const StepBegin& step,
                                                const recorder::StepFacts& facts) const;

  store::Line* line_;
  const recorder::FaultPlan* plan_;
  uint64_t seed_;
  std::vector<SegmentRecord> segments_;
};

}  // namespace backstep::replay
