// The one interface behind every boundary: faults, edits and recorded results answer through it.
//
// A hook wraps the world like middleware: it may change what passes, answer itself, or let it
// through. Live recording without faults uses the base class, which lets everything through.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/status.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/records.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::recorder {

class Step;

// Which step a boundary lies in. Valid during the call it is passed to.
struct StepInfo {
  AgentId agent;
  std::string agent_name;
  std::string agent_role;
  AgentClock clock;
  std::optional<uint64_t> program_index;  // the index the program gave
  // What `step_index` in a fault file selects: program_index, else the agent clock.
  uint64_t step_index() const { return program_index.value_or(clock.value); }
  std::string segment;                    // innermost segment's name; empty: none
  uint32_t segment_order = 0;
  std::vector<MessageId> taken;           // the activation
  std::optional<std::pair<AgentId, AgentClock>> caller;  // nested in this step
  StepNumber begin_after;                 // steps committed when it began
  TimeNs caller_virtual;                  // nested: the caller's virtual time so far
};

struct CallInfo {
  EffectKind kind = EffectKind::kTool;
  uint32_t ordinal = 0;                   // within the step, over all kinds
  Hash128 request_hash;                   // of the redacted, canonical request; matching key
};

// How a call ended, and everything about it that is recorded.
struct CallOutcome {
  CallResult result = CallError{};
  CallStatus status = CallStatus::kRecorded;
  // As it counts in virtual time, injected delay included. nullopt: what was measured.
  std::optional<DurationNs> duration;
  DurationNs injected_delay;
  bool moved = false;
  bool substituted = false;
  std::vector<FaultRecord> faults;
  // Where the same response already lies in an ancestor's log; the bytes are not written again.
  std::optional<BodyRef> stored_response;
};

// What Send hands on. `carried`: 0..n messages for the program's transport.
struct SendOutcome {
  std::vector<Message> carried;
  bool edited = false;                    // the body differs from what was offered
  // An open step of the fork sends again what was delivered before the fork: `carried` holds the
  // message as delivered; it is recorded as sent and the program is given nothing to carry.
  // (CallAgent runs its agent on it all the same.)
  bool already_delivered = false;
  std::vector<FaultRecord> faults;
};

struct ReceiveOutcome {
  std::optional<Message> message;         // what the agent reads; nullopt: it never sees it
  std::vector<FaultRecord> faults;
};

// The answer of a nested call whose inner agent does not run: its recorded reply, or why there is
// none. With an error the request is recorded as dropped, unless a committed step has taken it.
struct AgentAnswer {
  std::optional<CallError> error;
  Message reply;                          // meaningful without error; goes through OnReceive
  DurationNs duration;                    // virtual; the caller's time goes on by it
};

// The state a step leaves, as the program gave it.
struct StateChange {
  const Body* whole = nullptr;            // or
  const StateEdit* edit = nullptr;        // against the agent's last committed state; or neither
};

// Called on the thread that runs the step, possibly from several threads at once for different
// steps: implementations are thread-safe. They call back into the session in RunAgent only.
// A message from outside asks OutsideTime and OnSend, with a StepInfo of agent kOutside, clock 0.
// What a hook throws leaves the call it was asked in untouched; the step then ends as any other.
class Hook {
 public:
  virtual ~Hook() = default;

  // When the step begins in virtual time. nullopt: wall time since the session's start.
  virtual std::optional<TimeNs> OnBegin(const StepInfo&) { return std::nullopt; }
  // Before the agent's code; an error fails the step before any of it runs.
  virtual std::optional<StepError> BeforeStep(const StepInfo&, std::vector<FaultRecord>*) {
    return std::nullopt;
  }
  virtual SendOutcome OnSend(const StepInfo&, Message message);
  virtual ReceiveOutcome OnReceive(const StepInfo&, Message message);
  // Runs `live` or answers instead of it. `progress` is the recorder's, for streamed chunks.
  // Step::Now() and Random() come here too (kClock named "now", kRandom named "random", empty
  // body); their response body is the number in decimal.
  virtual CallOutcome OnCall(const StepInfo&, const CallInfo&, const CallRequest& request,
                             const LiveCall& live, CallProgress& progress);
  // Answers a nested call instead of running it; nullopt: it runs. `request` is as OnSend carried
  // it, its id filled in; the inner step's OnBegin follows, and its duration is the caller's too.
  virtual std::optional<AgentAnswer> OnAgentCall(const StepInfo&, const Message& request);
  // Runs the inner agent of a CallAgent that came without a function. Unavailable by default.
  virtual Status RunAgent(Step& inner);
  // The step's own time (without calls and nested steps) as it counts; default: as measured.
  virtual DurationNs OwnTime(const StepInfo&, DurationNs measured) { return measured; }
  // Waits for this step's turn to commit. Called before the step gets its number, without locks.
  virtual void BeforeCommit(const StepInfo&) {}
  // True from the moment a re-execution gave this step up (a miss, a limit): nothing of it is
  // recorded from then on, no call, message or event, and neither is its end, so that it stays an
  // open step of the log. Asked after each OnCall, OnSend and OnAgentCall, and before a step is
  // committed, before and after BeforeCommit (OnCommit is then not called, Commit returns
  // Cancelled).
  virtual bool Abandoned(const StepInfo&) { return false; }
  // When a message from outside is sent, in virtual time. nullopt: wall time since the session's
  // start.
  virtual std::optional<TimeNs> OutsideTime() { return std::nullopt; }
  // After the step has its number, in commit order, under the session's commit lock: be brief.
  // The record has no BodyRef of the state yet; `state` is what the program gave.
  virtual void OnCommit(const StepInfo&, const StepRecord&, const StateChange&) {}
};

}  // namespace backstep::recorder
