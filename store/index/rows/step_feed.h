// Steps of a log in a row, read ahead of those who write them. Private header of store/index.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/index/rows/log_rows.h"

namespace backstep::store {

// Reads on a thread of its own where there is enough to read for that to pay. One thread; `log` is
// not owned, and is the feed's alone while that lives.
class StepFeed {
 public:
  StepFeed(LogRows* log, StepNumber from, StepNumber last);
  ~StepFeed();
  StepFeed(const StepFeed&) = delete;
  StepFeed& operator=(const StepFeed&) = delete;

  // The next step, to be asked for as long as there is one; the caller's until the next call.
  // Errors as of LogRows::Step; nothing follows one.
  Result<StepRows>& Next();

 private:
  using Batch = std::vector<Result<StepRows>>;
  void ReadAhead();
  Batch ReadBatch();
  // Waits for the next batch of the thread.
  void Take();

  LogRows& log_;
  StepNumber next_;    // to be read
  const StepNumber last_;
  Batch batch_;
  size_t at_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::vector<Batch> used_;  // the thread frees what it allocated
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace backstep::store
