// Sessions: what a multi-agent system links to be recorded. See docs/integrate.md.
//
//   auto session = backstep::recorder::Session::Open({.name = "team"});
//   session->AddAgent({.name = "planner", .initial_state = {"{}"}});
//   auto inbox = session->Outside({.to = "planner", .body = {"write a parser", "text/plain"}});
//   {
//     auto step = session->BeginStep("planner", inbox);
//     ... step->CallLlm(...), step->Send(...) ...
//     step->Commit({new_state});
//   }
//   backstep::Status status = session->Close();
//
// The recorder never throws, prints, exits or aborts into its host and installs no signal handler;
// what the program's own functions and hooks throw passes through. A call waits for a slow disk at
// most SessionOptions::block_max, but for Flush and Close. The first failure sticks; everything
// after it still runs, unrecorded, and Close() tells it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/hook.h"
#include "backstep/recorder/step.h"
#include "backstep/schemas/message.h"
#include "backstep/schemas/records.h"

namespace backstep::recorder {

class Redactor;

struct SessionOptions {
  std::string name = "session";
  // The recording's directory. Empty: $BACKSTEP_RECORDING, else NAME.backstep in the working
  // directory. An existing recording gets one more session.
  std::string path{};
  std::vector<std::string> tags{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  std::string group_id{}, user_id{};
  bool disabled = false;            // also $BACKSTEP_DISABLED=1: run everything, record nothing
  bool read_environment = true;     // false: ignore every BACKSTEP_* variable
  size_t queue_bytes_max = 64u << 20;      // waiting for the disk; beyond it bodies are dropped
  DurationNs block_max = Milliseconds(1000); // how long a call may wait for room in the queue
  // What a power cut may take: what was written since so long ago. 0: nothing that Flush has
  // waited for. A killed process loses no committed step under any value.
  DurationNs sync_every = Milliseconds(100);
  // About how long Close may take over merging what a long session wrote, which readers profit
  // from; 0: not at all; a day: as long as it takes. Beyond it the log is closed as it is: whole,
  // but it takes about twice as long to open until `backstep compact`. What is being merged at
  // the time, and what is not compressed yet (some hundred MB), is finished in any case.
  DurationNs merge_max = Milliseconds(60000);
  // Regular expressions (ECMAScript) replaced by placeholders of the same length, beside the
  // default list (API keys, bearer tokens, authorization headers). A match longer than 512 bytes
  // may be missed. With one that is no regular expression nothing is recorded; status() names it.
  std::vector<std::string> redact{};
  Clock* clock = nullptr;           // not owned; nullptr: SystemClock()
  Hook* hook = nullptr;             // not owned, outlives the session; nullptr: faults of
                                    // $BACKSTEP_FAULTS where set, else none
  // For re-execution: header fields of the log (origin, program_name, command, ...). The recorder
  // fills what is empty from /proc.
  LogHeader header{};
  // For re-execution: the agents, clocks, segments and step count the branch starts from.
  struct Inherit;
  const Inherit* inherit = nullptr; // not owned; read during Open only
};

// Declares an agent. Plain value.
struct AgentSpec {
  std::string name{};                 // unique; not empty; not starting with '@'; at most 256 bytes
  std::string role{}, implementation{}, model{};
  std::string attributes{};           // JSON object; may be empty
  Body initial_state{};
};

// A named phase. Ends when destroyed or by End(). One thread at a time.
class SegmentScope {
 public:
  SegmentScope(SegmentScope&&) noexcept;
  ~SegmentScope();
  SegmentId id() const { return id_; }
  void End();

 private:
  friend class Session;
  SegmentScope(std::shared_ptr<class SessionCore> core, SegmentId id);
  std::shared_ptr<class SessionCore> core_;
  SegmentId id_;
};

// One end-to-end run. Thread-safe: steps of different agents may run on any number of threads.
// Destroying it closes it; steps still open then are recorded as open.
class Session {
 public:
  // Never fails: where nothing can be recorded (no permission, disk full) the session runs its
  // host unrecorded and status() says why.
  static std::unique_ptr<Session> Open(SessionOptions options);
  ~Session();

  // Adds an agent; adding the same name again returns the same id and changes nothing. A name that
  // cannot be one is recorded in brackets, and status() says so. 0: nothing is kept.
  AgentId AddAgent(const AgentSpec& spec);
  // A message from outside (the user's task, a human's answer, a webhook) to `message.to`.
  // Returns the messages to carry, ids filled in.
  std::vector<Message> Outside(Message message);
  // Begins a phase inside the innermost open one (or inside `parent`).
  SegmentScope BeginSegment(const std::string& name, SegmentId parent = {});
  // Ends a phase that a branch inherited open; others end with their scope.
  void EndSegment(SegmentId id);
  // Begins a step of `agent` that takes `messages` in order. An agent's steps nest (through
  // CallAgent) and do not otherwise overlap: an overlapping step is run unrecorded and the
  // error, naming both, is in status().
  std::unique_ptr<Step> BeginStep(const std::string& agent, std::vector<Message> messages = {},
                                  const StepOptions& options = {});
  // How the run ends, unless a step sets another outcome later: the newest stands.
  void SetOutcome(const Outcome& outcome);
  // For re-execution: result, result_detail, summary, divergences and output of the end record that
  // Close() writes; its other fields are the recorder's.
  void SetEnd(const LogEnd& end);
  // Something worth a line beside the steps. `data`: JSON or text.
  void Event(const std::string& name, const std::string& data = {},
             const std::string& level = "info");

  // The newest step whose batch is in the log; grows within about 5 ms of Commit.
  StepNumber Committed() const;
  // Waits until everything before this call is in the log. The first failure, if there was one.
  Status Flush();
  // Ends the session: flushes, indexes, seals. Idempotent; returns the first failure, or
  // Incomplete with counts when bodies had to be dropped.
  Status Close();
  // The first failure so far; ok while all is well.
  Status status() const;
  bool enabled() const;      // false: disabled, failed to open, or in a forked child
  const std::string& path() const;  // the recording's directory; lives as long as the session
  LogId log() const;         // of this session in its recording; 0 when not recording

 private:
  explicit Session(std::shared_ptr<class SessionCore> core);
  std::shared_ptr<class SessionCore> core_;
};

}  // namespace backstep::recorder
