#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/index/catch_up.h"
#include "backstep/store/index/index.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/index/rows/step_feed.h"
#include "backstep/store/index/schema.h"
#include "backstep/store/line.h"

namespace backstep::store {

struct IndexWriter::Impl {
  std::string recording;
  std::unique_ptr<IndexLock> lock;
  std::unique_ptr<Database> db;
  std::unique_ptr<RowWriter> rows;
  std::string rebuilt;
  // What the overview rows of a log were written from; equal again: nothing to write.
  std::map<LogId, Hash128> overviews;

  Status Use(std::unique_ptr<Database> fresh) {
    rows.reset();
    db = std::move(fresh);
    overviews.clear();
    BACKSTEP_ASSIGN_OR_RETURN(rows, RowWriter::Make(*db));
    return Status();
  }

  // The statements hold on to the connection, so they go first.
  Status Replace(const std::string& why) {
    rows.reset();
    BACKSTEP_ASSIGN_OR_RETURN(auto fresh, ReplaceIndex(recording, std::move(db)));
    rebuilt = why;
    return Use(std::move(fresh));
  }

  Result<uint64_t> CatchUpOnce(Line& line, uint64_t steps_max);
  // After rows that no watermark speaks of, which would be in the way, are gone.
  Result<uint64_t> CatchUpOverRows(Line& line, uint64_t steps_max);
  Result<uint64_t> InTransaction(Line& line, uint64_t steps_max);
};

namespace {

// Of what PutOverview writes while the log is open.
Result<Hash128> OverviewHash(Line& line, bool with_end) {
  Hasher hasher;
  hasher.AddNumber(with_end ? 1 : 0);
  hasher.AddNumber(line.last().value);
  for (const AgentRecord& agent : line.agents()) hasher.AddField(agent.name);
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line.Segments());
  for (const SegmentRecord& segment : segments) hasher.AddField(Encode(segment));
  return hasher.Digest();
}

uint64_t NewestEvent(const KvReader& log) {
  const std::unique_ptr<KvCursor> cursor = log.NewCursor();
  const std::string greatest = EventKey(std::numeric_limits<uint64_t>::max());
  cursor->SeekForPrev(greatest);
  if (!cursor->Valid() || cursor->key().substr(0, 1) != greatest.substr(0, 1)) return 0;
  return KeyU64(cursor->key(), 1).value_or(0);
}

Status DropBeyondLog(Line& line, RowWriter& rows, Database& db, Watermark* watermark) {
  if (watermark->steps > line.last()) {
    BACKSTEP_RETURN_IF_ERROR(rows.DeleteBeyond(line.id(), line.last()));
    watermark->steps = std::max(line.last(), line.fork());
    watermark->outside_messages = 0;
    watermark->sealed = false;
  }
  const uint64_t newest = NewestEvent(line.own_log());
  if (watermark->events > newest) {
    const std::string where = " WHERE log = " + std::to_string(line.id().value) +
                              " AND sequence > " + std::to_string(newest);
    BACKSTEP_RETURN_IF_ERROR(db.Exec("DELETE FROM spans" + where));
    BACKSTEP_RETURN_IF_ERROR(db.Exec("DELETE FROM events" + where));
    watermark->events = newest;
    watermark->sealed = false;
  }
  return Status();
}

Result<uint64_t> PutSteps(Line& line, RowWriter& rows, const CatchUpLimits& limits, LogRows& log,
                          Watermark* watermark) {
  const uint64_t begun = watermark->steps.value;
  uint64_t last = std::min(line.last(), limits.last).value;
  if (last <= begun) return uint64_t{0};
  last = begun + std::min(last - begun, limits.steps_max);
  StepFeed feed(&log, StepNumber(begun + 1), StepNumber(last));
  while (watermark->steps.value < last) {
    Result<StepRows>& step = feed.Next();
    const Status read = step.ok() ? log.Complete(&*step) : step.status();
    // What is sound stays indexed; the next call begins at the damage and fails.
    if (!read.ok() && watermark->steps.value > begun) break;
    if (!read.ok()) return read;
    BACKSTEP_RETURN_IF_ERROR(rows.PutStep(line, *step));
    watermark->steps = watermark->steps.Next();
  }
  BACKSTEP_RETURN_IF_ERROR(rows.WriteMessages(line.id()));
  return watermark->steps.value - begun;
}

}  // namespace

uint64_t OwnSteps(const std::vector<LogInfo>& logs) {
  uint64_t steps = 0;
  for (const LogInfo& log : logs) {
    if (!log.error.ok()) continue;
    steps += log.last.value - (log.header.origin ? log.header.origin->fork.value : 0);
  }
  return steps;
}

Result<uint64_t> IndexSteps(Line& line, RowWriter& rows, const CatchUpLimits& limits,
                            Watermark* watermark, bool* changed) {
  LogRows log(line);
  const bool first = watermark->steps == line.fork() && watermark->outside_messages == 0;
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t steps, PutSteps(line, rows, limits, log, watermark));
  const uint32_t outside_before = watermark->outside_messages;
  const bool sealing = limits.with_end && line.end().has_value() && watermark->steps == line.last();
  const bool whole = line.header().origin && (first || sealing);
  BACKSTEP_RETURN_IF_ERROR(log.ScanOutside(
      whole ? 0 : watermark->outside_messages, [&](const MessageRecord& message) -> Status {
        if (message.id.ordinal >= limits.outside_messages_max) return Status();
        watermark->outside_messages = std::max(watermark->outside_messages, message.id.ordinal + 1);
        return rows.PutMessage(line, message, nullptr);
      }));
  if (whole) {
    BACKSTEP_RETURN_IF_ERROR(log.ScanInherited([&](const MessageRecord& message) {
      return rows.PutMessage(line, message, nullptr);
    }));
  }
  const uint64_t events_before = watermark->events;
  BACKSTEP_RETURN_IF_ERROR(
      log.ScanEvents(watermark->events, [&](const EventRecord& event) -> Status {
        if (event.sequence > limits.events_max) return Status();
        watermark->events = event.sequence;
        return rows.PutEvent(line.id(), event);
      }));
  watermark->sealed = sealing;
  *changed = steps > 0 || sealing || outside_before != watermark->outside_messages ||
             events_before != watermark->events;
  return steps;
}

Result<uint64_t> IndexWriter::Impl::InTransaction(Line& line, uint64_t steps_max) {
  BACKSTEP_ASSIGN_OR_RETURN(Watermark watermark, rows->ReadWatermark(line));
  BACKSTEP_RETURN_IF_ERROR(DropBeyondLog(line, *rows, *db, &watermark));
  if (watermark.sealed) return uint64_t{0};
  CatchUpLimits limits;
  limits.steps_max = steps_max;
  bool changed = false;
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t steps,
                            IndexSteps(line, *rows, limits, &watermark, &changed));
  BACKSTEP_ASSIGN_OR_RETURN(const Hash128 overview, OverviewHash(line, watermark.sealed));
  if (!changed && overviews[line.id()] == overview) return uint64_t{0};
  BACKSTEP_RETURN_IF_ERROR(rows->PutOverview(line, watermark.sealed));
  BACKSTEP_RETURN_IF_ERROR(rows->PutWatermark(line.id(), watermark));
  overviews[line.id()] = overview;
  return steps;
}

Result<uint64_t> IndexWriter::Impl::CatchUpOnce(Line& line, uint64_t steps_max) {
  BACKSTEP_RETURN_IF_ERROR(db->Exec("BEGIN IMMEDIATE"));
  Result<uint64_t> steps = InTransaction(line, steps_max);
  Status end = steps.ok() ? db->Exec("COMMIT") : steps.status();
  if (end.ok()) return steps;
  overviews.erase(line.id());
  rows->ForgetUndone();
  const Status undone = db->Exec("ROLLBACK");
  (void)undone;
  return end;
}

Result<uint64_t> IndexWriter::Impl::CatchUpOverRows(Line& line, uint64_t steps_max) {
  BACKSTEP_ASSIGN_OR_RETURN(const Watermark watermark, rows->ReadWatermark(line));
  BACKSTEP_RETURN_IF_ERROR(rows->DeleteBeyond(line.id(), watermark.steps));
  return CatchUpOnce(line, steps_max);
}

IndexWriter::IndexWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

IndexWriter::~IndexWriter() {
  impl_->rows.reset();
  CloseIndex(std::move(impl_->db));
}

Result<std::unique_ptr<IndexWriter>> IndexWriter::Open(const std::string& recording_path) {
  auto impl = std::make_unique<Impl>();
  impl->recording = recording_path;
  BACKSTEP_ASSIGN_OR_RETURN(impl->lock, IndexLock::Take(recording_path));
  BACKSTEP_ASSIGN_OR_RETURN(OpenedIndex opened, OpenIndexToWrite(recording_path));
  impl->rebuilt = std::move(opened.rebuilt);
  BACKSTEP_RETURN_IF_ERROR(impl->Use(std::move(opened.db)));
  return std::unique_ptr<IndexWriter>(new IndexWriter(std::move(impl)));
}

const std::string& IndexWriter::rebuilt() const { return impl_->rebuilt; }

Result<uint64_t> IndexWriter::CatchUp(Line& line, uint64_t steps_max) {
  Result<uint64_t> steps = impl_->CatchUpOnce(line, steps_max);
  if (steps.ok() || steps.status().code() != StatusCode::kCorruption) return steps;
  // The log or the index is damaged; only the latter is ours to replace.
  const Result<std::optional<std::string>> check = impl_->db->Query("PRAGMA quick_check(1)");
  if (check.ok() && *check == std::string("ok")) return impl_->CatchUpOverRows(line, steps_max);
  BACKSTEP_RETURN_IF_ERROR(impl_->Replace(steps.status().message()));
  return impl_->CatchUpOnce(line, steps_max);
}

Status IndexWriter::Prune(const Recording& recording) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  std::set<int64_t> there;
  for (const LogInfo& log : logs) there.insert(log.id.value);
  BACKSTEP_ASSIGN_OR_RETURN(Statement query, impl_->db->Prepare("SELECT log FROM watermarks"));
  std::vector<LogId> gone;
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool more, query.Next());
    if (!more) break;
    if (there.count(query.Integer(0)) == 0) {
      gone.push_back(LogId(static_cast<uint32_t>(query.Integer(0))));
    }
  }
  if (gone.empty()) return Status();
  BACKSTEP_RETURN_IF_ERROR(impl_->db->Exec("BEGIN IMMEDIATE"));
  Status status;
  for (const LogId log : gone) {
    if (status.ok()) status = impl_->rows->DeleteLog(log);
  }
  return impl_->db->Exec(status.ok() ? "COMMIT" : "ROLLBACK");
}

Status IndexWriter::Clear() {
  Status status = impl_->db->Exec("BEGIN IMMEDIATE");
  for (size_t i = 0; i < kTableCount && status.ok(); ++i) {
    if (kTables[i].rows == Rows::kOurs) continue;
    status = impl_->db->Exec(std::string("DELETE FROM ") + kTables[i].name);
  }
  if (status.ok()) status = impl_->db->Exec("COMMIT");
  impl_->overviews.clear();
  impl_->rows->ForgetUndone();
  if (status.code() == StatusCode::kCorruption) return impl_->Replace(status.message());
  return status;
}

namespace {

Status IndexLog(const Recording& recording, LogId log,
                const std::function<bool(uint64_t, uint64_t)>& progress, uint64_t total,
                IndexWriter& writer, uint64_t* done) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(log));
  while (true) {
    BACKSTEP_ASSIGN_OR_RETURN(const uint64_t steps, writer.CatchUp(*line));
    *done += steps;
    if (progress && !progress(*done, std::max(*done, total))) {
      return Status::Cancelled("indexing was cancelled; what is indexed stays");
    }
    if (steps == 0) return Status();
  }
}

}  // namespace

Result<uint64_t> Reindex(const Recording& recording,
                         const std::function<bool(uint64_t, uint64_t)>& progress) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto writer, IndexWriter::Open(recording.path()));
  BACKSTEP_RETURN_IF_ERROR(writer->Clear());
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  const uint64_t total = OwnSteps(logs);
  uint64_t done = 0;
  Status damaged;
  for (const LogInfo& log : logs) {
    const Status indexed =
        log.error.ok() ? IndexLog(recording, log.id, progress, total, *writer, &done) : log.error;
    if (indexed.code() == StatusCode::kCancelled) return indexed;
    if (damaged.ok()) damaged = indexed;
  }
  if (!damaged.ok()) return damaged.WithContext("the rest is indexed");
  return done;
}

}  // namespace backstep::store
