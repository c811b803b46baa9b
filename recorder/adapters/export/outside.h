// The messages that came from outside, each handed out when its moment has come.
#pragma once

#include <functional>
#include <vector>

#include "backstep/store/line.h"

namespace backstep::adapters {

// Holds 32 bytes a message. One thread, that of the line, which outlives it.
class OutsideMessages {
 public:
  // Those sent after step `from` had ended and before step `to` had.
  OutsideMessages(store::Line& line, StepNumber from, StepNumber to)
      : line_(line), from_(from), to_(to) {}

  // Looks for them. Errors: those of reading.
  Status Find() {
    return line_.ScanMessages([this](const MessageRecord& message) {
      if (message.id.sender != kOutside) return false;
      const StepNumber at = message.sent_after;
      if (at >= from_ && at <= to_) sent_.emplace_back(at, message.id);
      return true;
    });
  }

  // Hands out those sent by the moment `by` that have not been; stops when `visit` fails.
  Status UpTo(StepNumber by, const std::function<Status(const MessageRecord&)>& visit) {
    for (; next_ < sent_.size() && sent_[next_].first <= by; ++next_) {
      const MessageId& id = sent_[next_].second;
      BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message, line_.FindMessage(id));
      BACKSTEP_RETURN_IF_ERROR(visit(message));
    }
    return {};
  }

 private:
  store::Line& line_;
  const StepNumber from_, to_;
  std::vector<std::pair<StepNumber, MessageId>> sent_;  // in the order they were sent
  size_t next_ = 0;
};

}  // namespace backstep::adapters
