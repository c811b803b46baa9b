// The system between two steps: who is where, what waits for whom, how late it is. The live runner
// and the re-execution both keep theirs here, so that the same policy sees the same thing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backstep/recorder/hook.h"
#include "backstep/replay/engine/schedule/mailbox.h"
#include "backstep/replay/engine/schedule/virtual_time.h"
#include "backstep/replay/program.h"

namespace backstep::replay {

// One thread at a time.
class System {
 public:
  // An agent that can be activated. By ascending id.
  void AddAgent(AgentId id, const std::string& name);
  void SetAgent(AgentId id, AgentClock clock, TimeNs virtual_time);
  Mailbox& mailbox() { return mailbox_; }
  const Mailbox& mailbox() const { return mailbox_; }
  VirtualTime& time() { return time_; }
  StepNumber step() const { return step_; }
  void set_step(StepNumber step) { step_ = step; }
  const std::optional<Outcome>& outcome() const { return outcome_; }
  void set_outcome(std::optional<Outcome> outcome) { outcome_ = std::move(outcome); }
  bool IsBusy(const std::string& agent) const;
  // "agent#7" when unknown.
  std::string NameOf(AgentId agent) const;
  // Greatest of the agent's committed steps; 0: none, or not an agent of the program.
  AgentClock ClockOf(AgentId agent) const;
  // Counts an agent as busy, or as free again.
  void SetBusy(const std::string& agent, bool busy);

  // What Program::Next decides from. Valid until the system changes.
  CutView View();
  // The messages an activation takes, with their bodies; they still wait until the step begins.
  // InvalidArgument: no such agent, it is busy, or a message that does not wait for it.
  Result<std::vector<Message>> Take(const std::string& agent,
                                    const std::vector<MessageId>& messages);

  // A step begins: what it takes waits no more. Returns when it begins in virtual time.
  // `known`: an open step of the fork begins again when it began.
  TimeNs Begin(const recorder::StepInfo& step, std::optional<TimeNs> known = std::nullopt);
  // An open step sent these; others see them when it commits.
  void Carried(const recorder::StepInfo& step, const std::vector<Message>& messages);
  // An open step read one more message.
  void Received(const MessageId& id) { mailbox_.Remove(id); }
  // A step ended as recorded. `monotonic`: now, for delays that really wait.
  void Commit(const StepRecord& record, TimeNs monotonic = {});
  // The system fails to read what lies in the recording: the first failure, ok so far.
  const Status& status() const { return status_; }

 private:
  struct Known {
    AgentId id;
    AgentClock clock;
    int busy = 0;
  };
  TimeNs ArrivalOf(const recorder::StepInfo& step, const MessageId& id) const;
  const Body& BodyOf(const MessageId& id);

  std::map<std::string, Known> agents_;
  std::map<AgentId, std::string> names_;
  Mailbox mailbox_;
  VirtualTime time_;
  StepNumber step_;
  std::optional<Outcome> outcome_;
  std::map<StepKey, std::vector<Message>> sending_;  // of open steps
  std::set<MessageId> taken_early_;                  // of those, what a nested step took
  Status status_;
};

}  // namespace backstep::replay
