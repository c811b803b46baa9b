// The recorder's own threads: one encodes what the queue holds, for the log to write on a thread of
// its own, and one indexes beside them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "backstep/recorder/pipeline/item_pool.h"
#include "backstep/recorder/pipeline/item_writer.h"
#include "backstep/recorder/pipeline/log_queue.h"
#include "backstep/store/index/index.h"
#include "backstep/store/recording.h"

namespace backstep::recorder {

struct DrainOptions {
  std::shared_ptr<const Redactor> redactor;
  ItemPool* items = nullptr;      // not owned, outlives the drain
  // Told of a failure of the log, on a thread of the drain. The drain then throws away what comes.
  std::function<void(const Status&)> on_failure;
  // Number of the newest step that is in the log. Not owned, outlives the drain.
  std::atomic<uint64_t>* committed = nullptr;
};

// Thread-safe but for Close, which is called once. In a forked child it must not be touched at all,
// not even destroyed: its threads are not there.
class Drain {
 public:
  Drain(LogQueue* queue, std::unique_ptr<store::Recording> recording,
        std::unique_ptr<store::LogWriter> writer, DrainOptions options);
  // Without Close before it: stops, and leaves the log unsealed.
  ~Drain();

  // Starts the threads. Unavailable: the system gives no thread.
  Status Start();
  // Writes what is queued (the queue is closed already), lets `complete` finish the end record,
  // seals the log and brings the index up to it. The first failure of the sealing; the index is
  // derived and its failures are none.
  Status Close(const std::function<void(LogEnd*)>& complete);

 private:
  // Items that go to the log in one write.
  struct Batch {
    size_t items = 0, bytes = 0;
    uint64_t last_step = 0;  // that was committed so far
  };

  void DrainLoop();
  void WriteAll(std::vector<std::unique_ptr<LogItem>>& items);
  // Runs code that writes the log, unless the log has failed; what it throws is such a failure.
  template <typename Code>
  void Attempt(Code&& code);
  void FlushLog(const Batch& batch, bool more);
  // After a batch was written or could not be, on whichever thread that was.
  void Landed(const Batch& batch, bool written);
  void FailLog(const Status& status);
  void IndexLoop();
  void IndexSome();
  void OpenIndex();
  void IndexRest(LogId log);
  // Begins to index what is in the log, on the index thread, until it is at its end or stopped.
  void StartIndexAhead();
  void IndexAhead();
  void StopThreads();

  LogQueue* const queue_;
  std::unique_ptr<store::Recording> recording_;
  std::unique_ptr<store::LogWriter> writer_;
  const DrainOptions options_;
  ItemWriter item_writer_;
  std::atomic<uint64_t> flushes_{0};
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;
  Status failure_;  // the first

  // The index thread's own, then Close's.
  std::unique_ptr<store::Line> line_;
  std::unique_ptr<store::IndexWriter> index_;
  uint64_t indexed_flushes_ = 0;
  std::atomic<bool> sealed_{false};

  std::mutex stop_mutex_;
  std::condition_variable stop_cv_;
  bool stop_ = false;
  std::thread drain_thread_;
  std::thread index_thread_;
};

}  // namespace backstep::recorder
