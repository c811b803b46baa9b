// Who acts next in a re-execution: the recording while it can be followed, then the program.
// docs/concepts.md, "Schedule".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backstep/replay/engine/stop/halt.h"
#include "backstep/replay/engine/match/recorded.h"
#include "backstep/replay/engine/system.h"
#include "backstep/replay/engine/stop/watcher.h"

namespace backstep::replay {

// An activation that is to run.
struct Planned {
  std::string agent;
  std::vector<MessageId> messages;
  std::string segment;              // as Decision::segment
  std::string scheduler_state;      // after the decision
};

// One thread.
class Schedule {
 public:
  // Nothing is owned. `free`: the program is asked from the start.
  Schedule(Program* program, Recorded* recorded, System* system, Watcher* watcher, Halt* halt,
           bool free);
  // Reads the segments' names. Once, before Next.
  Status Load();
  // nullopt: the run is over, by outcome() or because it was halted.
  std::optional<Planned> Next();
  const Outcome& outcome() const { return outcome_; }

 private:
  std::optional<Planned> NextOpen();
  std::optional<Planned> Follow();
  std::optional<Planned> Ask();
  // What the program says, agents named in `busy` marked so. nullopt: it threw.
  std::optional<Decision> Decide(const std::vector<std::string>& busy, std::string* state);
  Decision AsDecidedAhead(Decision decision, std::vector<std::string> busy, std::string* state);
  std::optional<Planned> NextAheadOfOpen();
  // The next recorded top-level step that has not run here; nullptr: none is left.
  Recorded::StepPtr NextRecorded();
  bool HasRun(AgentId agent, AgentClock clock) const;
  bool WaitsFor(const std::string& agent, const std::vector<MessageId>& messages) const;
  std::string SegmentName(SegmentId id) const;  // empty: none
  void Leave(const StepRecord& recorded, const std::string& here);
  void CheckAgainstRecording(const Decision& decision);

  Program* program_;
  Recorded* recorded_;
  System* system_;
  Watcher* watcher_;
  Halt* halt_;
  bool following_;
  bool order_known_ = true;          // free: decisions agree with the recording so far
  StepNumber cursor_;
  std::vector<const store::OpenStep*> open_;   // top-level ones, to run; next one first
  std::set<StepKey> planned_open_;
  std::map<SegmentId, std::string> segments_;  // names
  std::string scheduler_state_;
  Outcome outcome_;
};

}  // namespace backstep::replay
