// Reads a log's own records in the order the index takes them. Private header of store/index.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/line.h"
#include "backstep/store/log/agent_cursors.h"

namespace backstep::store {

// A step with everything that hangs on it.
struct StepRows {
  StepRecord step;
  std::vector<EffectRecord> effects;    // by ordinal
  std::vector<MessageRecord> messages;  // what it sent, in order
  bool partial = false;                 // some of these are in an ancestor, in which it was open
};

// One thread at a time. Every call can return Corruption or Io, with the step or key.
class LogRows {
 public:
  // `line` gives what a step of a branch shares with the ancestor in which it was open.
  explicit LogRows(Line& line)
      : line_(line), log_(line.own_log()), id_(line.id()), cursor_(log_.NewCursor()),
        steps_(log_.NewCursor()) {}

  // What the log itself holds of a step; may be called on another thread than the line's. Fastest
  // in order. NotFound: the log itself has no such step.
  Result<StepRows> Step(StepNumber number);
  // Adds what an ancestor holds of it. On the line's thread, as all that follows.
  Status Complete(StepRows* rows);
  // Messages from outside whose ordinal is `from` or greater, by ordinal.
  Status ScanOutside(uint32_t from, const std::function<Status(const MessageRecord&)>& visit);
  // Messages this log holds although the step that sent them is an ancestor's: a branch's changes
  // to what was already in a mailbox when it left.
  Status ScanInherited(const std::function<Status(const MessageRecord&)>& visit);
  // Events after `sequence`, in order.
  Status ScanEvents(uint64_t sequence, const std::function<Status(const EventRecord&)>& visit);

 private:
  Status ScanMessages(const std::string& from, const std::string& prefix,
                      const std::function<Result<bool>(const MessageId&)>& wanted,
                      const std::function<Status(const MessageRecord&)>& visit);
  Status ReadEffects(StepRows* rows);
  Status ReadMessages(StepRows* rows);
  // nullopt: the log itself does not hold it.
  Result<std::optional<MessageRecord>> OwnMessage(const MessageId& id);

  Line& line_;
  const KvReader& log_;
  LogId id_;
  std::unique_ptr<KvCursor> cursor_, steps_;
  AgentCursors messages_{log_}, effects_{log_};
};

}  // namespace backstep::store
