#include "backstep/replay/program.h"

#include <set>

namespace backstep::replay {

Decision Program::Next(const CutView& cut, std::string*) { return OldestDeliverable(cut); }

Decision OldestDeliverable(const CutView& cut) {
  std::set<std::string> free;
  for (const AgentView& agent : cut.agents) {
    if (!agent.busy) free.insert(agent.name);
  }
  for (const Deliverable& message : cut.deliverable) {
    if (free.count(message.to) != 0) return Decision::Activate(message.to, {message.id});
  }
  return Decision::Finish(cut.outcome.value_or(Outcome{}));
}

}  // namespace backstep::replay
