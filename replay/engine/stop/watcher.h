// Compares a re-execution with the recording, step by step, and tells a change (downstream of an
// edit or fault) from a divergence (anywhere else). docs/concepts.md, "Divergence or change".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backstep/recorder/hook.h"
#include "backstep/recorder/redact.h"
#include "backstep/replay/engine/match/matcher.h"
#include "backstep/replay/engine/match/recorded.h"
#include "backstep/replay/reexecute.h"

namespace backstep::replay {

// One thread. Calls come in the order of the step: Begin, then what happens in it, then Commit.
class Watcher {
 public:
  // Not owned, but for the redactor: recorded hashes are of redacted bytes.
  Watcher(Recorded* recorded, Matcher* matcher,
          std::shared_ptr<const recorder::Redactor> redactor);

  Status Begin(const recorder::StepInfo& step);
  // A fault or edit of this experiment hit the step, or this message.
  void Hit(StepKey step);
  void Taint(const MessageId& message) { tainted_.insert(message); }
  // A call is about to be answered.
  Status Call(const recorder::StepInfo& step, const recorder::CallInfo& call,
              const CallRequest& request);
  // The agent sends; `message` is as it offers it.
  Status Offer(const recorder::StepInfo& step, const Message& message);
  // The agent reads a message in mid-step.
  void Receive(const recorder::StepInfo& step, const MessageId& message);
  // A step open at the fork sends other bytes than what was delivered.
  void DeliveredDiffers(const recorder::StepInfo& step, const MessageRecord& recorded,
                        const std::string& recorded_text, const std::string& text);
  // The run is over: differences seen in the steps that are given up count.
  void AbandonOpen();
  // `state`: what the agent committed last; nullptr: not known.
  Status Commit(const recorder::StepInfo& step, const StepRecord& record, const Body* state);

  // The run decides otherwise than the recording: a divergence where nothing changed so far. From
  // then on another activation is a change where this was one.
  void Reschedule(Divergence divergence);
  // The run ended by itself: looks for recorded steps that never came.
  Status Finish();

  // Whether anything is downstream so far.
  bool changed() const { return !downstream_.empty() || !tainted_.empty(); }
  uint64_t divergence_count() const { return divergence_count_; }
  uint64_t change_count() const { return change_count_; }
  const std::vector<Divergence>& divergences() const { return divergences_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // "takes planner/12.0, @outside/0.1", or "acts unprompted".
  std::string DescribeTaken(const std::vector<MessageId>& taken) const;

 private:
  struct Seen {
    recorder::StepInfo info;
    Recorded::StepPtr recorded;       // nullptr: there is none
    bool known_open = false;          // the recording has its begin at least
    bool downstream = false;
    size_t calls = 0;
    std::vector<MessageId> offered;
    std::optional<Divergence> first;  // the first difference in causal order
  };

  Seen* Find(const recorder::StepInfo& step);
  bool IsTainted(const MessageId& id) const;
  bool IsDownstream(const Seen& seen) const;
  void MarkDownstream(StepKey step);
  void Note(Seen* seen, const std::string& what, const std::string& expected,
            const std::string& actual);
  void Report(Divergence divergence);
  Status CompareCall(Seen* seen, const EffectRecord& effect, const recorder::CallInfo& call,
                     const CallRequest& request);
  Status CompareOffer(Seen* seen, const MessageRecord& recorded, const Message& message);
  void CompareEnd(Seen* seen, const StepRecord& record);
  Status CompareState(Seen* seen, const Body* state);
  std::string Redacted(std::string bytes) const;
  // The bytes as they would be recorded, if they are others than those of the recorded hash.
  std::optional<std::string> OtherThan(const Hash128& recorded, const std::string& bytes) const;
  Result<bool> AllCame() const;

  Recorded* recorded_;
  Matcher* matcher_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  std::map<StepKey, Seen> open_;
  std::map<AgentId, AgentClock> downstream_;     // since which of its steps
  std::map<AgentId, AgentClock> executed_;       // its newest committed step here
  std::set<MessageId> tainted_;
  bool rescheduled_ = false;                     // by a change
  uint64_t divergence_count_ = 0, change_count_ = 0;
  std::vector<Divergence> divergences_;
  std::vector<std::string> warnings_;
};

}  // namespace backstep::replay
