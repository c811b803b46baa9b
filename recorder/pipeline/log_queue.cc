#include "backstep/recorder/pipeline/log_queue.h"

#include <algorithm>
#include <chrono>

namespace backstep::recorder {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(1);
constexpr int kEmptyLooksMax = 20;  // then the drain sleeps until it is woken
// Skeletons have as much room as bodies and this; each counts as so much, more or less.
constexpr size_t kSkeletonRoomMin = 32u << 20;
constexpr size_t kSkeletonBytes = 512;

}  // namespace

LogQueue::LogQueue(size_t bytes_max, DurationNs block_max)
    : bytes_max_(bytes_max),
      items_max_((bytes_max + kSkeletonRoomMin) / kSkeletonBytes),
      block_max_(block_max) {}

bool LogQueue::HasRoom(size_t bytes) {
  // A body larger than all the room passes when it is alone. Skeletons keep half of their room for
  // those who do not wait.
  const auto fits = [&] {
    const size_t queued = queued_bytes_.load(std::memory_order_relaxed);
    return (queued == 0 || queued + bytes <= bytes_max_) &&
           queued_items_.load(std::memory_order_relaxed) <= items_max_ / 2;
  };
  if (fits()) return true;
  if (congested_.load(std::memory_order_relaxed)) return false;
  std::unique_lock lock(mutex_);
  hurry_ = true;
  work_.notify_one();
  ++waiting_for_room_;
  const bool room = room_.wait_for(lock, std::chrono::nanoseconds(block_max_.ns),
                                   [&] { return fits() || closed_; });
  --waiting_for_room_;
  if (!room) congested_ = true;
  return room;
}

bool LogQueue::PushLocked(std::unique_ptr<LogItem> item) {
  const size_t bytes = item->Bytes();
  const size_t queued = queued_bytes_.load(std::memory_order_relaxed);
  const size_t items = queued_items_.load(std::memory_order_relaxed);
  if (items >= items_max_) return false;
  waiting_.push_back(std::move(item));
  queued_bytes_.store(queued + bytes, std::memory_order_relaxed);
  queued_items_.store(items + 1, std::memory_order_relaxed);
  ++pushed_;
  if (!hurry_ && (drain_sleeps_ || queued + bytes > bytes_max_ / 2)) {
    drain_sleeps_ = false;
    hurry_ = true;
    work_.notify_one();
  }
  return true;
}

void LogQueue::WaitWritten(uint64_t mark) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  drain_sleeps_ = false;
  work_.notify_one();
  written_cv_.wait(lock, [&] { return written_ >= mark; });
}

bool LogQueue::Take(std::vector<std::unique_ptr<LogItem>>* items) {
  items->clear();
  std::unique_lock lock(mutex_);
  const auto woken = [&] { return hurry_ || closed_; };
  for (int empty_looks = 0;; ++empty_looks) {
    if (empty_looks < kEmptyLooksMax) {
      work_.wait_for(lock, kLookEvery, woken);
    } else {
      drain_sleeps_ = true;
      work_.wait(lock, woken);
      drain_sleeps_ = false;
    }
    hurry_ = false;
    if (!waiting_.empty()) break;
    if (closed_) return false;
  }
  items->swap(waiting_);
  return true;
}

void LogQueue::Written(size_t items, size_t bytes) {
  std::lock_guard lock(mutex_);
  written_ += items;
  const size_t queued = queued_bytes_.load(std::memory_order_relaxed) - bytes;
  queued_bytes_.store(queued, std::memory_order_relaxed);
  queued_items_.store(pushed_ - written_, std::memory_order_relaxed);
  // Only real relief ends congestion, else each small gap would cost the next caller a whole wait.
  if (queued <= bytes_max_ / 2) congested_ = false;
  if (waiting_for_room_ > 0) room_.notify_all();
  written_cv_.notify_all();
}

void LogQueue::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  work_.notify_all();
  room_.notify_all();
}

}  // namespace backstep::recorder
