#include "backstep/store/packed_steps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "backstep/store/index/columns/chunk_writer.h"
#include "backstep/store/index/columns/outline_unpacker.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/index/schema.h"

namespace backstep::store {

struct PackedSteps::Impl {
  Impl(const Recording& of, Line& its_line) : recording(of), line(its_line) {}

  Status Open();
  // Whose own step it is, after which step that log's own ones begin, and the last of them that the
  // line sees.
  struct Owner {
    LogId log;
    StepNumber after, last;
  };
  Owner OwnerOf(StepNumber step) const;
  bool Indexed(LogId log);
  Result<bool> IsOfThisLog(LogId log);
  // Makes the unpacker stand before the chunk's first step.
  Result<bool> Load(LogId log, StepNumber first);

  const Recording& recording;
  Line& line;
  std::shared_ptr<void> keep;
  std::unique_ptr<Database> db;
  Statement chunk;
  std::map<LogId, bool> indexed;       // whether the index is of the log that has this number now
  std::set<StepNumber> bad;            // first steps of chunks that contradict themselves
  OutlineUnpacker unpacker;
  StepNumber loaded, next;             // the chunk's first step, 0: none; the step it gives next
};

Status PackedSteps::Impl::Open() {
  BACKSTEP_ASSIGN_OR_RETURN(auto index, FindReadableIndex(recording.path()));
  if (!index) return Status();
  keep = index->keep;
  BACKSTEP_ASSIGN_OR_RETURN(
      auto opened, Database::Open(index->uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
  BACKSTEP_RETURN_IF_ERROR(CheckSchema(*opened));
  BACKSTEP_ASSIGN_OR_RETURN(
      chunk, opened->Prepare("SELECT packed FROM step_columns WHERE log = ? AND first_step = ?"));
  db = std::move(opened);
  return Status();
}

PackedSteps::Impl::Owner PackedSteps::Impl::OwnerOf(StepNumber step) const {
  StepNumber last = line.last();
  for (const auto& [log, after] : line.Chain()) {
    if (step > after) return {log, after, last};
    last = after;
  }
  return {line.id(), line.fork(), line.last()};
}

bool PackedSteps::Impl::Indexed(LogId log) {
  const auto known = indexed.find(log);
  if (known != indexed.end()) return known->second;
  const Result<bool> same = IsOfThisLog(log);
  return indexed[log] = same.ok() && *same;
}

Result<bool> PackedSteps::Impl::IsOfThisLog(LogId log) {
  BACKSTEP_ASSIGN_OR_RETURN(
      Statement query,
      db->Prepare("SELECT lower(hex(header_hash)) FROM watermarks WHERE log = ?"));
  BACKSTEP_ASSIGN_OR_RETURN(const bool found, query.AddNumber(log.value).Next());
  if (!found) return false;
  Hash128 hash = HeaderHash(line.header());
  if (log != line.id()) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto ancestor, recording.OpenLine(log));
    hash = HeaderHash(ancestor->header());
  }
  return query.Text(0) == hash.ToHex();
}

Result<bool> PackedSteps::Impl::Load(LogId log, StepNumber first) {
  loaded = StepNumber();
  BACKSTEP_ASSIGN_OR_RETURN(const bool found,
                            chunk.AddNumber(log.value).AddNumber(first.value).Next());
  if (!found) return false;
  const Status opened = unpacker.Open(log, first, chunk.Bytes(0));
  chunk.Stop();
  BACKSTEP_RETURN_IF_ERROR(opened);
  if (unpacker.steps() != kChunkSteps) return false;
  loaded = next = first;
  return true;
}

PackedSteps::PackedSteps(const Recording& recording, Line& line)
    : impl_(std::make_unique<Impl>(recording, line)) {
  if (!impl_->Open().ok()) impl_->db.reset();
}

PackedSteps::~PackedSteps() = default;

PackedSteps::Stretch PackedSteps::At(StepNumber from, StepNumber to) {
  if (impl_->db == nullptr) return {to, false};
  const Impl::Owner owner = impl_->OwnerOf(from);
  const StepNumber last = std::min(owner.last, to);
  if (!impl_->Indexed(owner.log)) return {last, false};
  const StepNumber first = ChunkOf(from, owner.after);
  const StepNumber end = std::min(StepNumber(first.value + kChunkSteps - 1), last);
  if (impl_->bad.count(first) != 0) return {end, false};
  if (impl_->loaded == first && impl_->next <= from) return {end, true};
  const Result<bool> loaded = impl_->Load(owner.log, first);
  return {end, loaded.ok() && *loaded};
}

Status PackedSteps::Visit(StepNumber from, StepNumber last,
                          const std::function<bool(const StepOutline&)>& visit) {
  while (impl_->next <= last) {
    const Result<const StepOutline*> outline = impl_->unpacker.Next();
    if (!outline.ok()) {
      impl_->bad.insert(impl_->loaded);
      impl_->loaded = StepNumber();
      return outline.status();
    }
    impl_->next = impl_->next.Next();
    if ((*outline)->number >= from && !visit(**outline)) break;
  }
  return Status();
}

}  // namespace backstep::store
