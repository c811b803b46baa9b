// Several activations at once, committed as if they had run one after the other: who may begin, who
// may commit, and who may call whom. docs/concepts.md, "Order".
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backstep/recorder/hook.h"
#include "backstep/replay/engine/schedule/virtual_time.h"

namespace backstep::replay {

// Activations are numbered in the order they are decided. Each step, nested ones too, belongs to
// one. Only the first of those in flight may commit or call other agents. Where it calls an agent
// that a later activation already has, that one goes first. An agent that has been called once is
// never activated ahead of its turn again.
//
// An activation has its agent from the decision until all of it is over: a step that has committed
// still runs its agent's code, and one that was decided may not have begun.
//
// All calls with `mutex()` held; the waiting ones release it while they wait. Thread-safe so.
class Turns {
 public:
  std::mutex& mutex() { return mutex_; }
  // Waits until something below has changed.
  void AwaitChange(std::unique_lock<std::mutex>& lock) { changed_.wait(lock); }

  uint64_t Decide(const std::string& agent);  // a new activation, last in order
  // Activations that are not over.
  size_t in_flight() const { return in_flight_.size(); }
  // Whether an activation of `agent` may begin before all others have committed.
  bool MayRunAhead(const std::string& agent) const { return called_.count(agent) == 0; }

  // A step begins: top-level ones in `decided`, nested ones in their caller's activation.
  void Begin(const recorder::StepInfo& step, uint64_t decided);
  // Waits until this step's activation may commit.
  void AwaitCommit(std::unique_lock<std::mutex>& lock, const recorder::StepInfo& step);
  // Waits until `step` may call `agent`. False: `agent` waits for a call to this step's activation,
  // so neither can ever go on.
  [[nodiscard]] bool AwaitCall(std::unique_lock<std::mutex>& lock, const recorder::StepInfo& step,
                               const std::string& agent);
  void Commit(const recorder::StepInfo& step);
  // The agent's code runs for a nested step, between Begin and beyond Commit.
  void EnterCalled(const recorder::StepInfo& step);
  void LeaveCalled(const recorder::StepInfo& step);
  // The activation is over. No effect if it was.
  void End(uint64_t activation);

 private:
  uint64_t ActivationOf(const StepKey& step) const;
  // Another activation that has `agent`; 0: none.
  uint64_t HolderOf(const std::string& agent, uint64_t but) const;
  bool WaitsFor(uint64_t waiter, uint64_t target) const;
  void MoveToFront(uint64_t activation);

  void RemoveFromOrder(uint64_t activation);

  struct Running {
    uint64_t activation = 0;
    std::string agent;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 1;
  std::deque<uint64_t> order_;                        // that have not committed
  std::map<uint64_t, std::string> in_flight_;         // with the agent each was decided for
  std::map<StepKey, Running> running_;                // begun and not committed
  std::multiset<std::pair<uint64_t, std::string>> called_now_;  // (activation, agent)
  std::map<uint64_t, uint64_t> waits_for_;
  std::set<std::string> called_;
};

// How a call ends that can never be answered because both sides wait for each other. Recorded as
// the answer of the call, and answered so again.
CallError CallsEachOther(const std::string& caller, const std::string& called);

}  // namespace backstep::replay
