// Writes batches to a log beside the thread that makes the next one.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "backstep/base/status.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/log/threads/sync_thread.h"

namespace backstep::store {

// One batch at most is under way: so memory stays bounded and the order is that of the calls. One
// caller at a time. The store and `sync`, which is told of each batch (nullptr: nobody is), outlive
// it. std::system_error: the system gives no thread.
class WriteThread {
 public:
  using Written = std::function<void(const Status&)>;

  WriteThread(KvStore* store, SyncThread* sync, bool durable);
  ~WriteThread();  // waits for what is under way
  WriteThread(const WriteThread&) = delete;
  WriteThread& operator=(const WriteThread&) = delete;

  // Takes what is in `batch`, which is empty then, and calls `written` once, on its own thread,
  // when that is in the log or could not be. What it throws counts as a failure. Waits for the
  // batch before. Returns the failure of an earlier one: then nothing is taken, and `written` is
  // not called.
  Status Write(WriteSet* batch, Written written);
  // Waits until nothing is under way. The first failure, if any.
  Status Wait();

 private:
  Status WriteBatch();
  void Run();

  KvStore* store_;
  SyncThread* sync_;
  const bool durable_;
  std::mutex mutex_;
  std::condition_variable work_, idle_;
  WriteSet batch_;    // under way while busy_
  Written written_;
  bool busy_ = false;
  bool stop_ = false;
  Status failed_;
  std::thread thread_;
};

}  // namespace backstep::store
