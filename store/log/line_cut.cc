// Checkpoints: the fold of a line up to a moment, from the nearest snapshot on.
#include <algorithm>
#include <tuple>

#include "backstep/store/log/line_reader.h"

namespace backstep::store {
namespace {

// Deeper nesting is sorted as if it were this deep.
constexpr size_t kNestingMax = 100;

using Caller = std::optional<StepRef>;

// How many of `callers` a step is nested in; a circle of callers ends at kNestingMax.
size_t Depth(const std::map<StepRef, Caller>& callers, StepRef step) {
  size_t depth = 0;
  auto found = callers.find(step);
  while (found != callers.end() && found->second && depth < kNestingMax) {
    ++depth;
    found = callers.find(*found->second);
  }
  return depth;
}

// Callers before the steps nested in them where the clock does not tell.
std::vector<OpenStep> InOrderOfBeginning(std::vector<OpenStep> steps) {
  std::map<StepRef, Caller> callers;
  for (const OpenStep& step : steps) {
    callers[{step.begin.agent, step.begin.clock}] = step.begin.caller;
  }
  std::map<std::tuple<StepNumber, TimeNs, size_t, StepRef>, OpenStep> sorted;
  for (OpenStep& step : steps) {
    const StepRef ref{step.begin.agent, step.begin.clock};
    const std::tuple place(step.begin.begin_after, step.begin.began_wall, Depth(callers, ref), ref);
    sorted.emplace(place, std::move(step));
  }
  std::vector<OpenStep> out;
  for (auto& [place, step] : sorted) out.push_back(std::move(step));
  return out;
}

}  // namespace

Result<CutState> LineReader::FoldAt(size_t j, StepNumber number) const {
  const LogReader& log = *chain_[j];
  BACKSTEP_ASSIGN_OR_RETURN(auto snapshot, log.Snapshot(number));
  CutState cut;
  if (snapshot) {
    cut = std::move(*snapshot);
  } else if (j + 1 < chain_.size()) {
    // An ancestor that itself leaves its parent later than we leave it has no part in this cut.
    size_t parent = j + 1;
    while (parent + 1 < chain_.size() && chain_[parent]->start() > log.start()) ++parent;
    BACKSTEP_ASSIGN_OR_RETURN(cut, FoldAt(parent, log.start()));
  }
  const StepNumber from = cut.step;
  BACKSTEP_RETURN_IF_ERROR(log.ScanOutside(
      from, number, [&](const MessageRecord& message) { cut.AddOutside(message); }));
  BACKSTEP_RETURN_IF_ERROR(
      log.ScanSteps(from.Next(), number, [&](const StepRecord& record) {
        cut.Apply(record);
        return true;
      }));
  BACKSTEP_RETURN_IF_ERROR(AddOpen(j, from, number, &cut));
  return cut;
}

Status LineReader::AddOpen(size_t j, StepNumber from, StepNumber number, CutState* cut) const {
  const LogReader& log = *chain_[j];
  BACKSTEP_ASSIGN_OR_RETURN(const auto begun, log.BegunBefore(from, number));
  cut->open.insert(begun.begin(), begun.end());
  BACKSTEP_ASSIGN_OR_RETURN(const auto uncommitted, log.Uncommitted());
  for (const StepBegin& begin : uncommitted) {
    if (begin.begin_after < number || number == log.last()) {
      cut->open.insert({begin.agent, begin.clock});
    }
  }
  return {};
}

Result<CutState> LineReader::StateAt(StepNumber number) {
  BACKSTEP_RETURN_IF_ERROR(CheckStep(number));
  return FoldAt(HolderOf(number), number);
}

Result<OpenStep> LineReader::Opened(const StepRef& step, StepNumber number) {
  OpenStep out;
  std::optional<StepBegin> begin;
  // A branch begins the open steps of its fork again; at the fork itself they are the parent's.
  for (size_t j = 0; j < chain_.size() && !(begin && begin->begin_after < number); ++j) {
    if (chain_[j]->start() > number) continue;
    BACKSTEP_ASSIGN_OR_RETURN(auto found, chain_[j]->Begin(step));
    if (found && (!begin || found->begin_after < number)) begin = std::move(found);
  }
  if (!begin) {
    return Status::Corruption(own().path() + ": the beginning of " + AgentName(step.first) + "/" +
                              std::to_string(step.second.value) + " is missing");
  }
  out.begin = std::move(*begin);
  BACKSTEP_ASSIGN_OR_RETURN(out.commits_as, StepOf(step.first, step.second));
  if (out.commits_as && *out.commits_as <= number) out.commits_as.reset();
  BACKSTEP_ASSIGN_OR_RETURN(const auto effects, EffectsBy(step, number));
  out.effects_finished = static_cast<uint32_t>(effects.size());
  return out;
}

Result<std::vector<OpenStep>> LineReader::OpenAt(const CutState& cut) {
  std::vector<OpenStep> out;
  for (const StepRef& step : cut.open) {
    BACKSTEP_ASSIGN_OR_RETURN(OpenStep open, Opened(step, cut.step));
    out.push_back(std::move(open));
  }
  return InOrderOfBeginning(std::move(out));
}

Result<std::vector<OpenStep>> LineReader::OpenSteps() {
  BACKSTEP_ASSIGN_OR_RETURN(const CutState cut, StateAt(last()));
  return OpenAt(cut);
}

Result<Cut> LineReader::CutAt(StepNumber number) {
  BACKSTEP_ASSIGN_OR_RETURN(CutState state, StateAt(number));
  Cut cut;
  cut.step = number;
  cut.mailboxes = DeliveryOrder(state);
  BACKSTEP_ASSIGN_OR_RETURN(cut.open, OpenAt(state));
  std::map<AgentId, AgentClock> begun;
  for (const StepRef& step : state.open) {
    begun[step.first] = std::max(begun[step.first], step.second);
  }
  for (const AgentRecord& agent : agents_) {
    if (agent.id == kOutside) continue;
    const auto found = state.agents.find(agent.id);
    const bool acted = found != state.agents.end();
    if (!acted && !begun.contains(agent.id) && agent.registered_after > number) continue;
    AgentAt at{};
    at.id = agent.id;
    at.state = agent.initial_state;
    if (acted) {
      const CutState::Agent& known = found->second;
      at = {agent.id, known.clock, known.clock_max, known.last_step, known.virtual_end,
            known.state};
    }
    at.clock_max = std::max(at.clock_max, begun[agent.id]);
    cut.agents.push_back(std::move(at));
  }
  cut.virtual_time = state.virtual_time;
  cut.outcome = std::move(state.outcome);
  cut.scheduler_state = std::move(state.scheduler_state);
  return cut;
}

}  // namespace backstep::store
