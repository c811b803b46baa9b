#include "backstep/replay/engine/schedule/virtual_time.h"

#include <algorithm>

namespace backstep::replay {

TimeNs VirtualTime::Begin(StepKey step, TimeNs arrivals, TimeNs caller_virtual,
                          std::optional<TimeNs> known) {
  const TimeNs begin =
      known ? *known : std::max({arrivals, caller_virtual, agent_end_[step.first]});
  open_[step] = {begin, {}};
  return begin;
}

void VirtualTime::Spend(StepKey step, DurationNs spent) {
  const auto open = open_.find(step);
  if (open != open_.end()) open->second.spent += spent;
}

TimeNs VirtualTime::Now(StepKey step) const {
  const auto open = open_.find(step);
  if (open != open_.end()) return open->second.begin + open->second.spent;
  const auto agent = agent_end_.find(step.first);
  return agent == agent_end_.end() ? TimeNs{} : agent->second;
}

void VirtualTime::End(const StepRecord& record) {
  open_.erase({record.agent, record.clock});
  agent_end_[record.agent] = record.began_virtual + record.duration;
  if (record.caller) Spend(*record.caller, record.duration);
}

}  // namespace backstep::replay
