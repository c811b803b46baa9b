// Whether the steps of a branch came out as its parent's. Private to this folder.
#pragma once

#include <unordered_map>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// Aligns by (agent, agent clock) and decides as Compare does (replay/compare.h), one step at a
// time, so that its memory does not grow with the lines. One thread; neither line is owned.
class ParentSteps {
 public:
  ParentSteps(store::Line& parent, store::Line& branch) : parent_(parent), branch_(branch) {}

  // `step` is the branch's, after its fork. False too where the parent has no such step after the
  // fork. Corruption, Io: as of store::Line.
  Result<bool> Same(const StepRecord& step);

 private:
  // The parent's name for an agent of the branch; nullopt: it has none of that name.
  std::optional<AgentId> InParent(AgentId agent);

  store::Line& parent_;
  store::Line& branch_;
  std::unordered_map<AgentId, std::optional<AgentId>> agents_;
};

}  // namespace backstep::replay
