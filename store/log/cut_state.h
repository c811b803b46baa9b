// The part of a checkpoint that grows step by step, and its form in a log (key C).
//
// A snapshot's value, numbers as varints (store/state/varint.h), lists with their count in front:
//   1                                        version of this layout
//   step, virtual_time (zigzag)
//   outcome: 0, or 1 kind has_score [score: 8 bytes] reason
//   scheduler_state
//   agents:  id clock clock_max last_step virtual_end (zigzag) state (body reference)
//   waiting: message order outside to arrival (zigzag) delay (zigzag)
//   taken early: message
//   open:    agent clock
// message: sender clock ordinal copy. text: length and bytes. body reference: where, and unless
// that is kNone: log owner stream position size hash (16 bytes) media_type inline_bytes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::store {

using StepRef = std::pair<AgentId, AgentClock>;
// "clock 3 of agent#2", for messages.
std::string StepText(const StepRef& step);

// A message in a mailbox. `order` is the step that sent it; for one from outside, the steps
// committed when it was sent.
struct WaitingMessage {
  MessageId id;
  AgentId to;
  StepNumber order;
  bool outside = false;
  TimeNs arrival;
  DurationNs delay;
};

// The cut just after `step`, folded step by step. Value; copies.
struct CutState {
  struct Agent {
    AgentClock clock;      // of its newest step in commit order
    AgentClock clock_max;  // greatest committed
    StepNumber last_step;
    TimeNs virtual_end;
    BodyRef state;
  };

  StepNumber step;
  std::map<AgentId, Agent> agents;  // those that have committed a step
  std::unordered_map<MessageId, WaitingMessage> waiting;
  std::unordered_set<MessageId> taken_early;  // taken by a committed step, sender not committed
  std::set<StepRef> open;                     // begun and not committed
  TimeNs virtual_time;
  std::optional<Outcome> outcome;
  std::string scheduler_state;

  // A message from outside that was sent by then.
  void AddOutside(const MessageRecord& message);
  // The next step in commit order.
  void Apply(const StepRecord& record);
  // What a snapshot of it costs, in entries.
  size_t Entries() const;
};

std::string EncodeCut(const CutState& cut, LogId log);
// Corruption: not what EncodeCut wrote.
Result<CutState> DecodeCut(std::string_view bytes, LogId log);

// The mailboxes in the order in which the messages would be delivered: by send order; a delayed
// message waits apart and goes first once it has arrived before the oldest undelayed one.
std::vector<Waiting> DeliveryOrder(const CutState& cut);

}  // namespace backstep::store
