// Injects a plan's faults around another hook: the world in a live run, the recording in a
// re-execution.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/recorder/hook.h"

namespace backstep::recorder {

struct FaultHookOptions {
  uint64_t seed = 0;
  // Live: an injected delay really waits on this clock. nullptr: it only counts (virtual time).
  Clock* real_clock = nullptr;
  // Whether the transport holds a delayed message back (a Program's runner does). False, with a
  // real clock: Send itself waits, so that the delay lies inside the step's duration.
  bool hold_delays = false;
  // How often each fault (by id) has been applied before this run: the prefix of a branch.
  std::map<std::string, uint64_t> applied_before;
  // Calls a fault may not touch (finished effects of an open step). May be empty.
  std::function<bool(const StepInfo&, const CallInfo&)> call_is_protected;
};

// Thread-safe. First match wins. Whether a match with a probability applies is a draw from
// (seed, fault, agent, clock, ordinal): the same in every run and every order.
class FaultHook : public Hook {
 public:
  // `inner` is not owned and outlives this.
  FaultHook(FaultPlan plan, FaultHookOptions options, Hook* inner);
  ~FaultHook() override;

  std::optional<TimeNs> OnBegin(const StepInfo& step) override;
  std::optional<StepError> BeforeStep(const StepInfo& step,
                                      std::vector<FaultRecord>* faults) override;
  SendOutcome OnSend(const StepInfo& step, Message message) override;
  ReceiveOutcome OnReceive(const StepInfo& step, Message message) override;
  CallOutcome OnCall(const StepInfo& step, const CallInfo& call, const CallRequest& request,
                     const LiveCall& live, CallProgress& progress) override;
  std::optional<AgentAnswer> OnAgentCall(const StepInfo& step, const Message& request) override;
  Status RunAgent(Step& inner) override;
  DurationNs OwnTime(const StepInfo& step, DurationNs measured) override;
  void BeforeCommit(const StepInfo& step) override;
  void OnCommit(const StepInfo& step, const StepRecord& record,
                const StateChange& state) override;

  // Times each fault (by id) was applied here.
  std::map<std::string, uint64_t> Applied() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::recorder
