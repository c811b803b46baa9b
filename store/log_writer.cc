#include "backstep/store/log_writer.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/format/manifest.h"
#include "backstep/store/log/cut_state.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log/line_reader.h"
#include "backstep/store/log/threads/sync_thread.h"
#include "backstep/store/log/threads/write_thread.h"
#include "backstep/store/recording.h"
#include "backstep/store/state/state_store.h"

namespace backstep::store {
namespace {

constexpr size_t kBatchBytesMax = 4 << 20;
constexpr uint64_t kSnapshotStepsMin = 256;
// How many of an agent's steps before the fork are searched for its last request.
constexpr int kRequestLookback = 4;

using State = std::variant<std::monostate, Body, StateEdit>;

std::optional<uint32_t> RequestStream(EffectKind kind) {
  if (kind == EffectKind::kLlm) return kLlmRequestStream;
  if (kind == EffectKind::kTool) return kToolRequestStream;
  return std::nullopt;
}

}  // namespace

struct LogWriter::Impl {
  std::string recording;
  std::string path;
  LogHeader header;
  bool durable_flush = false;
  std::unique_ptr<WriterLock> lock;
  std::unique_ptr<KvStore> store;
  std::unique_ptr<SyncThread> sync_thread;
  std::unique_ptr<WriteThread> write_thread;       // from the first FlushBehind on
  WriteSet batch;
  StateEncoder encoder{&batch};
  std::unique_ptr<LineReader> parent;              // branches: the line up to the fork
  std::set<std::pair<AgentId, uint32_t>> based;    // streams whose base was looked for
  CutState cut;                                    // after the newest step
  std::map<AgentId, BodyRef> initial_states;
  std::map<StepRef, std::string> begun;            // in memory: begun since the last flush
  std::set<StepRef> flushed_open;                  // have an X key in the log
  std::vector<StepNumber> snapshots;               // of this log, ascending
  uint64_t events = 0;
  Status failed;
  bool sealed = false;

  ~Impl() {
    write_thread.reset();
    sync_thread.reset();
    parent.reset();
  }

  Status Open(const WriterOptions& options);
  Status Inherit();
  Status Ready() const;
  // Ends an operation: remembers a failure for ever, flushes a batch that has grown large.
  Status Done(Status status);
  void PutBegun();
  Status Flush();
  Status FlushBehind(WriteThread::Written written);
  Status Seal(LogEnd end);

  StepNumber last() const { return cut.step; }
  BodyRef* Own(BodyRef* ref) const;
  BodyRef CurrentState(AgentId agent) const;
  Status FindBase(AgentId agent, uint32_t stream);
  Result<std::optional<BodyRef>> LastRequest(AgentId agent, EffectKind kind);
  Status PutRequest(EffectRecord* effect, const Body& request);
  Status PutState(StepRecord* step, const State& state);
  void FinishState(StepRecord* step, const BodyRef& before);
  void NoteBegun(const StepRef& step, StepNumber begin_after);
  void DropSnapshotsAfter(StepNumber step);
  void PutStep(const StepRecord& step);
  Status CheckCommit(const StepRecord& step) const;
};

Status LogWriter::Impl::Open(const WriterOptions& options) {
  BACKSTEP_ASSIGN_OR_RETURN(lock, WriterLock::Take(path));
  BACKSTEP_ASSIGN_OR_RETURN(store, KvStore::Create(path, options.bulk, options.seal_limits));
  batch.Put(HeaderKey(), Encode(header));
  BACKSTEP_RETURN_IF_ERROR(store->Write(&batch, true));
  if (store->bulk()) return {};
  BACKSTEP_RETURN_IF_ERROR(SyncDirectory(path));
  durable_flush = options.sync_every.ns <= 0;
  if (!durable_flush) {
    sync_thread = std::make_unique<SyncThread>(store.get(), options.sync_every);
  }
  return {};
}

Status LogWriter::Impl::Inherit() {
  if (!header.origin) return {};
  const StepNumber fork = header.origin->fork;
  BACKSTEP_ASSIGN_OR_RETURN(parent, LineReader::Open(recording, header.origin->parent, nullptr));
  BACKSTEP_ASSIGN_OR_RETURN(cut, parent->StateAt(fork));
  for (const AgentRecord& agent : parent->agents()) {
    initial_states[agent.id] = agent.initial_state;
  }
  return {};
}

Status LogWriter::Impl::Ready() const {
  if (sealed) return Status::Unavailable(path + ": the log is sealed");
  return failed;
}

Status LogWriter::Impl::Done(Status status) {
  // What the caller got wrong changed nothing, and the next call may be right.
  if (!status.ok() && status.code() != StatusCode::kInvalidArgument) failed = status;
  if (!status.ok()) return status;
  return batch.bytes() > kBatchBytesMax ? Flush() : Status();
}

void LogWriter::Impl::PutBegun() {
  for (auto& [step, bytes] : begun) {
    batch.Put(OpenStepKey(step.first, step.second), bytes);
    flushed_open.insert(step);
  }
  begun.clear();
}

Status LogWriter::Impl::Flush() {
  PutBegun();
  if (write_thread) failed = write_thread->Wait();
  if (!failed.ok() || batch.empty()) return failed;
  failed = store->Write(&batch, durable_flush);
  if (failed.ok() && sync_thread) failed = sync_thread->Wrote();
  return failed;
}

Status LogWriter::Impl::FlushBehind(WriteThread::Written written) {
  if (!write_thread) {
    try {
      write_thread = std::make_unique<WriteThread>(store.get(), sync_thread.get(), durable_flush);
    } catch (const std::system_error&) {
      // No thread is to be had: this one writes.
      BACKSTEP_RETURN_IF_ERROR(Flush());
      written({});
      return {};
    }
  }
  PutBegun();
  failed = write_thread->Write(&batch, std::move(written));
  return failed;
}

// A reference as the caller may use it: with the log it lies in.
BodyRef* LogWriter::Impl::Own(BodyRef* ref) const {
  if (ref->where != BodyRef::Where::kNone && ref->log.value == 0) ref->log = header.id;
  return ref;
}

BodyRef LogWriter::Impl::CurrentState(AgentId agent) const {
  const auto found = cut.agents.find(agent);
  if (found != cut.agents.end()) return found->second.state;
  const auto initial = initial_states.find(agent);
  return initial != initial_states.end() ? initial->second : BodyRef{};
}

Result<std::optional<BodyRef>> LogWriter::Impl::LastRequest(AgentId agent, EffectKind kind) {
  StepNumber at_most = header.origin->fork;
  for (int i = 0; i < kRequestLookback && at_most.value > 0; ++i) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, parent->LatestStepOf(agent, at_most));
    if (!number) break;
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, parent->Step(*number));
    BACKSTEP_ASSIGN_OR_RETURN(const auto effects, parent->Effects(agent, step.clock));
    for (auto effect = effects.rbegin(); effect != effects.rend(); ++effect) {
      if (effect->kind == kind && effect->request.where == BodyRef::Where::kVersion) {
        return std::optional<BodyRef>(effect->request);
      }
    }
    at_most = StepNumber{number->value - 1};
  }
  return std::optional<BodyRef>();
}

// In a branch the first version of a stream continues the parent's.
Status LogWriter::Impl::FindBase(AgentId agent, uint32_t stream) {
  if (!parent || !based.insert({agent, stream}).second) return {};
  if (encoder.Newest(agent, stream)) return {};
  BodyRef base;
  if (stream == kStateStream) {
    base = CurrentState(agent);
  } else {
    const EffectKind kind = stream == kLlmRequestStream ? EffectKind::kLlm : EffectKind::kTool;
    BACKSTEP_ASSIGN_OR_RETURN(const auto request, LastRequest(agent, kind));
    if (request) base = *request;
  }
  if (base.where == BodyRef::Where::kNone || base.where == BodyRef::Where::kDropped) return {};
  BACKSTEP_ASSIGN_OR_RETURN(Body body, parent->ReadBody(base));
  encoder.SetBase(agent, stream, base, std::move(body.bytes));
  return {};
}

Status LogWriter::Impl::PutRequest(EffectRecord* effect, const Body& request) {
  const auto stream = RequestStream(effect->kind);
  if (!stream) {
    effect->request = encoder.AppendLiteral(effect->agent, request.bytes, request.media_type);
    return {};
  }
  // Without its base a request only takes more room.
  static_cast<void>(FindBase(effect->agent, *stream));
  BACKSTEP_ASSIGN_OR_RETURN(
      effect->request, encoder.Append(effect->agent, *stream, request.bytes, request.media_type));
  return {};
}

Status LogWriter::Impl::PutState(StepRecord* step, const State& state) {
  const BodyRef before = CurrentState(step->agent);
  if (std::holds_alternative<std::monostate>(state)) {
    step->state_changed = step->state.where == BodyRef::Where::kDropped;
    if (!step->state_changed) step->state = before;
    return {};
  }
  const Status based = FindBase(step->agent, kStateStream);
  if (const Body* body = std::get_if<Body>(&state)) {
    BACKSTEP_ASSIGN_OR_RETURN(
        step->state, encoder.Append(step->agent, kStateStream, body->bytes, body->media_type));
  } else {
    BACKSTEP_RETURN_IF_ERROR(based);
    if (before.where == BodyRef::Where::kDropped) {
      return Status::InvalidArgument("the state that " + StepText({step->agent, step->clock}) +
                                     " edits was dropped; it must leave its whole state");
    }
    BACKSTEP_ASSIGN_OR_RETURN(step->state,
                              encoder.Append(step->agent, kStateStream, std::get<StateEdit>(state),
                                             before.media_type));
  }
  FinishState(step, before);
  return {};
}

// Of a state that was appended: where it lies, and whether it differs from the one before.
void LogWriter::Impl::FinishState(StepRecord* step, const BodyRef& before) {
  Own(&step->state);
  step->state_changed = before.where == BodyRef::Where::kNone || before.hash != step->state.hash ||
                        before.size != step->state.size ||
                        before.media_type != step->state.media_type;
}

// Snapshots are written in the order of the log; one that lies after the moment to which a late
// record belongs does not know of it.
void LogWriter::Impl::DropSnapshotsAfter(StepNumber step) {
  while (!snapshots.empty() && snapshots.back() > step) {
    batch.Delete(CutKey(snapshots.back()));
    snapshots.pop_back();
  }
}

void LogWriter::Impl::NoteBegun(const StepRef& step, StepNumber begin_after) {
  if (cut.open.insert(step).second) DropSnapshotsAfter(begin_after);
}

Status LogWriter::Impl::CheckCommit(const StepRecord& step) const {
  if (step.number != last().Next()) {
    return Status::InvalidArgument("step " + std::to_string(step.number.value) +
                                   " cannot follow step " + std::to_string(last().value));
  }
  if (step.begin_after >= step.number) {
    return Status::InvalidArgument("step " + std::to_string(step.number.value) +
                                   " began after step " + std::to_string(step.begin_after.value));
  }
  return {};
}

void LogWriter::Impl::PutStep(const StepRecord& step) {
  const StepRef ref{step.agent, step.clock};
  NoteBegun(ref, step.begin_after);
  if (begun.erase(ref) == 0 && flushed_open.erase(ref) > 0) {
    batch.Delete(OpenStepKey(step.agent, step.clock));
  }
  const std::string number = NumberValue(step.number.value);
  batch.Put(StepKey(step.number), Encode(step, header.id));
  batch.Put(ClockKey(step.agent, step.clock), number);
  batch.Put(AgentStepKey(step.agent, step.number), NumberValue(step.clock.value));
  if (step.number > step.begin_after.Next()) {
    batch.Put(BegunKey(step.begin_after, step.agent, step.clock), number);
  }
  cut.Apply(step);
  const StepNumber before =
      !snapshots.empty() ? snapshots.back() : header.origin ? header.origin->fork : StepNumber{};
  if (step.number.value - before.value >= std::max<uint64_t>(kSnapshotStepsMin, cut.Entries())) {
    batch.Put(CutKey(step.number), EncodeCut(cut, header.id));
    snapshots.push_back(step.number);
  }
}

Status LogWriter::Impl::Seal(LogEnd end) {
  end.last_step = last();
  BACKSTEP_RETURN_IF_ERROR(Flush());
  batch.Put(EndKey(), Encode(end));
  BACKSTEP_RETURN_IF_ERROR(store->Write(&batch, true));
  write_thread.reset();
  sync_thread.reset();
  sealed = true;
  BACKSTEP_RETURN_IF_ERROR(store->FinishAndClose());
  return WriteSeal(path, !store->bulk());
}

LogWriter::LogWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LogWriter::~LogWriter() {
  // Nobody is left to be told; what could not be written shows as a log that was not sealed.
  if (impl_->Ready().ok()) static_cast<void>(impl_->Flush());
}

LogId LogWriter::id() const { return impl_->header.id; }
const LogHeader& LogWriter::header() const { return impl_->header; }

Status LogWriter::PutAgent(AgentRecord agent, const Body& initial_state) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  Result<BodyRef> state = impl_->encoder.Append(agent.id, kStateStream, initial_state.bytes,
                                                initial_state.media_type);
  if (!state.ok()) return impl_->Done(state.status());
  agent.initial_state = std::move(state).value();
  impl_->batch.Put(AgentKey(agent.id), Encode(agent, id()));
  impl_->initial_states[agent.id] = *impl_->Own(&agent.initial_state);
  return impl_->Done({});
}

Status LogWriter::PutSegment(const SegmentRecord& segment) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  impl_->batch.Put(SegmentKey(segment.id), Encode(segment));
  return impl_->Done({});
}

Status LogWriter::Begin(const StepBegin& begin) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  if (begin.begin_after > impl_->last()) {
    return Status::InvalidArgument(StepText({begin.agent, begin.clock}) +
                                   " begins after a step that is not there yet");
  }
  const StepRef step{begin.agent, begin.clock};
  impl_->NoteBegun(step, begin.begin_after);
  impl_->begun[step] = Encode(begin);
  return impl_->Done({});
}

Status LogWriter::PutMessage(MessageRecord* message, const Body* body) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  const bool outside = message->id.sender == kOutside;
  if (message->sent_after > impl_->last()) {
    return Status::InvalidArgument("a message was sent after a step that is not there yet");
  }
  if (body != nullptr) {
    message->body =
        impl_->encoder.AppendLiteral(message->id.sender, body->bytes, body->media_type);
  }
  impl_->Own(&message->body);
  impl_->batch.Put(MessageKey(message->id), Encode(*message, id()));
  if (outside) {
    impl_->batch.Put(OutsideKey(message->sent_after, message->id.ordinal, message->id.copy), "");
    impl_->DropSnapshotsAfter(message->sent_after);
    impl_->cut.AddOutside(*message);
  }
  return impl_->Done({});
}

Status LogWriter::PutEffect(EffectRecord* effect, const Body* request, const Body* response) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  if (request != nullptr) {
    const Status put = impl_->PutRequest(effect, *request);
    if (!put.ok()) return impl_->Done(put);
  }
  if (response != nullptr) {
    effect->response =
        impl_->encoder.AppendLiteral(effect->agent, response->bytes, response->media_type);
  }
  impl_->Own(&effect->request);
  impl_->Own(&effect->response);
  impl_->batch.Put(EffectKey(effect->agent, effect->clock, effect->ordinal),
                   Encode(*effect, id()));
  return impl_->Done({});
}

Status LogWriter::Commit(StepRecord* step, const State& state) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  BACKSTEP_RETURN_IF_ERROR(impl_->CheckCommit(*step));
  const Status put = impl_->PutState(step, state);
  if (!put.ok()) return impl_->Done(put);
  impl_->PutStep(*step);
  return impl_->Done({});
}

Result<bool> LogWriter::CommitIfClean(StepRecord* step, const Body& state, size_t around,
                                      const std::function<bool(std::string_view)>& clean) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  BACKSTEP_RETURN_IF_ERROR(impl_->CheckCommit(*step));
  // Without its base a state only takes more room.
  static_cast<void>(impl_->FindBase(step->agent, kStateStream));
  const BodyRef before = impl_->CurrentState(step->agent);
  auto ref = impl_->encoder.AppendIfClean(step->agent, kStateStream, state.bytes, state.media_type,
                                          around, clean);
  if (!ref.ok()) {
    BACKSTEP_RETURN_IF_ERROR(impl_->Done(ref.status()));
  }
  if (!ref->has_value()) return false;
  step->state = std::move(**ref);
  impl_->FinishState(step, before);
  impl_->PutStep(*step);
  BACKSTEP_RETURN_IF_ERROR(impl_->Done({}));
  return true;
}

Result<std::string_view> LogWriter::NewestState(AgentId agent) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  BACKSTEP_RETURN_IF_ERROR(impl_->FindBase(agent, kStateStream));
  return impl_->encoder.Newest(agent, kStateStream).value_or(std::string_view());
}

Status LogWriter::PutEvent(EventRecord event) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  event.sequence = ++impl_->events;
  impl_->batch.Put(EventKey(event.sequence), Encode(event));
  return impl_->Done({});
}

Status LogWriter::Flush() {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  return impl_->Flush();
}

Status LogWriter::FlushBehind(std::function<void(const Status&)> written) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  return impl_->FlushBehind(std::move(written));
}

Status LogWriter::Sync() { return impl_->store->Sync(); }

Status LogWriter::Seal(LogEnd end) {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  impl_->failed = impl_->Seal(std::move(end));
  return impl_->failed;
}

Result<std::unique_ptr<Line>> LogWriter::Read() {
  BACKSTEP_RETURN_IF_ERROR(impl_->Ready());
  BACKSTEP_ASSIGN_OR_RETURN(auto line,
                            LineReader::Open(impl_->recording, id(), impl_->store.get()));
  return std::unique_ptr<Line>(std::move(line));
}

size_t LogWriter::RetainedBytes() const { return impl_->encoder.RetainedBytes(); }

Result<std::unique_ptr<LogWriter>> Recording::NewLog(LogHeader header,
                                                     const WriterOptions& options) {
  auto impl = std::make_unique<LogWriter::Impl>();
  impl->recording = path_;
  impl->header = std::move(header);
  if (impl->header.writer_version.empty()) impl->header.writer_version = kWriterVersion;
  BACKSTEP_RETURN_IF_ERROR(impl->Inherit());
  BACKSTEP_ASSIGN_OR_RETURN(impl->header.id, options.number.value == 0
                                                 ? ClaimLog(path_)
                                                 : TakeLog(path_, options.number));
  impl->path = LogPath(path_, impl->header.id);
  const Status opened = impl->Open(options);
  if (!opened.ok()) {
    const LogId claimed = impl->header.id;
    impl.reset();
    // What keeps us from writing may keep us from tidying up; the first reason is the one to tell.
    static_cast<void>(RemoveLog(path_, claimed));
    return opened;
  }
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(impl)));
}

}  // namespace backstep::store
