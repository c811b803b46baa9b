// Reads a line: a log and its ancestors, each up to the step where the next one leaves it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/recording.h"

namespace backstep::store {

class KvReader;

// An agent at a moment.
struct AgentAt {
  AgentId id;
  AgentClock clock;          // of its newest step in commit order; 0: none yet
  AgentClock clock_max;      // greatest clock given so far, open steps included
  StepNumber last_step;      // 0: none yet
  TimeNs virtual_time;       // when that step ended; its agent clock in virtual time
  BodyRef state;
};

// A message waiting in a mailbox.
struct Waiting {
  MessageId id;
  AgentId to;
  StepNumber sent_by;        // the step that sent it; 0: from outside
  TimeNs arrival_virtual;
  DurationNs delay;
};

// A step that had begun and not committed at a moment.
struct OpenStep {
  StepBegin begin;
  std::optional<StepNumber> commits_as;  // its number if it commits later in this line
  uint32_t effects_finished = 0;         // by that moment
};

// A checkpoint: the whole system just after step `step` (DESIGN: a cut).
struct Cut {
  StepNumber step;
  std::vector<AgentAt> agents;      // by id, @outside left out
  std::vector<Waiting> mailboxes;   // all agents', in delivery order
  std::vector<OpenStep> open;       // in order of beginning
  TimeNs virtual_time;              // greatest end of a committed step
  std::optional<Outcome> outcome;   // newest set by a step
  std::string scheduler_state;
};

// One thread at a time; open several for several threads. Bodies are read on demand.
// Every call can return Corruption or Io with path, key and step. NotFound names the nearest.
class Line {
 public:
  virtual ~Line() = default;

  virtual LogId id() const = 0;
  virtual const LogHeader& header() const = 0;          // of the line's own log
  virtual const LogHeader& session_header() const = 0;  // of its main line
  virtual LogState state() const = 0;
  virtual std::optional<LogEnd> end() const = 0;
  virtual StepNumber fork() const = 0;                  // 0 for a main line
  virtual StepNumber last() const = 0;
  // The logs it reads, its own first and its main line last, each with the step after which its own
  // steps begin.
  virtual std::vector<std::pair<LogId, StepNumber>> Chain() const = 0;
  // Sees what was written since; returns true when there was something.
  virtual Result<bool> Refresh() = 0;

  virtual const std::vector<AgentRecord>& agents() const = 0;  // by id; [0] is @outside
  virtual Result<std::vector<SegmentRecord>> Segments() = 0;   // by id
  std::optional<AgentId> FindAgent(const std::string& name) const;
  std::string AgentName(AgentId id) const;              // "agent#7" when unknown
  std::string FormatMessageId(const MessageId& id) const;      // planner/12.0
  // InvalidArgument: not of that form. NotFound: no such agent (nearest named).
  Result<MessageId> ParseMessageId(const std::string& text) const;

  virtual Result<StepRecord> Step(StepNumber number) = 0;
  // Calls `visit` for steps from..to (inclusive) in order until it returns false.
  virtual Status ScanSteps(StepNumber from, StepNumber to,
                           const std::function<bool(const StepRecord&)>& visit) = 0;
  // The same with what Effects() gives for each: the fast way to those of many steps.
  virtual Status ScanStepsWithEffects(
      StepNumber from, StepNumber to,
      const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&)>& visit) = 0;
  // The same with what FindMessage() gives for each message it sent, in order.
  virtual Status ScanStepsInFull(
      StepNumber from, StepNumber to,
      const std::function<bool(const StepRecord&, const std::vector<EffectRecord>&,
                               const std::vector<MessageRecord>& sent)>& visit) = 0;
  // The number of the agent's step with that clock; nullopt: not committed in this line.
  virtual Result<std::optional<StepNumber>> StepOf(AgentId agent, AgentClock clock) = 0;
  // The agent's newest step not after `at_most`.
  virtual Result<std::optional<StepNumber>> LatestStepOf(AgentId agent, StepNumber at_most) = 0;

  virtual Result<MessageRecord> FindMessage(const MessageId& id) = 0;
  // Every message of the line, outside ones included, by sender, clock, ordinal.
  virtual Status ScanMessages(const std::function<bool(const MessageRecord&)>& visit) = 0;
  // Effects of one step, by ordinal; of an open step, those finished so far.
  virtual Result<std::vector<EffectRecord>> Effects(AgentId agent, AgentClock clock) = 0;
  // Every effect of the line that belongs to a step after `after`, or to a step open or never
  // committed there; grouped by agent and clock.
  virtual Status ScanEffects(StepNumber after,
                             const std::function<bool(const EffectRecord&)>& visit) = 0;
  virtual Status ScanEvents(const std::function<bool(const EventRecord&)>& visit) = 0;
  // Steps begun and not committed, at the newest moment.
  virtual Result<std::vector<OpenStep>> OpenSteps() = 0;

  // The checkpoint at a moment, without the states' bytes.
  virtual Result<Cut> CutAt(StepNumber number) = 0;
  // The agent's state just after step `number`. Incomplete: it was dropped under overload.
  virtual Result<Body> State(AgentId agent, StepNumber number) = 0;
  // The bytes behind a reference that came from this line. Incomplete: dropped.
  virtual Result<Body> ReadBody(const BodyRef& ref) = 0;
  // The same two without a copy: the bytes are valid during the call of `visit`, which happens
  // once, or not at all after a failure, and must not use the line.
  using BytesVisitor = std::function<void(std::string_view bytes)>;
  virtual Status VisitState(AgentId agent, StepNumber number, const BytesVisitor& visit) = 0;
  virtual Status VisitBody(const BodyRef& ref, const BytesVisitor& visit) = 0;

  // The keys and values of the line's own log (store/format/keys.h), ancestors left out, as of the
  // last Refresh: for the index, verify and search. Lives as long as the line. Several threads may
  // read it, as long as none calls Refresh.
  virtual const KvReader& own_log() const = 0;

  // A hash over activations, messages, effects, states, faults and virtual times in order,
  // without names and measured wall times (docs/concepts.md); the whole line.
  Result<Hash128> Digest();
};

}  // namespace backstep::store
