// A program's agents run live under the recorder: decides, activates, carries messages.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/faults/fault_hook.h"
#include "backstep/recorder/hook.h"
#include "backstep/replay/engine/runner.h"
#include "backstep/replay/engine/system.h"
#include "backstep/replay/engine/schedule/turns.h"
#include "backstep/replay/program.h"
#include "backstep/schemas/cut_off.h"

namespace backstep::replay {

// Metadata of a session: one entry for each of the program's own redaction patterns, so that a
// re-execution redacts alike.
inline constexpr char kRedactKey[] = "backstep.redact";

// One run. Thread-safe as a hook; Run once, on one thread.
class LiveRun : public recorder::Hook {
 public:
  LiveRun(Program* program, RunOptions options);
  ~LiveRun() override;
  // Before Run: told whenever an activation begins or a step has its number, one call at a time.
  void TellPosition(std::function<void(const Position&)> tell) { tell_position_ = std::move(tell); }
  Result<RunResult> Run();

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
  void BeforeCommit(const recorder::StepInfo& step) override;
  void OnCommit(const recorder::StepInfo& step, const StepRecord& record,
                const recorder::StateChange& state) override;
  std::optional<TimeNs> OutsideTime() override { return TimeNs{}; }

 private:
  struct Workers;
  struct Activation {
    uint64_t number = 0;
    std::unique_ptr<Step> step;
  };

  template <typename Tell>
  void TellHook(Tell tell);
  Status ReadSeed();
  Status ReadFaults();
  Status Open();
  Status SendStart();
  // The run between Open and Close. A Status is the program's fault.
  Result<Outcome> Loop();
  Result<Outcome> LoopInTurn();
  Result<Outcome> LoopAhead();
  // The oldest message, where its agent can be activated now.
  std::optional<Decision> DecideAhead();
  Result<Activation> Begin(const Decision& decision);
  void EnterSegment(const std::string& name);
  void Finish(Activation activation);
  void SetBusy(const std::string& agent, bool busy);
  void AwaitDelay(const std::vector<MessageId>& taken);
  std::optional<Outcome> StepLimit() const;
  // Both with the lock held.
  void TellBegun(const recorder::StepInfo& step);
  void TellCommitted(const recorder::StepInfo& step, StepNumber number);

  Program* program_;
  RunOptions options_;
  Clock* clock_;
  recorder::Hook world_;
  std::unique_ptr<recorder::FaultHook> faults_;
  recorder::Hook* chain_;
  Runner runner_;
  bool oldest_first_ = false;   // decided without asking the program
  Turns turns_;                 // its mutex guards what follows
  System system_;
  uint64_t steps_ = 0, failed_steps_ = 0, decided_ = 0;
  std::map<StepKey, DurationNs> waited_;  // for their turn to commit
  uint64_t deciding_ = 0;       // the activation whose first step is about to begin
  std::string scheduler_state_, recorded_scheduler_state_;
  Position position_;
  std::function<void(const Position&)> tell_position_;
  std::string hook_failure_;    // what the program's hook threw first where it was only told
  std::unique_ptr<recorder::Session> session_;
  std::optional<recorder::SegmentScope> segment_;
  std::string segment_name_;
};

}  // namespace backstep::replay
