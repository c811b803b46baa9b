#include "backstep/store/index/rows/message_rows.h"

#include <algorithm>
#include <tuple>

namespace backstep::store {

Status PutMessageRow(Statement& statement, LogId log, const MessageRow& row) {
  statement.AddNumber(log.value).AddNumber(row.id.sender.value).AddNumber(row.to.value);
  statement.AddNumber(row.id.clock.value).AddNumber(row.id.ordinal).AddNumber(row.id.copy);
  row.sent_step ? statement.AddNumber(row.sent_step->value) : statement.AddNull();
  statement.AddSigned(row.lag).AddSigned(row.wall_after_ns).AddSigned(row.virtual_after_ns);
  statement.AddSigned(row.form);
  row.bytes ? statement.AddNumber(*row.bytes) : statement.AddNull();
  return statement.Run();
}

Status MessageRows::Write(Statement& statement, LogId log) {
  const auto key = [](const MessageRow& row) {
    return std::tuple(row.id.sender, row.to, row.id.clock, row.id.ordinal, row.id.copy);
  };
  std::sort(gathered_.begin(), gathered_.end(),
            [&](const MessageRow& a, const MessageRow& b) { return key(a) < key(b); });
  for (const MessageRow& row : gathered_) {
    BACKSTEP_RETURN_IF_ERROR(PutMessageRow(statement, log, row));
  }
  gathered_.clear();
  return Status();
}

}  // namespace backstep::store
