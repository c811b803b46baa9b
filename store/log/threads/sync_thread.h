// Forces what was written to a log to the disk from time to time, beside its writer.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "backstep/base/status.h"
#include "backstep/base/time.h"
#include "backstep/store/log/rocks/kv_store.h"

namespace backstep::store {

// Thread-safe. The store outlives it.
class SyncThread {
 public:
  SyncThread(KvStore* store, DurationNs every);
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  // Something was written. Returns the failure of an earlier sync, if any.
  Status Wrote();

 private:
  void Run();

  KvStore* store_;
  DurationNs every_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool dirty_ = false;
  Status failed_;
  std::thread thread_;
};

}  // namespace backstep::store
