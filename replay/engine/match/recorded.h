// What the parent line holds after the fork, and what the steps open at the fork had done by then.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/recorder/hook.h"
#include "backstep/recorder/redact.h"
#include "backstep/replay/engine/schedule/virtual_time.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// Reads on demand; what it holds does not grow with the recording, but for the mean durations.
// One thread.
class Recorded {
 public:
  // `line` is not owned; `redactor` is the one the recording was made with.
  // NotFound: the line has no such step.
  static Result<std::unique_ptr<Recorded>> Load(
      store::Line* line, StepNumber fork, std::shared_ptr<const recorder::Redactor> redactor);

  store::Line& line() const { return *line_; }
  StepNumber fork() const { return fork_; }
  const store::Cut& cut() const { return cut_; }
  const recorder::Redactor& redactor() const { return *redactor_; }
  // Whether the recording ended by itself, so that nothing may come after its last step.
  bool ended() const;

  // The step after the fork with that clock; nullopt: the line has none (an open step that never
  // committed is in Begin only).
  Result<std::optional<StepRecord>> Step(AgentId agent, AgentClock clock) const;
  // The faults that its step's record holds about an effect.
  Result<std::vector<FaultRecord>> FaultsOf(const EffectRecord& effect);
  // The faults that the record of a step holds about a message it sent.
  Result<std::vector<FaultRecord>> FaultsOfSent(const MessageId& message);
  // The step open at the fork; nullptr: it was not.
  const store::OpenStep* Open(AgentId agent, AgentClock clock) const;
  // The message as recorded; nullopt: it was never sent.
  Result<std::optional<MessageRecord>> FindMessage(const MessageId& id) const;

  // A nested call that an open step had made and that was over at the fork: how it ended.
  const recorder::AgentAnswer* Nested(const MessageId& request) const;
  // Whether a message of an open step had been taken by a step committed at the fork.
  bool Delivered(const MessageId& id) const { return delivered_.count(id) != 0; }

  // Means over the whole line, for what the recording does not have. 0: nothing to go by.
  Result<DurationNs> MeanOwn(AgentId agent);
  Result<DurationNs> MeanDuration(AgentId agent, EffectKind kind, const std::string& name);

  // The agent's greatest clock reading in steps before `clock`, as recorded; 0: none.
  Result<TimeNs> ClockBefore(AgentId agent, AgentClock clock) const;
  // Whether the effect of a step open at the fork had been answered by then.
  bool WasFinished(const EffectRecord& effect) const;

  // The message with its body, as the agent it is for reads it.
  Result<Message> ToMessage(const MessageRecord& record, bool with_body) const;

 private:
  struct Mean {
    int64_t sum_ns = 0, count = 0;
    void Add(DurationNs d) { sum_ns += d.ns; ++count; }
    DurationNs Value() const { return {count == 0 ? 0 : sum_ns / count}; }
  };
  using CallKey = std::pair<std::pair<AgentId, EffectKind>, std::string>;

  Recorded(store::Line* line, StepNumber fork,
           std::shared_ptr<const recorder::Redactor> redactor)
      : line_(line), fork_(fork), redactor_(std::move(redactor)) {}
  Status LoadFaults(StepKey step);
  Status LoadOpen();
  Status AddNested(const StepRecord& inner);
  Result<recorder::AgentAnswer> AnswerOf(const StepRecord& inner, const MessageId& request) const;
  Status LoadMeans();

  store::Line* line_;
  StepNumber fork_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  store::Cut cut_;
  std::map<StepKey, const store::OpenStep*> open_;
  std::map<MessageId, recorder::AgentAnswer> nested_;
  std::set<MessageId> delivered_;
  StepKey faults_of_;                  // the step whose faults are kept, for its next effect
  std::vector<FaultRecord> faults_;
  bool means_loaded_ = false;
  std::map<AgentId, Mean> own_;
  std::map<CallKey, Mean> by_name_;
  std::map<EffectKind, Mean> by_kind_;
};

}  // namespace backstep::replay
