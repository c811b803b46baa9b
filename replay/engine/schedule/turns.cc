#include "backstep/replay/engine/schedule/turns.h"

#include <algorithm>

namespace backstep::replay {

uint64_t Turns::Decide(const std::string& agent) {
  order_.push_back(next_);
  in_flight_.emplace(next_, agent);
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
  for (const auto& [activation, decided_for] : in_flight_) {
    if (decided_for == agent && activation != but) return activation;
  }
  for (const auto& [key, running] : running_) {
    if (running.agent == agent && running.activation != but) return running.activation;
  }
  for (const auto& [activation, called] : called_now_) {
    if (called == agent && activation != but) return activation;
  }
  return 0;
}

bool Turns::WaitsFor(uint64_t waiter, uint64_t target) const {
  for (auto at = waits_for_.find(waiter); at != waits_for_.end();
       at = waits_for_.find(at->second)) {
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
  if (!step.caller) RemoveFromOrder(activation);
  changed_.notify_all();
}

void Turns::EnterCalled(const recorder::StepInfo& step) {
  called_now_.emplace(ActivationOf(*step.caller), step.agent_name);
}

void Turns::LeaveCalled(const recorder::StepInfo& step) {
  const auto at = called_now_.find({ActivationOf(*step.caller), step.agent_name});
  if (at != called_now_.end()) called_now_.erase(at);
  changed_.notify_all();
}

void Turns::RemoveFromOrder(uint64_t activation) {
  const auto at = std::find(order_.begin(), order_.end(), activation);
  if (at != order_.end()) order_.erase(at);
}

void Turns::End(uint64_t activation) {
  RemoveFromOrder(activation);
  in_flight_.erase(activation);
  std::erase_if(running_, [&](const auto& entry) {
    return entry.second.activation == activation;
  });
  changed_.notify_all();
}

CallError CallsEachOther(const std::string& caller, const std::string& called) {
  return {"cancelled", 0, caller + " and " + called + " call each other at the same time", {}};
}

}  // namespace backstep::replay
