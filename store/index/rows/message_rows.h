// Rows of messages, gathered from many steps and written by key. Private header of store/index.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/schemas/message.h"
#include "backstep/store/index/sqlite.h"

namespace backstep::store {

struct MessageRow {
  MessageId id;
  AgentId to;
  std::optional<StepNumber> sent_step{};  // none: no step of the log sent it
  int64_t lag = 0, wall_after_ns = 0, virtual_after_ns = 0, form = 0;
  std::optional<uint64_t> bytes{};  // none: no body
};

// `statement` puts a row into message_rows.
Status PutMessageRow(Statement& statement, LogId log, const MessageRow& row);

// Steps come in their order and messages lie by sender and receiver: written as they come, each
// would go into another of thousands of pages. One thread.
class MessageRows {
 public:
  void Add(const MessageRow& row) { gathered_.push_back(row); }
  // More would take more memory than they save time.
  bool full() const { return gathered_.size() >= kRowsMax; }
  // Writes what was added since.
  Status Write(Statement& statement, LogId log);
  void Forget() { gathered_.clear(); }

 private:
  static constexpr size_t kRowsMax = 65536;

  std::vector<MessageRow> gathered_;
};

}  // namespace backstep::store
