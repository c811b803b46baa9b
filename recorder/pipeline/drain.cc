#include "backstep/recorder/pipeline/drain.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>

namespace backstep::recorder {
namespace {

// One write to the log holds at most so much: more only adds latency.
constexpr size_t kFlushItems = 256;
constexpr size_t kFlushBytes = 1u << 20;
// The index is brought up in small bites, and only while the queue is nearly empty.
constexpr auto kIndexEvery = std::chrono::milliseconds(100);
constexpr uint64_t kIndexSteps = 2048;
// Of a log that is being sealed: more at once cost less each.
constexpr uint64_t kIndexAheadSteps = 16384;
constexpr size_t kIdleQueueBytes = 4u << 20;

}  // namespace

Drain::Drain(LogQueue* queue, std::unique_ptr<store::Recording> recording,
             std::unique_ptr<store::LogWriter> writer, DrainOptions options)
    : queue_(queue), recording_(std::move(recording)), writer_(std::move(writer)),
      options_(std::move(options)),
      item_writer_(writer_.get(), options_.redactor) {}

Drain::~Drain() {
  queue_->Close();
  StopThreads();
  line_.reset();
  writer_.reset();  // with the thread that tells what landed
}

Status Drain::Start() {
  // The index thread reads what the drain writes; its reader is made here, before anything is.
  auto line = writer_->Read();
  if (line.ok()) line_ = std::move(line).value();
  try {
    drain_thread_ = std::thread([this] { DrainLoop(); });
    index_thread_ = std::thread([this] { IndexLoop(); });
  } catch (const std::system_error& error) {
    return Status::Unavailable(std::string("no thread for the recorder: ") + error.what());
  }
  return {};
}

void Drain::DrainLoop() {
  std::vector<std::unique_ptr<LogItem>> items;
  while (queue_->Take(&items)) WriteAll(items);
}

void Drain::WriteAll(std::vector<std::unique_ptr<LogItem>>& items) {
  Batch batch;
  for (size_t i = 0; i < items.size(); ++i) {
    batch.bytes += items[i]->Bytes();
    Attempt([&] { return items[i]->WriteTo(item_writer_); });
    ++batch.items;
    const bool more = i + 1 < items.size();
    if (more && batch.items < kFlushItems && batch.bytes < kFlushBytes) continue;
    batch.last_step = item_writer_.last_step().value;
    options_.items->GiveBack({&items[i + 1 - batch.items], batch.items});
    FlushLog(batch, more);
    batch = {};
  }
}

// An exception (no memory) ends the log; leaving this thread it would end the host.
template <typename Code>
void Drain::Attempt(Code&& code) {
  if (failed_) return;
  try {
    const Status status = code();
    if (!status.ok()) FailLog(status);
  } catch (const std::exception& error) {
    FailLog(Status::Internal(std::string("the recorder gave up: ") + error.what()));
  } catch (...) {
    FailLog(Status::Internal("the recorder gave up: unknown exception"));
  }
}

// While there is more to encode, another thread writes.
void Drain::FlushLog(const Batch& batch, bool more) {
  bool behind = false, written = false;
  Attempt([&] {
    if (!more) {
      const Status status = writer_->Flush();
      written = status.ok();
      return status;
    }
    const Status taken = writer_->FlushBehind([this, batch](const Status& status) {
      if (!status.ok()) FailLog(status);
      Landed(batch, status.ok());
    });
    behind = taken.ok();
    return taken;
  });
  if (!behind) Landed(batch, written);
}

void Drain::Landed(const Batch& batch, bool written) {
  if (written) {
    if (batch.last_step != 0) {
      options_.committed->store(batch.last_step, std::memory_order_release);
    }
    ++flushes_;
  }
  queue_->Written(batch.items, batch.bytes);
}

void Drain::FailLog(const Status& status) {
  std::lock_guard lock(failure_mutex_);
  if (failed_) return;
  try {
    failure_ = status;
    options_.on_failure(status);
  } catch (const std::exception&) {
    failure_ = Status::Io("no memory");  // nor for saying what failed: these few letters need none
  }
  failed_ = true;  // now that it is told: what landed meanwhile may end somebody's Flush
}

void Drain::IndexLoop() {
  std::unique_lock lock(stop_mutex_);
  while (!stop_cv_.wait_for(lock, kIndexEvery, [&] { return stop_; })) {
    lock.unlock();
    try {
      IndexSome();
    } catch (...) {
      index_.reset();  // the next round opens it again; until then readers ask the log
    }
    lock.lock();
  }
}

void Drain::OpenIndex() {
  auto index = store::IndexWriter::Open(recording_->path());
  if (index.ok()) index_ = std::move(index).value();
}

void Drain::IndexSome() {
  if (line_ == nullptr || failed_ || queue_->QueuedBytes() > kIdleQueueBytes) return;
  const uint64_t flushes = flushes_;
  if (flushes == indexed_flushes_) return;
  if (index_ == nullptr) OpenIndex();
  if (index_ == nullptr) return;
  if (!line_->Refresh().ok()) return;
  const auto steps = index_->CatchUp(*line_, kIndexSteps);
  if (!steps.ok()) {
    index_.reset();
    return;
  }
  if (*steps < kIndexSteps) indexed_flushes_ = flushes;
}

void Drain::IndexRest(LogId log) {
  if (index_ == nullptr) OpenIndex();
  if (index_ == nullptr) return;
  auto line = recording_->OpenLine(log);
  if (!line.ok()) return;
  for (;;) {
    const auto steps = index_->CatchUp(**line);
    if (!steps.ok() || *steps == 0) return;
  }
}

// A log is sealed mostly by one thread, so that another one can index meanwhile. What it sees is
// all that was written: an older view would keep in the tables what was deleted since.
void Drain::StartIndexAhead() {
  if (line_ == nullptr || !line_->Refresh().ok()) return;
  try {
    index_thread_ = std::thread([this] { IndexAhead(); });
  } catch (const std::system_error&) {
    // IndexRest does it all.
  }
}

void Drain::IndexAhead() {
  try {
    if (index_ == nullptr) OpenIndex();
    while (index_ != nullptr && !sealed_) {
      // Once the log is closed there is nothing more to be read here; IndexRest goes on.
      const auto steps = index_->CatchUp(*line_, kIndexAheadSteps);
      if (!steps.ok() || *steps < kIndexAheadSteps) return;
    }
  } catch (...) {
    index_.reset();
  }
}

void Drain::StopThreads() {
  {
    std::lock_guard lock(stop_mutex_);
    stop_ = true;
  }
  stop_cv_.notify_all();
  if (drain_thread_.joinable()) drain_thread_.join();
  if (index_thread_.joinable()) index_thread_.join();
}

Status Drain::Close(const std::function<void(LogEnd*)>& complete) {
  StopThreads();
  const LogId log = writer_->id();
  Status status = failure_;
  if (!failed_) {
    LogEnd end;
    end.last_step = StepNumber(options_.committed->load());
    complete(&end);
    options_.redactor->Redact(&end.outcome.reason);
    options_.redactor->Redact(&end.output);
    options_.redactor->Redact(&end.divergences);
    options_.redactor->Redact(&end.result_detail);
    StartIndexAhead();
    status = writer_->Seal(std::move(end));
    sealed_ = true;
    StopThreads();
  }
  line_.reset();
  writer_.reset();
  IndexRest(log);
  index_.reset();
  return status;
}

}  // namespace backstep::recorder
