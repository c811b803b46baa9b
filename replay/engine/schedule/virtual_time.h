// Virtual time per agent: one rule for runs under Program and for re-executions
// (docs/concepts.md, "Time").
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "backstep/schemas/records.h"

namespace backstep::replay {

using StepKey = std::pair<AgentId, AgentClock>;

// One thread at a time.
class VirtualTime {
 public:
  // The agent's time so far, where a branch starts.
  void SetAgent(AgentId agent, TimeNs end) { agent_end_[agent] = end; }
  // A step begins: not before its agent's previous one ended, its messages have arrived and its
  // caller has come so far.
  // `known`: it begins again when it began before.
  TimeNs Begin(StepKey step, TimeNs arrivals, TimeNs caller_virtual, std::optional<TimeNs> known);
  // A call or an answered nested call of an open step took `spent`.
  void Spend(StepKey step, DurationNs spent);
  // How far an open step has come; its agent's time when it is not open.
  TimeNs Now(StepKey step) const;
  // The step ends as recorded; its duration counts as its caller's.
  void End(const StepRecord& record);

 private:
  struct Open {
    TimeNs begin;
    DurationNs spent;
  };
  std::map<AgentId, TimeNs> agent_end_;
  std::map<StepKey, Open> open_;
};

}  // namespace backstep::replay
