#include "backstep/store/index/rows/step_feed.h"

#include <exception>
#include <system_error>

namespace backstep::store {
namespace {

constexpr size_t kBatchSteps = 256;
constexpr size_t kBatchesAhead = 8;
// Fewer are read before a thread would have begun.
constexpr uint64_t kThreadSteps = 2048;

}  // namespace

StepFeed::StepFeed(LogRows* log, StepNumber from, StepNumber last)
    : log_(*log), next_(from), last_(last) {
  if (last < from || last.value - from.value < kThreadSteps) return;
  try {
    thread_ = std::thread([this] { ReadAhead(); });
  } catch (const std::system_error&) {
    // No thread is to be had: what is asked for is read then.
  }
}

StepFeed::~StepFeed() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<StepRows>& StepFeed::Next() {
  if (thread_.joinable()) {
    if (at_ == batch_.size()) Take();
    return batch_[at_++];
  }
  batch_.clear();
  batch_.push_back(log_.Step(next_));
  next_ = next_.Next();
  return batch_.back();
}

void StepFeed::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  used_.push_back(std::move(batch_));
  changed_.wait(lock, [this] { return !ready_.empty(); });
  batch_ = std::move(ready_.front());
  ready_.pop_front();
  at_ = 0;
  changed_.notify_all();
}

// The last batch of a log that cannot be read ends with the error.
StepFeed::Batch StepFeed::ReadBatch() {
  Batch batch;
  try {
    batch.reserve(kBatchSteps);
    for (size_t i = 0; i < kBatchSteps && next_ <= last_; ++i) {
      batch.push_back(log_.Step(next_));
      next_ = batch.back().ok() ? next_.Next() : last_.Next();
    }
  } catch (const std::exception& thrown) {
    batch.clear();
    batch.push_back(Status::Internal(std::string("reading the log: ") + thrown.what()));
    next_ = last_.Next();
  }
  return batch;
}

void StepFeed::ReadAhead() {
  while (next_ <= last_) {
    Batch batch = ReadBatch();
    std::vector<Batch> used;
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || ready_.size() < kBatchesAhead; });
    if (stop_) return;
    ready_.push_back(std::move(batch));
    used.swap(used_);
    changed_.notify_all();
  }
}

}  // namespace backstep::store
