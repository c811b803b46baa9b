// A log that is written record by record as it was, with its ids, clocks and times: for the format
// that keeps them all.
#pragma once

#include <optional>
#include <variant>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::adapters {

// One thread. Records come in the order that store::LogWriter asks for; what they refer to has been
// checked by the caller. Errors are those of the store; after one nothing more is written.
class ExactLog {
 public:
  virtual ~ExactLog() = default;
  virtual Status Agent(const AgentRecord& record, const Body& initial_state) = 0;
  virtual Status Segment(const SegmentRecord& record) = 0;
  virtual Status Begin(const StepBegin& record) = 0;
  // No body: the record says what became of it.
  virtual Status Message(const MessageRecord& record, const std::optional<Body>& body) = 0;
  virtual Status Effect(const EffectRecord& record, const std::optional<Body>& request,
                        const std::optional<Body>& response) = 0;
  using State = std::variant<std::monostate, Body, StateEdit>;
  virtual Status Commit(const StepRecord& record, State state) = 0;
  virtual Status Event(const EventRecord& record) = 0;
  // Ends it; afterwards only the destructor may be called.
  virtual Status Seal(const LogEnd& end) = 0;
};

}  // namespace backstep::adapters
