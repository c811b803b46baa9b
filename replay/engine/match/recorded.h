// What the parent line holds after the fork, and what the steps open at the fork had done by then.
#pragma once

#include <array>
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

  // A step is asked for by all who answer and compare while it runs again: the last ones are kept.
  using StepPtr = std::shared_ptr<const StepRecord>;
  // The step of that number, which lies after the fork. In rising order this is a scan.
  Result<StepPtr> StepAt(StepNumber number);
  // The step after the fork with that clock; nullptr: the line has none (an open step that never
  // committed is in Begin only).
  Result<StepPtr> Step(AgentId agent, AgentClock clock);
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
  // As many as run inside each other, and what threads of the recorded run let go ahead.
  static constexpr size_t kStepsKept = 32;

  Recorded(store::Line* line, StepNumber fork,
           std::shared_ptr<const recorder::Redactor> redactor)
      : line_(line), fork_(fork), redactor_(std::move(redactor)) {}
  StepPtr Keep(StepKey key, StepPtr step);
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
  struct Kept {
    StepKey key;                       // of no step: nothing is kept here
    StepPtr step;                      // nullptr: the line has none
  };
  std::array<Kept, kStepsKept> kept_;
  size_t kept_newest_ = 0;
  bool means_loaded_ = false;
  std::map<AgentId, Mean> own_;
  std::map<CallKey, Mean> by_name_;
  std::map<EffectKind, Mean> by_kind_;
};

}  // namespace backstep::replay
