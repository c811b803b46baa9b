// What agents exchange: bodies, message ids and messages. Plain values; they copy.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/time.h"

namespace backstep {

// Opaque bytes with a media type ("application/json", "text/plain; charset=utf-8", ...).
struct Body {
  std::string bytes;
  std::string media_type = "application/json";  // may be empty: unknown
  bool operator==(const Body&) const = default;
};

// Names one message: who sent it, in which of its steps, as which of that step's messages.
// The same message has the same id in every branch. Printed `planner/12.0`; a copy made by an
// injected fault prints `planner/12.0+1`. Messages from outside are `@outside/0.K`.
struct MessageId {
  AgentId sender;
  AgentClock clock;      // the sender's clock; 0 only for @outside
  uint32_t ordinal = 0;  // from 0, in order of Send within the step
  uint32_t copy = 0;     // 0: the message itself; 1..: copies injected by a fault
  constexpr auto operator<=>(const MessageId&) const = default;
};

// A message on its way. `Send` fills `id` and `from`, a fault `delay`; the program the rest.
struct Message {
  MessageId id{};
  std::string from{};                    // agent name
  std::string to{};                      // agent name
  std::string channel{};                 // may be empty
  std::string kind{};                    // e.g. "task", "request", "reply"; may be empty
  Body body{};
  std::optional<MessageId> reply_to{};
  std::string program_id{};              // an id the program gives; metadata, need not be unique
  std::string edge_id{};                 // name of the edge it takes; may be empty
  std::vector<std::pair<std::string, std::string>> attributes{};  // any further metadata
  DurationNs delay{};                    // injected delay between sending and arrival
};

}  // namespace backstep

template <>
struct std::hash<backstep::MessageId> {
  size_t operator()(const backstep::MessageId& id) const {
    const uint64_t a = (uint64_t{id.sender.value} << 32) ^ (uint64_t{id.ordinal} << 8) ^ id.copy;
    return static_cast<size_t>((a * 0x9e3779b97f4a7c15ULL) ^
                               (id.clock.value * 0xff51afd7ed558ccdULL));
  }
};
