#include "backstep/replay/view/timeline/parent_steps.h"

#include "backstep/replay/compare/step_compare.h"

namespace backstep::replay {

std::optional<AgentId> ParentSteps::InParent(AgentId agent) {
  const auto known = agents_.find(agent);
  if (known != agents_.end()) return known->second;
  return agents_[agent] = parent_.FindAgent(branch_.AgentName(agent));
}

Result<bool> ParentSteps::Same(const StepRecord& step) {
  const auto agent = InParent(step.agent);
  if (!agent) return false;
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, parent_.StepOf(*agent, step.clock));
  if (!number || *number <= branch_.fork()) return false;
  BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, parent_.Step(*number));
  if (record.state.hash != step.state.hash || record.error.has_value() != step.error.has_value()) {
    return false;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const LoadedStep theirs, LoadStep(parent_, record));
  BACKSTEP_ASSIGN_OR_RETURN(const LoadedStep ours, LoadStep(branch_, step));
  BACKSTEP_ASSIGN_OR_RETURN(const auto found, CompareSteps(parent_, theirs, branch_, ours));
  return found.empty();
}

}  // namespace backstep::replay
