// The way from the program's threads to the drain: one totally ordered, bounded queue.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "backstep/base/time.h"
#include "backstep/recorder/pipeline/log_item.h"

namespace backstep::recorder {

// Thread-safe. Its mutex is the session's order: what is decided while holding it (a step's number)
// stands in the log where it was decided.
//
// Bodies have `bytes_max` of room (one alone may be larger); skeletons have room of their own, as
// much and 32 MiB, counted by their number.
// Producers do not wake the drain for each item: it looks every millisecond while there is work.
class LogQueue {
 public:
  LogQueue(size_t bytes_max, DurationNs block_max);

  std::mutex& mutex() { return mutex_; }

  // Whether `bytes` of bodies (0: a skeleton alone) may be pushed now. Waits at most block_max for
  // room; when that was in vain, later calls do not wait again until there has been room. Not with
  // the mutex held.
  bool HasRoom(size_t bytes);
  // With the mutex held. False: not even a skeleton has room (the item is gone).
  bool PushLocked(std::unique_ptr<LogItem> item);

  // Items pushed so far: a mark for WaitWritten.
  uint64_t PushedLocked() const { return pushed_; }
  // Wakes the drain and waits until it has written as many items (or given up on them).
  void WaitWritten(uint64_t mark);

  // The drain's side. Waits for work; false: closed and empty. `items` is replaced.
  bool Take(std::vector<std::unique_ptr<LogItem>>* items);
  // Items taken that are written (or given up), and the bytes they held. In the order of Take, but
  // also on the thread that writes the log, and later than the next Take.
  void Written(size_t items, size_t bytes);
  // No more work comes; Take hands out what is there and then returns false.
  void Close();
  size_t QueuedBytes() const { return queued_bytes_.load(std::memory_order_relaxed); }

 private:
  const size_t bytes_max_;
  const size_t items_max_;
  const DurationNs block_max_;
  std::mutex mutex_;
  std::condition_variable work_;     // the drain waits
  std::condition_variable written_cv_;  // Flush waits
  std::condition_variable room_;     // producers wait
  std::vector<std::unique_ptr<LogItem>> waiting_;
  std::atomic<size_t> queued_bytes_{0};  // waiting and being written
  std::atomic<size_t> queued_items_{0};
  std::atomic<bool> congested_{false};   // a wait for room was in vain
  uint64_t pushed_ = 0;
  uint64_t written_ = 0;
  int waiting_for_room_ = 0;
  bool drain_sleeps_ = false;  // until it is woken, not until the next look
  bool hurry_ = false;
  bool closed_ = false;
};

}  // namespace backstep::recorder
