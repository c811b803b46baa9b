// The contract of a program that can be re-executed, and the one call its main() makes.
//
// Implement Program, then `return backstep::replay::RunProgram(program, options);`. That runs it
// live under the recorder; when the debugger started the process it serves as a replay host
// instead. Data that agents share must itself be an agent's state. docs/integrate.md has more.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/session.h"
#include "backstep/recorder/step.h"

namespace backstep::replay {

using recorder::AgentSpec;
using recorder::Step;

// A live agent. One thread at a time.
class Agent {
 public:
  virtual ~Agent() = default;
  // One activation: reads step.taken(), acts through `step`, ends with step.Commit(...).
  // A Status that is not ok, an exception, or a return without Commit fails the step; the agent is
  // then restored from its previous state. All that it keeps must be in the state it commits.
  virtual Status Run(Step& step) = 0;
};

// A message that can be delivered.
struct Deliverable {
  MessageId id;
  std::string from, to, channel, kind;
  TimeNs arrival_virtual;
  DurationNs delay;        // injected; 0: it is delivered in the order of sending
  // The body, read on demand. Valid while Next runs.
  std::function<const Body&()> body;
};

struct AgentView {
  std::string name;
  AgentClock clock;        // greatest of its committed steps
  bool busy = false;       // a step of it is open: it cannot be activated now
};

// What Next decides from: the system after the last committed step.
struct CutView {
  StepNumber step;
  std::vector<AgentView> agents;         // by id
  std::vector<Deliverable> deliverable;  // in delivery order; addressed to any agent
  std::optional<Outcome> outcome;        // newest set by a step
};

// Which agent acts next on which messages, or the end of the run.
struct Decision {
  std::string agent;
  std::vector<MessageId> messages;       // may be empty: the agent acts unprompted
  std::optional<Outcome> finished;       // set: the run ends
  // The phase the activation belongs to: where it is not the open one, that one ends and this one
  // begins (a segment of the recording). Empty: no change.
  std::string segment{};
  static Decision Activate(std::string agent, std::vector<MessageId> messages) {
    return {std::move(agent), std::move(messages), std::nullopt, {}};
  }
  static Decision Finish(Outcome outcome) { return {{}, {}, std::move(outcome), {}}; }
};

// What the system is made of. Called on the thread of RunLive or RunProgram, Restore on the threads
// that run the agents too. What Next throws ends the run as failed.
class Program {
 public:
  virtual ~Program() = default;
  // The same in every build: a recording is re-executed by the program of this name.
  virtual std::string Name() const = 0;
  // All agents, names unique; asked once a run, before Start and Restore.
  virtual std::vector<AgentSpec> Agents() = 0;
  // What comes from outside at the start.
  virtual std::vector<Message> Start() = 0;
  // An agent with exactly this state and nothing else. `state` is what it committed last (or its
  // initial state). May be called at any time; the previous object is destroyed first, but for an
  // agent that is called inside its own step: it runs there on a second object. With threads > 1
  // it is called for different agents at the same time.
  virtual Result<std::unique_ptr<Agent>> Restore(const AgentSpec& agent, const Body& state) = 0;
  // The next activation, or the end. A function of its arguments alone; `scheduler_state` is the
  // scheduler's own memory, recorded with each step and handed back. Default: OldestDeliverable.
  virtual Decision Next(const CutView& cut, std::string* scheduler_state);
  // True when Next is OldestDeliverable: several activations of different agents may then be
  // decided before the first has committed, and RunOptions::threads is honoured. An override of
  // Next that keeps to this says so here; a live run then asks it only when no message is left.
  virtual bool NextIsOldestDeliverable() const { return false; }
};

// The default policy: the first deliverable message whose agent is not busy, one a step; finished
// with the outcome set so far (or `unknown`) when there is none.
Decision OldestDeliverable(const CutView& cut);

struct RunOptions {
  recorder::SessionOptions session{};   // name defaults to the program's
  int threads = 1;                    // live, without faults, NextIsOldestDeliverable: 1 to 256
  uint64_t steps_max = 0;             // live: 0 means 1,000,000
};

struct RunResult {
  Outcome outcome;
  uint64_t steps = 0;
  uint64_t failed_steps = 0;          // of these
  std::string recording;              // path
  Status recording_status;            // what Session::Close() said
};

// Runs the program live under the recorder, in this process.
// InvalidArgument: a fault file or BACKSTEP_SEED is wrong, an agent cannot be restored, or Next
// named an agent or message that is not there. Io: the fault file cannot be read. A recording that
// cannot be made is none of these; recording_status tells it. `options.session.hook` is asked
// behind the faults; OnBegin, BeforeCommit and OnCommit are only told to it (the run has a virtual
// time and an order of its own): where it throws in one of them the run goes on to its end and then
// returns InvalidArgument.
Result<RunResult> RunLive(Program& program, const RunOptions& options);

// What main() returns: RunLive with one line about the outcome on stdout, or serving the debugger.
// 0: ran (whatever the outcome of the agents' work), 1: the outcome is failed, 2: could not run.
int RunProgram(Program& program, const RunOptions& options = {});

}  // namespace backstep::replay
