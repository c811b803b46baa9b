#include "backstep/store/log/threads/sync_thread.h"

#include <chrono>

namespace backstep::store {

SyncThread::SyncThread(KvStore* store, DurationNs every)
    : store_(store), every_(every), thread_([this] { Run(); }) {}

SyncThread::~SyncThread() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Status SyncThread::Wrote() {
  std::lock_guard<std::mutex> lock(mutex_);
  // Woken for the first write only; an idle log costs nothing.
  if (!dirty_) wake_.notify_all();
  dirty_ = true;
  return failed_;
}

void SyncThread::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (failed_.ok()) {
    wake_.wait(lock, [this] { return stop_ || dirty_; });
    wake_.wait_for(lock, std::chrono::nanoseconds(every_.ns), [this] { return stop_; });
    if (stop_) return;
    dirty_ = false;
    lock.unlock();
    const Status synced = store_->Sync();
    lock.lock();
    failed_ = synced;
  }
}

}  // namespace backstep::store
