// The recorder's hook of a re-execution, the outermost one: around the experiment's faults, around
// the inherited ones, around the answers. It keeps the system, counts, watches and gives up.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_hook.h"
#include "backstep/recorder/hook.h"
#include "backstep/replay/engine/match/answers.h"
#include "backstep/replay/engine/experiment/edits.h"
#include "backstep/replay/engine/stop/halt.h"
#include "backstep/replay/engine/experiment/lineage.h"
#include "backstep/replay/engine/match/recorded.h"
#include "backstep/replay/engine/runner.h"
#include "backstep/replay/engine/system.h"
#include "backstep/replay/engine/stop/watcher.h"

namespace backstep::replay {

// Passes everything on and remembers how many faults came from further in.
class FaultTap : public recorder::Hook {
 public:
  explicit FaultTap(recorder::Hook* inner) : inner_(inner) {}
  void Reset() { inner_faults_ = 0; }
  size_t inner_faults() const { return inner_faults_; }

  std::optional<StepError> BeforeStep(const recorder::StepInfo& step,
                                      std::vector<FaultRecord>* faults) override;
  recorder::SendOutcome OnSend(const recorder::StepInfo& step, Message message) override;
  recorder::ReceiveOutcome OnReceive(const recorder::StepInfo& step, Message message) override;
  recorder::CallOutcome OnCall(const recorder::StepInfo& step, const recorder::CallInfo& call,
                               const CallRequest& request, const LiveCall& live,
                               CallProgress& progress) override;

 private:
  recorder::Hook* inner_;
  size_t inner_faults_ = 0;
};

// One thread.
class ReplayHook : public recorder::Hook {
 public:
  struct Parts {                          // not owned
    Recorded* recorded;
    Matcher* matcher;
    Edits* edits;
    System* system;
    Runner* runner;
    Watcher* watcher;
    Halt* halt;
    const Experiment* experiment;
  };
  // What the hook tells of; each may be empty.
  struct Listeners {
    std::function<void()> committed;      // after each committed step
    std::function<void(const Position&)> position;
    std::function<void(bool)> live_call;  // a call begins (true) or ends to run live
  };
  // `own`: the experiment's fault plan, may be empty.
  ReplayHook(Parts parts, const Lineage& lineage, recorder::FaultPlan own, Listeners listeners);

  const ReplaySummary& summary() const { return summary_; }
  // No activation runs any more, one that was given up included.
  void TellOver();
  // The calls of committed steps alone.
  ReplaySummary CommittedSummary() const;
  const Answers& answers() const { return answers_; }
  // The experiment's faults that were never applied, as lines for a person.
  std::vector<std::string> UnreachedFaults() const;

  std::optional<TimeNs> OnBegin(const recorder::StepInfo& step) override;
  std::optional<StepError> BeforeStep(const recorder::StepInfo& step,
                                      std::vector<FaultRecord>* faults) override;
  recorder::SendOutcome OnSend(const recorder::StepInfo& step, Message message) override;
  recorder::ReceiveOutcome OnReceive(const recorder::StepInfo& step, Message message) override;
  recorder::CallOutcome OnCall(const recorder::StepInfo& step, const recorder::CallInfo& call,
                               const CallRequest& request, const LiveCall& live,
                               CallProgress& progress) override;
  std::optional<recorder::AgentAnswer> OnAgentCall(const recorder::StepInfo& step,
                                                   const Message& request) override;
  Status RunAgent(Step& inner) override;
  DurationNs OwnTime(const recorder::StepInfo& step, DurationNs measured) override;
  bool Abandoned(const recorder::StepInfo& step) override;
  void OnCommit(const recorder::StepInfo& step, const StepRecord& record,
                const recorder::StateChange& state) override;
  std::optional<TimeNs> OutsideTime() override { return TimeNs{}; }

 private:
  void AddInherited(const InheritedFaults& faults);
  // The experiment's own faults beyond what came from further in.
  bool OwnHit(size_t faults) const;
  void Count(const recorder::CallOutcome& outcome, ReplaySummary* summary) const;
  // `live`, told of while it runs.
  LiveCall Told(const LiveCall& live) const;
  void TellBegun(const recorder::StepInfo& step);
  void TellCommitted(const recorder::StepInfo& step, StepNumber number);
  std::optional<recorder::SendOutcome> Delivered(const recorder::StepInfo& step,
                                                 const Message& message);
  recorder::SendOutcome SendEdited(const recorder::StepInfo& step, Message message,
                                   KnownEdit* edit);
  Result<bool> RecordedAsRefused(const recorder::StepInfo& step, const Message& request);

  Parts parts_;
  Answers answers_;
  std::vector<std::unique_ptr<recorder::FaultHook>> inherited_;
  std::unique_ptr<FaultTap> tap_;
  std::unique_ptr<recorder::FaultHook> own_;
  std::vector<std::string> own_ids_;
  recorder::Hook* chain_;
  Listeners listeners_;
  Position position_;
  ReplaySummary summary_;
  std::map<StepKey, ReplaySummary> uncommitted_;  // of these, what is of steps not committed
};

}  // namespace backstep::replay
