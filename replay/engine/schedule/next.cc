#include "backstep/replay/program.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace backstep::replay {
namespace {

// For the first few messages the agents are looked through; for more, their names are gathered.
constexpr size_t kSearchedMax = 4;

class FreeAgents {
 public:
  explicit FreeAgents(const CutView& cut) : agents_(cut.agents) {}
  bool Has(const std::string& name) {
    if (searched_ < kSearchedMax) {
      ++searched_;
      return std::any_of(agents_.begin(), agents_.end(), [&](const AgentView& agent) {
        return !agent.busy && agent.name == name;
      });
    }
    if (!gathered_) {
      gathered_ = true;
      for (const AgentView& agent : agents_) {
        if (!agent.busy) names_.insert(agent.name);
      }
    }
    return names_.count(name) != 0;
  }

 private:
  const std::vector<AgentView>& agents_;
  size_t searched_ = 0;
  bool gathered_ = false;  // names_; there may be none
  std::unordered_set<std::string_view> names_;
};

}  // namespace

Decision Program::Next(const CutView& cut, std::string*) { return OldestDeliverable(cut); }

Decision OldestDeliverable(const CutView& cut) {
  FreeAgents free(cut);
  for (const Deliverable& message : cut.deliverable) {
    if (free.Has(message.to)) return Decision::Activate(message.to, {message.id});
  }
  return Decision::Finish(cut.outcome.value_or(Outcome{}));
}

}  // namespace backstep::replay
