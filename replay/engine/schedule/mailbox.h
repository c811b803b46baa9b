// The messages that wait, and the order in which they can be delivered: the live runner and the
// re-execution keep them alike, so that both decide alike.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "backstep/base/status.h"
#include "backstep/schemas/message.h"

namespace backstep::replay {

// A message that waits. Its body may still lie in the recording.
struct Mail {
  Message message;
  TimeNs arrival_virtual;
  TimeNs sent_monotonic;                       // live: when it was really sent
  std::function<Result<Body>()> read_body;     // empty: message.body is there
};

// One thread at a time.
class Mailbox {
 public:
  // Puts a message behind everything sent before it. A second one with the same id is ignored.
  void Add(Mail mail);
  bool Contains(const MessageId& id) const { return places_.count(id) != 0; }
  // Valid until the message leaves. nullptr: it does not wait.
  Mail* Find(const MessageId& id);
  const Mail* Find(const MessageId& id) const;
  // The message leaves. False: it did not wait.
  bool Remove(const MessageId& id);
  size_t size() const { return places_.size(); }
  // True when a message without an injected delay waits for an agent `wanted` accepts.
  bool HasUndelayed(const std::function<bool(const Mail&)>& wanted) const;
  // In delivery order until `visit` returns false: in order of sending; a delayed message comes
  // as soon as its arrival is not later than that of the first one without delay.
  void Visit(const std::function<bool(const Mail&)>& visit) const;

 private:
  using DelayedKey = std::pair<TimeNs, uint64_t>;
  struct Place {
    uint64_t sequence = 0;
    std::optional<DelayedKey> delayed;
  };
  uint64_t next_sequence_ = 0;
  std::map<uint64_t, Mail> plain_;
  std::map<DelayedKey, Mail> delayed_;
  std::unordered_map<MessageId, Place> places_;
};

}  // namespace backstep::replay
