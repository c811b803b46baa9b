#include "backstep/store/log/threads/write_thread.h"

#include <exception>
#include <string>
#include <utility>

namespace backstep::store {
namespace {

// What is thrown is a failure of the log: leaving the thread it would end the host.
template <typename Code>
Status Caught(Code&& code) noexcept {
  try {
    try {
      return code();
    } catch (const std::exception& error) {
      return Status::Internal(std::string("the log could not be written: ") + error.what());
    } catch (...) {
      return Status::Internal("the log could not be written: unknown exception");
    }
  } catch (...) {
    return Status::Internal("out of memory");  // so short that it takes none
  }
}

}  // namespace

WriteThread::WriteThread(KvStore* store, SyncThread* sync, bool durable)
    : store_(store), sync_(sync), durable_(durable), thread_([this] { Run(); }) {}

WriteThread::~WriteThread() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  thread_.join();
}

Status WriteThread::Write(WriteSet* batch, Written written) {
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
  if (!failed_.ok()) return failed_;
  batch_.Swap(*batch);
  written_ = std::move(written);
  busy_ = true;
  work_.notify_all();
  return {};
}

Status WriteThread::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
  return failed_;
}

Status WriteThread::WriteBatch() {
  if (batch_.empty()) return {};
  BACKSTEP_RETURN_IF_ERROR(store_->Write(&batch_, durable_));
  return sync_ != nullptr ? sync_->Wrote() : Status();
}

void WriteThread::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return busy_ || stop_; });
    if (!busy_) return;
    lock.unlock();
    Status status = Caught([this] { return WriteBatch(); });
    Status told = Caught([&] {
      written_(status);
      return Status();
    });
    written_ = nullptr;
    lock.lock();
    failed_ = std::move(status.ok() ? told : status);
    busy_ = false;
    idle_.notify_all();
  }
}

}  // namespace backstep::store
