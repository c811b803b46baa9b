// Which faults of a plan meet which boundary, on plain facts: what FaultHook asks while a system
// runs, and what a re-execution asks of a recorded step to find the latest fork. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "backstep/recorder/faults/fault_plan.h"
#include "backstep/recorder/hook.h"
#include "backstep/schemas/message.h"

namespace backstep::recorder {

// The step a boundary lies in.
struct StepFacts {
  std::string agent;            // name
  uint64_t clock = 0;
  uint64_t step_index = 0;      // the program's index, else the clock
  std::string segment;          // innermost; empty: none
  uint32_t segment_order = 0;
};
StepFacts FactsOf(const StepInfo& step);

// A message's envelope.
struct MessageFacts {
  std::string from, to;         // agent names
  MessageId id;
  std::string program_id, channel, edge_id;
};
MessageFacts FactsOf(const Message& message);

// A call. `kind` is kLlm or kTool; faults meet no other.
struct CallFacts {
  EffectKind kind = EffectKind::kTool;
  uint32_t ordinal = 0;
  std::string name, tool_type, tool_call_id;
};
CallFacts FactsOf(const CallInfo& call, const CallRequest& request);

// Whether hook and selectors of `spec` match; neither probability nor max_times is looked at.
bool MatchesStep(const FaultSpec& spec, const StepFacts& step);
// `step` is the sender's, respectively the receiver's.
bool MatchesSend(const FaultSpec& spec, const StepFacts& step, const MessageFacts& message);
bool MatchesReceive(const FaultSpec& spec, const StepFacts& step, const MessageFacts& message);
bool MatchesCall(const FaultSpec& spec, const StepFacts& step, const CallFacts& call);

// Whether a match applies by its probability: a draw from seed, fault, hook, agent, clock and the
// boundary's ordinal in its step. The same in every run.
bool DrawStep(const FaultSpec& spec, uint64_t seed, const StepFacts& step);
bool DrawSend(const FaultSpec& spec, uint64_t seed, const StepFacts& step,
              const MessageFacts& message);
bool DrawReceive(const FaultSpec& spec, uint64_t seed, const StepFacts& step,
                 const MessageFacts& message);
bool DrawCall(const FaultSpec& spec, uint64_t seed, const StepFacts& step, const CallFacts& call);

// The first fault of `plan` that matches and whose draw applies; nullptr: none. max_times is not
// looked at: what these find is where a fault takes effect at the earliest.
const FaultSpec* FirstOnStep(const FaultPlan& plan, uint64_t seed, const StepFacts& step);
const FaultSpec* FirstOnSend(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                             const MessageFacts& message);
const FaultSpec* FirstOnReceive(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                                const MessageFacts& message);
const FaultSpec* FirstOnCall(const FaultPlan& plan, uint64_t seed, const StepFacts& step,
                             const CallFacts& call);

// Whether `text` equals `pattern` or matches it as a glob: * ? [a-z] [!a-z], \ takes the next
// character as it is. Linear in the text for each *.
bool MatchesGlob(const std::string& pattern, const std::string& text);
// Whether `number` lies in "7", "3..7", "5..", "..9".
bool MatchesRange(const std::string& pattern, uint64_t number);
// Whether `pattern` is such a number or range, lower end first.
bool IsRange(const std::string& pattern);

// "planner/12.0", "planner/12.0+1": a message's id as printed.
std::string PrintMessageId(const std::string& sender, const MessageId& id);

}  // namespace backstep::recorder
