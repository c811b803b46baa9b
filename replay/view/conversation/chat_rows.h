// The rows of one step of a conversation; private to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// Spends the budget of bytes of one conversation. One thread; both outlive it.
class ChatRowMaker {
 public:
  ChatRowMaker(store::Line& line, const ConversationOptions& options)
      : line_(line), options_(options), budget_(options.read_bytes_max) {}

  // Something that happened in a step: an index into one of its lists.
  struct Event {
    enum class What : uint8_t { kTook, kCall, kSent, kFault, kFailure, kOutcome };
    What what = What::kTook;
    size_t index = 0;
  };
  struct Block {
    std::vector<ChatRow> rows;   // in order of time
    bool cut = false;            // its oldest rows are left out
  };
  // At most `rows_max` rows, the newest. An open step has number 0.
  Result<Block> RowsOf(const StepRecord& step, size_t rows_max);
  Result<ChatRow> FromOutside(const MessageRecord& message);

 private:
  Result<ChatRow> RowOf(const StepRecord& step, const std::vector<EffectRecord>& effects,
                        const Event& event);
  Result<BodyView> ReadBody(const BodyRef& ref, std::string* whole = nullptr);
  Result<ChatRow> MessageRow(const StepRecord& step, const MessageId& id, ChatKind kind);
  Result<ChatRow> CallRow(const StepRecord& step, const EffectRecord& effect);
  ChatRow FaultRow(const StepRecord& step, const FaultRecord& fault, uint32_t ordinal) const;
  ChatRow FailureRow(const StepRecord& step) const;
  ChatRow OutcomeRow(const StepRecord& step) const;
  ChatRow Start(const StepRecord& step, ChatKind kind) const;
  BodyView Text(const std::string& text) const;

  store::Line& line_;
  const ConversationOptions& options_;
  size_t budget_;
};

}  // namespace backstep::replay
