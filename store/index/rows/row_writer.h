// Turns records into rows of the index. Private header of store/index.
#pragma once

#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/store/index/columns/chunk_writer.h"
#include "backstep/store/index/rows/log_rows.h"
#include "backstep/store/index/rows/message_forms.h"
#include "backstep/store/index/rows/message_rows.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/store/line.h"

namespace backstep::store {

// Longer texts are cut in the index; the log has all of them.
inline constexpr size_t kIndexTextBytesMax = 4096;
// Of the hash of a state the index has the first bytes, enough to tell states apart.
inline constexpr size_t kIndexStateHashBytes = 5;

// How far a log is indexed.
struct Watermark {
  Hash128 header_hash;           // of the log's header; another one: another log of that number
  StepNumber steps;              // newest indexed step
  uint64_t events = 0;           // newest indexed event
  uint32_t outside_messages = 0; // ordinals below are indexed
  bool sealed = false;           // the end of the log is indexed: nothing will follow
  TimeNs began_wall;             // of the log: other times are told from it on
};

// Hash by which a watermark knows its log.
Hash128 HeaderHash(const LogHeader& header);
// Of a log of which nothing is indexed.
Watermark FreshWatermark(const Line& line);

// Prepared statements of one connection. One thread. Rows of one log, the line's own.
class RowWriter {
 public:
  static Result<std::unique_ptr<RowWriter>> Make(Database& db);

  // Its messages wait for WriteMessages.
  Status PutStep(Line& line, const StepRows& rows);
  // `sent_by`: the line's own step that sent it, and the row waits for WriteMessages; null: it came
  // from outside, or from an ancestor's step, and replaces what there is of it.
  Status PutMessage(Line& line, const MessageRecord& message, const StepRecord* sent_by);
  Status WriteMessages(LogId log);
  Status PutEvent(LogId log, const EventRecord& event);
  // The few rows that change while a log grows: session or branch, its edits, agents, segments.
  // `with_end`: what the log's end says, too.
  Status PutOverview(Line& line, bool with_end);

  Result<Watermark> ReadWatermark(const Line& line);
  Status PutWatermark(LogId log, const Watermark& watermark);
  // Removes every row of the log; `after` set: only those of steps beyond it.
  Status DeleteLog(LogId log);
  Status DeleteBeyond(LogId log, StepNumber after);
  // To be called when the transaction it wrote in was undone.
  void ForgetUndone() {
    forms_.Forget();
    messages_.Forget();
    chunks_.Forget();
  }

 private:
  explicit RowWriter(Database& db) : db_(db) {}
  Status PutStepDetails(Line& line, const StepRows& rows);
  Status PutEffect(Line& line, const EffectRecord& effect, StepNumber step);
  Status PutFaults(Line& line, const StepRecord& step);
  Status PutSession(Line& line, bool with_end);
  Status PutBranch(Line& line, bool with_end);
  Status PutEdits(Line& line, const std::string& experiment);
  Status PutAgents(Line& line);
  Status PutSegments(Line& line);

  Database& db_;
  MessageForms forms_;
  MessageRows messages_;
  ChunkWriter chunks_;
  Statement step_, step_details_, message_, message_again_, message_details_, effect_, fault_,
      span_, event_, agent_, segment_, session_, branch_, edit_, watermark_;
};

}  // namespace backstep::store
