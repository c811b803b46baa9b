#include "backstep/store/log/log_reader.h"

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/format/log_files.h"

namespace backstep::store {
namespace {

// The step number a K, T or B value holds.
std::optional<StepNumber> NumberIn(std::string_view value) {
  const auto number = KeyU64(value, 0);
  if (!number || value.size() != 8) return std::nullopt;
  return StepNumber{*number};
}

constexpr size_t kStepOffset = 1;

}  // namespace

Result<LogState> AskLogState(const std::string& log_path) {
  if (IsSealed(log_path)) return LogState::kSealed;
  const Result<bool> locked = IsLocked(log_path);
  if (!locked.ok() && locked.status().code() == StatusCode::kNotFound) {
    return Status::Incomplete(log_path + ": its writer has not begun, or died first");
  }
  if (!locked.ok()) return locked.status();
  if (*locked) return LogState::kLive;
  // It may have been sealed and let go between the two questions.
  return IsSealed(log_path) ? LogState::kSealed : LogState::kCrashed;
}

Result<std::unique_ptr<LogReader>> LogReader::Open(const std::string& recording, LogId log) {
  std::unique_ptr<LogReader> reader(new LogReader(LogPath(recording, log)));
  BACKSTEP_ASSIGN_OR_RETURN(const LogState state, AskLogState(reader->path_));
  BACKSTEP_RETURN_IF_ERROR(reader->OpenStore(state));
  BACKSTEP_RETURN_IF_ERROR(reader->Load(log));
  return reader;
}

Result<std::unique_ptr<LogReader>> LogReader::OpenLive(const std::string& recording, LogId log,
                                                       const KvStore* store) {
  std::unique_ptr<LogReader> reader(new LogReader(LogPath(recording, log)));
  reader->state_ = LogState::kLive;
  reader->store_ = store;
  reader->sequence_ = store->Sequence();
  reader->kv_.view = store->View();
  BACKSTEP_RETURN_IF_ERROR(reader->Load(log));
  return reader;
}

StepNumber LogReader::start() const {
  return header_.origin ? header_.origin->fork : StepNumber{};
}

Status LogReader::Damaged(const std::string& what, const std::string& why) const {
  return Status::Corruption(path_ + ": " + what + ": " + why);
}

Status LogReader::OpenStore(LogState state) {
  const bool live = state == LogState::kLive;
  BACKSTEP_ASSIGN_OR_RETURN(auto store, KvStore::OpenToRead(path_, live));
  // Between our reading the manifest and the write-ahead log the writer may have moved the one into
  // a table that only the newer manifest names: the log then looks empty.
  if (live) static_cast<void>(store->CatchUp());
  state_ = state;
  own_store_ = std::move(store);
  store_ = own_store_.get();
  sequence_ = store_->Sequence();
  kv_.view = store_->View();
  return {};
}

Status LogReader::Load(LogId log) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto bytes, kv_.Get(HeaderKey()));
  if (!bytes) return Status::Incomplete(path_ + ": has no header: its writer died first");
  Result<LogHeader> header = DecodeLogHeader(*bytes, log);
  if (!header.ok()) return header.status().WithContext(path_ + ": header");
  header_ = std::move(header).value();
  if (header_.id != log) {
    return Damaged("header", "is that of log " + std::to_string(header_.id.value));
  }
  // A parent is older than its branch; this is what keeps chains of ancestors finite.
  if (header_.origin && (header_.origin->parent >= log || header_.origin->parent.value == 0)) {
    return Damaged("header", "names log " + std::to_string(header_.origin->parent.value) +
                                 " as its parent");
  }
  return LoadEnd();
}

Status LogReader::LoadEnd() {
  BACKSTEP_ASSIGN_OR_RETURN(const auto bytes, kv_.Get(EndKey()));
  if (bytes) {
    Result<LogEnd> end = DecodeLogEnd(*bytes, id());
    if (!end.ok()) return end.status().WithContext(path_ + ": end record");
    end_ = std::move(end).value();
  }
  last_ = start();
  const auto cursor = kv_.NewCursor();
  cursor->SeekForPrev(StepKey(StepNumber{UINT64_MAX}));
  if (cursor->Valid() && cursor->key().starts_with('S')) {
    const auto number = KeyU64(cursor->key(), kStepOffset);
    if (!number || *number <= last_.value) return Damaged("steps", "begin before the fork");
    last_ = StepNumber{*number};
  }
  return cursor->status();
}

Status LogReader::Follow() {
  // Asked before catching up: when the writer is gone by now, all it wrote is there to be seen.
  BACKSTEP_ASSIGN_OR_RETURN(const LogState state, AskLogState(path_));
  if (state == LogState::kLive && own_store_->CatchUp().ok()) return {};
  return OpenStore(state);
}

Result<bool> LogReader::Refresh() {
  const LogState state_before = state_;
  const uint64_t sequence_before = sequence_;
  if (state_ != LogState::kLive) return false;
  if (own_store_) {
    BACKSTEP_RETURN_IF_ERROR(Follow());
  }
  sequence_ = store_->Sequence();
  if (state_ == state_before && sequence_ == sequence_before) return false;
  kv_.view = store_->View();
  BACKSTEP_RETURN_IF_ERROR(LoadEnd());
  return true;
}

Status LogReader::Scan(
    const std::string& prefix, const std::string& from,
    const std::function<Result<bool>(std::string_view, std::string_view)>& visit) const {
  const auto cursor = kv_.NewCursor();
  cursor->Seek(from);
  return ScanOn(*cursor, prefix, visit);
}

Status LogReader::ScanOn(
    KvCursor& cursor, const std::string& prefix,
    const std::function<Result<bool>(std::string_view, std::string_view)>& visit) {
  for (; cursor.Valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool go_on, visit(cursor.key(), cursor.value()));
    if (!go_on) return {};
  }
  return cursor.status();
}

AgentCursors* LogReader::Kept(std::unique_ptr<AgentCursors>* cursors) const {
  if (!kv_.Fixed()) return nullptr;
  if (*cursors == nullptr) *cursors = std::make_unique<AgentCursors>(kv_);
  return cursors->get();
}

const KvCursor* LogReader::NextStep(StepNumber number, const std::string& key) const {
  const bool next = number == step_asked_.Next() && kv_.Fixed();
  step_asked_ = number;
  if (!next) return nullptr;
  const auto at_key = [&] { return steps_->Valid() && steps_->key() == key; };
  if (steps_ == nullptr) {
    steps_ = kv_.NewCursor();
  } else {
    steps_->Next();
  }
  if (!at_key()) steps_->Seek(key);
  return at_key() ? steps_.get() : nullptr;
}

Result<StepRecord> LogReader::Step(StepNumber number) const {
  const auto what = [&] { return "step " + std::to_string(number.value); };
  const std::string key = StepKey(number);
  std::optional<std::string> got;
  std::string_view bytes;
  if (const KvCursor* cursor = NextStep(number, key)) {
    bytes = cursor->value();
  } else {
    BACKSTEP_ASSIGN_OR_RETURN(got, kv_.Get(key));
    if (!got) return Damaged(what(), "is missing");
    bytes = *got;
  }
  Result<StepRecord> record = DecodeStepRecord(bytes, id());
  if (!record.ok()) return record.status().WithContext(path_ + ": " + what());
  if (record->number != number) return Damaged(what(), "has another number inside");
  return record;
}

Status LogReader::ScanSteps(StepNumber from, StepNumber to,
                            const std::function<bool(const StepRecord&)>& visit) const {
  StepNumber next = from;
  bool stopped = false;
  if (from > to) return {};
  BACKSTEP_RETURN_IF_ERROR(Scan("S", StepKey(from), [&](auto key, auto value) -> Result<bool> {
    if (KeyU64(key, kStepOffset) != next.value) return false;
    const std::string what = "step " + std::to_string(next.value);
    Result<StepRecord> record = DecodeStepRecord(value, id());
    if (!record.ok()) return record.status().WithContext(path_ + ": " + what);
    if (record->number != next) return Damaged(what, "has another number inside");
    stopped = !visit(*record);
    next = next.Next();
    return !stopped && next <= to;
  }));
  if (stopped || next > to) return {};
  return Damaged("step " + std::to_string(next.value), "is missing");
}

Result<std::optional<StepNumber>> LogReader::CommittedAs(const StepRef& step) const {
  BACKSTEP_ASSIGN_OR_RETURN(const auto bytes, kv_.Get(ClockKey(step.first, step.second)));
  if (!bytes) return std::optional<StepNumber>();
  const auto number = NumberIn(*bytes);
  if (!number || *number <= start()) return Damaged(StepText(step), "has no step number");
  // A followed log may show a step that is newer than what this reader has settled on.
  if (*number > last_) return std::optional<StepNumber>();
  return number;
}

Result<std::optional<StepNumber>> LogReader::LatestStepOf(AgentId agent,
                                                          StepNumber at_most) const {
  std::unique_ptr<AgentSteps> steps = std::move(agent_steps_);
  if (steps == nullptr) steps = std::make_unique<AgentSteps>(kv_.NewCursor());
  Result<std::optional<StepNumber>> number = steps->Latest(agent, at_most);
  if (!number.ok()) return number.status().WithContext(path_);
  if (kv_.Fixed()) agent_steps_ = std::move(steps);
  if (*number && **number <= start()) return Damaged("steps of an agent", "bad key");
  return number;
}

Result<std::optional<StepBegin>> LogReader::Begin(const StepRef& step) const {
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, CommittedAs(step));
  std::optional<StepBegin> begin;
  if (number) {
    BACKSTEP_ASSIGN_OR_RETURN(begin, Step(*number));
  } else {
    BACKSTEP_ASSIGN_OR_RETURN(const auto bytes, kv_.Get(OpenStepKey(step.first, step.second)));
    if (!bytes) return std::optional<StepBegin>();
    Result<StepBegin> open = DecodeStepBegin(*bytes, id());
    if (!open.ok()) return open.status().WithContext(path_ + ": open step " + StepText(step));
    begin = std::move(open).value();
  }
  if (StepRef(begin->agent, begin->clock) != step) {
    return Damaged(StepText(step), "has another clock inside");
  }
  return begin;
}

Result<std::vector<StepBegin>> LogReader::Uncommitted() const {
  std::vector<StepBegin> out;
  BACKSTEP_RETURN_IF_ERROR(Scan("X", "X", [&](auto key, auto value) -> Result<bool> {
    Result<StepBegin> begin = DecodeStepBegin(value, id());
    if (!begin.ok()) return begin.status().WithContext(path_ + ": open step");
    if (OpenStepKey(begin->agent, begin->clock) != key) {
      return Damaged("open step", "has another clock inside");
    }
    out.push_back(std::move(begin).value());
    return true;
  }));
  return out;
}

Result<std::vector<StepRef>> LogReader::BegunBefore(StepNumber from, StepNumber to) const {
  std::vector<StepRef> out;
  const std::string first = BegunKey(from, AgentId{}, AgentClock{});
  BACKSTEP_RETURN_IF_ERROR(Scan("B", first, [&](auto key, auto value) -> Result<bool> {
    const auto begin_after = KeyU64(key, 1);
    const auto agent = KeyU32(key, 9);
    const auto clock = KeyU64(key, 13);
    const auto number = NumberIn(value);
    if (!begin_after || !agent || !clock || !number) return Damaged("begun steps", "bad record");
    if (*begin_after >= to.value) return false;
    if (*number > to) out.push_back({AgentId{*agent}, AgentClock{*clock}});
    return true;
  }));
  return out;
}

Result<std::optional<CutState>> LogReader::Snapshot(StepNumber at_most) const {
  const auto cursor = kv_.NewCursor();
  cursor->SeekForPrev(CutKey(at_most));
  BACKSTEP_RETURN_IF_ERROR(cursor->status());
  if (!cursor->Valid() || !cursor->key().starts_with('C')) return std::optional<CutState>();
  Result<CutState> cut = DecodeCut(cursor->value(), id());
  const auto step = KeyU64(cursor->key(), 1);
  if (!cut.ok()) return cut.status().WithContext(path_);
  if (step != cut->step.value || cut->step <= start()) {
    return Damaged("cut snapshot", "is that of another step");
  }
  return std::optional<CutState>(std::move(cut).value());
}

}  // namespace backstep::store
