// The inside of a step. Private to the recorder.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/core/session_core.h"

namespace backstep::recorder {

// What CallAgent waits for while its inner step runs.
struct NestedCall {
  MessageId request;
  std::string caller;             // the reply is addressed to it
  bool replied = false;           // the inner agent has replied, whatever became of the reply
  std::vector<Message> replies;   // as carried: empty when dropped, copies when duplicated
};

// Adds what a call or a nested step took to the time the step spent elsewhere, however it is left.
class ElsewhereTimer {
 public:
  ElsewhereTimer(Clock& clock, DurationNs* elsewhere)
      : clock_(clock), elsewhere_(elsewhere), begin_(clock.Monotonic()) {}
  ~ElsewhereTimer() { *elsewhere_ += clock_.Monotonic() - begin_; }
  ElsewhereTimer(const ElsewhereTimer&) = delete;
  ElsewhereTimer& operator=(const ElsewhereTimer&) = delete;

 private:
  Clock& clock_;
  DurationNs* elsewhere_;
  DurationNs begin_;
};

// One thread at a time, as its step.
struct Step::Impl {
  Impl();
  ~Impl();

  // A message on its way out: as the agent offered it (where a hook is asked), and what became of
  // it.
  struct Offer {
    std::optional<Message> offered;
    SendOutcome outcome;
    Hash128 offered_hash;  // zero: of the body as carried
  };

  // True: what happens is asked of the hook and recorded. False: it passes through.
  bool Recorded() const { return item != nullptr && !abandoned && core->Live(); }
  Hook* hook() const { return core->hook(); }
  // How far the step's virtual time has come; its own time is added when it ends.
  TimeNs VirtualNow() const { return item->record.began_virtual + calls + nested; }
  // Looks as when it was made again, for another step of the thread. False: it is not one to use
  // again.
  bool Unused();
  bool AskAbandoned();
  void AddFaults(std::vector<FaultRecord>&& faults);
  std::string Name() const;  // "planner/12"
  void ComplainEnded(const char* what);

  // Begins: everything but the place in the order, which the core has given.
  void TakeActivation(std::vector<Message> messages);
  std::optional<Message> Read(Message message);  // through the hook
  Offer Ask(Message message);
  void Record(Offer& offer, bool dropped);
  void RecordSent(const Message& message, const Offer& offer, bool dropped);
  // Whether a message, as the agent sends it, is the reply that a CallAgent waits for.
  bool IsReply(const Message& message) const;
  // Takes out what is the caller's; the rest is for the transport.
  std::vector<Message> KeepReply(std::vector<Message> carried);

  CallResult Call(EffectKind kind, const CallRequest& request, const LiveCall& live);
  CallOutcome MakeCall(const CallInfo& call, const CallRequest& request, const LiveCall& live,
                       DurationNs* measured, std::exception_ptr* thrown);
  void RecordCall(const CallInfo& call, const CallRequest& request, CallOutcome& outcome,
                  EffectRecord&& began);
  AgentReply RunNested(const std::string& agent, std::vector<Message> requests,
                       const std::function<Status(Step&)>& run);
  std::unique_ptr<Step> BeginNested(const std::string& agent, std::vector<Message> requests,
                                    NestedCall* call);
  Status RunInner(Step& inner, const std::function<Status(Step&)>& run);
  AgentReply TakeReply(NestedCall& call);
  void MarkTaken(const std::vector<Message>& messages);
  AgentReply Answered(AgentAnswer answer);

  Status End(StateChange change, std::optional<StepError> error);
  void FillEnd(CommitItem* ending, const std::optional<StepError>& error);
  void KeepState(CommitItem* ending, const StateChange& change);
  void KeepWhole(CommitItem* ending, const Body& state);
  // False: there is no room for it.
  bool KeepEdit(CommitItem* ending, StateEdit&& edit);
  // From the destructor: whatever was not ended is a failed step.
  void EndUncommitted() noexcept;

  std::shared_ptr<SessionCore> core;   // nullptr: passes through
  AgentEntry* agent = nullptr;
  Impl* caller = nullptr;              // the step it is nested in; outlives it
  NestedCall* nested_call = nullptr;   // set: a CallAgent waits for this step
  StepInfo info;
  std::vector<Message> taken;
  std::optional<StepError> failed;
  std::unique_ptr<CommitItem> item;    // the record as it grows; nullptr: passes through or ended
  uint32_t messages_sent = 0;
  uint32_t effects_made = 0;
  DurationNs calls;                    // virtual
  DurationNs nested;                   // virtual
  DurationNs elsewhere;                // measured time in calls and nested steps
  DurationNs began_monotonic;
  int exceptions_at_begin = 0;
  bool spare = false;                  // passes through, and came of SessionCore::Unrecorded
  bool ended = false;
  bool abandoned = false;
  // Once it has ended:
  StepNumber number;
  DurationNs duration;                 // virtual
  std::optional<StepError> error;
};

}  // namespace backstep::recorder
