// Writes one log: a session's main line or one branch. docs/format.md has the keys.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/seal_limits.h"
#include "backstep/store/state/state_edit.h"

namespace backstep::store {

class Line;

struct WriterOptions {
  // What a power cut may take: nothing written since the last sync. A killed process loses no
  // committed step under any value.
  DurationNs sync_every = Milliseconds(100);  // 0: every flush
  // For a log that counts for nothing before its recording is whole (an import): no flush is kept
  // from a killed process, nothing is forced to the disk, by Seal and Sync neither (ForceToDisk in
  // store/format/files.h does it for all), and it is packed in less time, up to a tenth larger.
  bool bulk = false;
  SealLimits seal_limits{};
  LogId number{};  // that it is to bear, free in this recording; 0: the next one that is free
};

// One thread at a time. Operations gather in a batch; Flush makes them atomic and durable against
// a killed process. After the first failure every call returns it again and writes nothing more;
// that of a batch handed to FlushBehind shows from the next Flush, FlushBehind or Seal on. What was
// flushed stays readable.
//
// A step: Begin, then any of PutMessage / PutEffect as they happen, then Commit. A Begin that was
// flushed without its Commit is an open step. Order of calls is the order of the log.
class LogWriter {
 public:
  ~LogWriter();  // flushes; a log not sealed reads as crashed
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  LogId id() const;
  const LogHeader& header() const;

  // `initial_state` becomes version 0 of the agent's state stream; fills `agent.initial_state`.
  // In a branch an agent of the parent needs no Put: ids and states are inherited.
  Status PutAgent(AgentRecord agent, const Body& initial_state);
  // Writes or overwrites a segment (once when it begins, once when it ends).
  Status PutSegment(const SegmentRecord& segment);
  Status Begin(const StepBegin& begin);
  // Message and effect bodies go to the literal log of the sender / agent. Fill the records'
  // BodyRefs. A nullptr body leaves its ref as it is (a branch that
  // serves its parent's body refers to it instead of writing it again).
  Status PutMessage(MessageRecord* message, const Body* body);
  Status PutEffect(EffectRecord* effect, const Body* request, const Body* response);
  // The new state: whole bytes, or an edit against the agent's last committed state, or nothing
  // (unchanged). Fills `step->state`. `media_type` is the state's. The Begin record goes.
  Status Commit(StepRecord* step, const std::variant<std::monostate, Body, StateEdit>& state);
  // Commit of a whole state, if what is new in it is clean: `clean` is asked about each stretch of
  // new bytes with up to `around` bytes on either side. False: it was not, and nothing was done.
  Result<bool> CommitIfClean(StepRecord* step, const Body& state, size_t around,
                             const std::function<bool(std::string_view)>& clean);
  // The bytes of the agent's newest state that was kept, valid until the next call; empty: it has
  // none.
  Result<std::string_view> NewestState(AgentId agent);
  Status PutEvent(EventRecord event);  // assigns event.sequence

  // Writes the batch. Io: disk full, permission; the message says so.
  Status Flush();
  // Hands the batch to a thread that writes it while the next one is made, and returns; waits for
  // the batch before it. `written` is called once, on that thread, when the batch is as after a
  // Flush or could not be written. It must not call the writer; what it throws counts as a failure
  // of the log. An error, that of an earlier batch: nothing was handed over, and `written` is not
  // called. Where the system gives no thread, this one writes: `written` is called before this
  // returns, on success alone, and an error may be that of this batch.
  Status FlushBehind(std::function<void(const Status&)> written);
  // Forces what was flushed to the disk. Thread-safe against the other calls.
  Status Sync();
  // Writes the end record, flushes, compacts the memtables into files and records the checksum of
  // every file. Afterwards only the destructor may be called.
  Status Seal(LogEnd end);

  // Reads this log and its ancestors while it is being written; sees what was flushed. The Line may
  // be used on another thread and must not outlive the writer.
  Result<std::unique_ptr<Line>> Read();

  // Bytes retained for encoding (last state and request of each agent).
  size_t RetainedBytes() const;

 private:
  friend class Recording;
  struct Impl;
  explicit LogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::store
