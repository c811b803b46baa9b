// A step: one activation of one agent, and its boundaries to the world.
#pragma once

#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/hook.h"
#include "backstep/schemas/call.h"
#include "backstep/schemas/message.h"
#include "backstep/schemas/records.h"

namespace backstep::recorder {

struct StepOptions {
  SegmentId segment{};                      // 0: the innermost open segment of the session
  std::optional<uint64_t> program_index{};  // the program's own index of this step
  std::string name{};                       // what the program calls it; may be empty
  std::string scheduler_state{};            // see StepRecord::scheduler_state
};

// The reply of a nested agent, or why there is none.
struct AgentReply {
  std::optional<CallError> error;
  Message message;                        // meaningful without error
  bool ok() const { return !error.has_value(); }
};

// A span of the program's own work inside a step; ends when destroyed. One thread.
class SpanScope {
 public:
  SpanScope(SpanScope&&) noexcept;
  ~SpanScope();

 private:
  friend class Step;
  struct Impl;
  explicit SpanScope(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One thread at a time. A scope that ends without Commit (an exception, an early return) is a
// failed step: messages already carried stand, the agent's state is the previous one.
class Step {
 public:
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  // One that nothing is recorded of is not freed but kept for its thread's next.
  static void operator delete(Step* step, std::destroying_delete_t);

  const StepInfo& info() const;
  // What the agent reads: the messages it takes after faults and edits, in order.
  const std::vector<Message>& taken() const;
  // Set when an injected fault (agent.crash) failed the step before it ran: return at once.
  const std::optional<StepError>& failed() const;

  // One more message read in mid-step. nullopt: an injected fault swallowed it.
  std::optional<Message> Receive(Message message);
  // Sends to `message.to`. Returns the 0..n messages the program's transport must carry.
  std::vector<Message> Send(Message message);
  // Send to the sender of the first message taken, with reply_to set.
  std::vector<Message> Reply(Body body, const std::string& kind = "reply");

  // Calls to the outside. `live` runs only if the hook says so, before this returns; a failure is a
  // value. What it throws passes through, and the call is recorded as failed.
  CallResult CallLlm(const CallRequest& request, const LiveCall& live);
  CallResult CallTool(const CallRequest& request, const LiveCall& live);
  CallResult Env(const CallRequest& request, const LiveCall& live);
  // Wall time and 64 random bits through the recorder: replayed, virtual beyond the recording. The
  // bits follow from the session's seed, the agent, its clock and the calls before.
  TimeNs Now();
  uint64_t Random();

  // Request message, nested step of `agent` and its reply in one. `run` does the inner agent's
  // work in the step it is given and replies with inner.Reply(...); without `run` the runner's
  // program does it. Errors: "dropped" (a fault dropped the request or the reply), "no_reply",
  // "agent_failed" (the inner step failed), "cancelled" (a re-execution ended, or two agents call
  // each other at the same time). What `run` throws passes through; the inner step has then failed.
  AgentReply CallAgent(const std::string& agent, Message request,
                       const std::function<Status(Step& inner)>& run = {});

  // Work worth seeing inside the step; `attributes_json` may be empty.
  SpanScope Span(const std::string& kind, const std::string& name,
                 const std::string& attributes_json = {});
  void Event(const std::string& name, const std::string& data = {},
             const std::string& level = "info");
  // Tells that `to` is to go on; sends nothing.
  void Handoff(const std::string& to, const std::string& reason, const std::string& context = {});
  // The outcome of the whole run as this step sees it; the newest one stands.
  void SetOutcome(const Outcome& outcome);

  // Ends the step: with its whole new state, with an edit against the agent's last committed
  // state, or with the state unchanged. InvalidArgument: already ended, or the edit does not fit
  // (the step then fails). Cancelled: an injected fault had failed the step, or the re-execution
  // has given it up. Recording failures do not show here; see Session::status().
  Status Commit(const Body& state);
  Status Commit(const StateEdit& edit);
  Status Commit();
  // Ends the step as failed.
  void Fail(const StepError& error);
  bool ended() const;
  StepNumber number() const;   // 0 until it has ended

 private:
  friend class SessionCore;
  struct Impl;
  explicit Step(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::recorder
