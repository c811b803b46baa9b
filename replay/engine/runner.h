// The program's agents as live objects: restored when needed, run for one step at a time, restored
// again after a step that failed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/recorder/hook.h"
#include "backstep/recorder/redact.h"
#include "backstep/replay/program.h"

namespace backstep::replay {

// Steps of different agents may run on different threads; an agent's own steps do not overlap. An
// agent called again inside its own step runs there as an object of its own, made from the state it
// committed last.
class Runner {
 public:
  // With a redactor every agent is restored from its recorded (redacted) bytes before each step.
  Runner(Program* program, std::shared_ptr<const recorder::Redactor> check_restore);

  // Asks the program for its agents. InvalidArgument: none, a name twice or not allowed, or the
  // program threw.
  Status Init();
  const std::vector<AgentSpec>& agents() const { return specs_; }
  bool Has(const std::string& agent) const;
  // Where a branch starts: the agent's state, read when it is first needed. Before any step. Agents
  // that the program does not name (CallAgent brings their code) are known by this too.
  void SetState(const std::string& agent, std::function<Result<Body>()> read);
  // That step of the agent starts from this older state: it was open at the fork, and had begun
  // before another step of its agent committed.
  void StartFrom(const std::string& agent, AgentClock clock, std::function<Result<Body>()> read);
  // Restores an agent now. InvalidArgument: the program cannot, in its words.
  Status Restore(const std::string& agent);

  // One activation. Never throws; the step has ended when it returns (or was given up). The Status
  // says only that there is no such agent; a failed step is recorded as one.
  Status Run(Step& step);
  // The hook's OnCommit passes each committed step of any agent here, on the step's thread.
  void OnCommit(const recorder::StepInfo& info, const StepRecord& record,
                const recorder::StateChange& change);
  // The agent's state as committed last; nullptr: no such agent, or it cannot be read.
  const Body* State(const std::string& agent);

 private:
  struct Slot {
    const AgentSpec* spec = nullptr;   // nullptr: not an agent of the program
    std::unique_ptr<Agent> object;     // none: to be restored
    Body state;
    std::function<Result<Body>()> read_state;  // set: `state` is not read yet
    std::map<AgentClock, std::function<Result<Body>()>> start_from;
    int running = 0;
    bool commits_inside = false;       // a nested step of its own committed during its step
    bool object_stale = false;         // its step failed: the object is not what was committed
  };

  Result<std::unique_ptr<Agent>> Make(const AgentSpec& spec, const Body& state);
  Status Load(Slot* slot);
  Result<std::unique_ptr<Agent>> ObjectFor(Slot* slot, AgentClock clock);
  void RunOn(Agent* agent, Step& step);

  Program* program_;
  std::shared_ptr<const recorder::Redactor> check_restore_;
  std::vector<AgentSpec> specs_;
  std::map<std::string, Slot> slots_;
};

}  // namespace backstep::replay
