#include "backstep/replay/engine/turns.h"

#include <algorithm>

namespace backstep::replay {

uint64_t Turns::Decide() {
  order_.push_back(next_);
  return next_++;
}

uint64_t Turns::ActivationOf(const StepKey& step) const {
  const auto running = running_.find(step);
  return running == running_.end() ? 0 : running->second.activation;
}

void Turns::Begin(const recorder::StepInfo& step, uint64_t decided) {
  const uint64_t activation = step.caller ? ActivationOf(*step.caller) : decided;
  running_[{step.agent, step.clock}] = {activation, step.agent_name};
}

void Turns::AwaitCommit(std::unique_lock<std::mutex>& lock, const recorder::StepInfo& step) {
  const uint64_t activation = ActivationOf({step.agent, step.clock});
  changed_.wait(lock, [&] { return order_.empty() || order_.front() == activation; });
}

uint64_t Turns::HolderOf(const std::string& agent, uint64_t but) const {
  for (const auto& [key, running] : running_) {
    if (running.agent == agent && running.activation != but) return running.activation;
  }
  return 0;
}

bool Turns::WaitsFor(uint64_t waiter, uint64_t target) const {
  for (auto at = waits_for_.find(waiter); at != waits_for_.end(); at = waits_for_.find(at->second)) {
    if (at->second == target) return true;
  }
  return false;
}

void Turns::MoveToFront(uint64_t activation) {
  const auto at = std::find(order_.begin(), order_.end(), activation);
  if (at == order_.end()) return;
  order_.erase(at);
  order_.push_front(activation);
}

bool Turns::AwaitCall(std::unique_lock<std::mutex>& lock, const recorder::StepInfo& step,
                      const std::string& agent) {
  const uint64_t activation = ActivationOf({step.agent, step.clock});
  called_.insert(agent);
  while (true) {
    const uint64_t holder = HolderOf(agent, activation);
    const bool first = order_.empty() || order_.front() == activation;
    waits_for_.erase(activation);
    if (holder == 0 && first) return true;
    if (holder != 0) {
      if (WaitsFor(holder, activation)) return false;
      waits_for_[activation] = holder;
      if (first) {
        MoveToFront(holder);
        changed_.notify_all();
      }
    }
    changed_.wait(lock);
  }
}

void Turns::Commit(const recorder::StepInfo& step) {
  const StepKey key{step.agent, step.clock};
  const uint64_t activation = ActivationOf(key);
  running_.erase(key);
  if (!step.caller) End(activation);
  changed_.notify_all();
}

void Turns::End(uint64_t activation) {
  const auto at = std::find(order_.begin(), order_.end(), activation);
  if (at != order_.end()) order_.erase(at);
  std::erase_if(running_, [&](const auto& entry) {
    return entry.second.activation == activation;
  });
  changed_.notify_all();
}

CallError CallsEachOther(const std::string& caller, const std::string& called) {
  return {"cancelled", 0, caller + " and " + called + " call each other at the same time", {}};
}

}  // namespace backstep::replay
