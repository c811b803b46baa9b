#include "backstep/gui/bridge/reading/reader_queue.h"

#include <chrono>
#include <utility>

#include "backstep/gui/bridge/clock.h"

namespace backstep::gui {

void ReaderQueue::Ask(const std::function<void(Requests*)>& set) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    set(&waiting_);
    idle_ = false;
    looking_ = looking_ || waiting_.looks();
  }
  asked_.notify_one();
}

bool ReaderQueue::Collect(Model* model, StepNumber* cursor) {
  std::vector<Apply> arrived;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    arrived.swap(arrived_);
    told_ = newest_;
  }
  for (const Apply& apply : arrived) apply(model, cursor);
  return !arrived.empty();
}

bool ReaderQueue::looking() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return looking_;
}

bool ReaderQueue::idle() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return idle_ && arrived_.empty();
}

Requests ReaderQueue::Take(std::optional<double> wait_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto any = [this] { return waiting_.any(); };
  if (wait_ms) {
    asked_.wait_for(lock, std::chrono::duration<double, std::milli>(*wait_ms), any);
  } else if (!any()) {
    idle_ = true;
    asked_.wait(lock, any);
    idle_ = false;
  }
  return std::exchange(waiting_, {});
}

std::optional<Requests> ReaderQueue::TakeMeanwhile() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_.turns()) return std::nullopt;
  const bool refresh = waiting_.refresh;
  Requests now = std::exchange(waiting_, {});
  waiting_.refresh = refresh;
  return now;
}

std::optional<Requests> ReaderQueue::TakeLooks() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_.turns() || waiting_.compare) return std::nullopt;
  Requests now;
  now.checkpoint = std::exchange(waiting_.checkpoint, {});
  now.chat = std::exchange(waiting_.chat, {});
  now.state = std::exchange(waiting_.state, {});
  return now;
}

bool ReaderQueue::PairWaits() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.pair.has_value();
}

void ReaderQueue::BeginLook() { look_began_cpu_ms_ = ThreadCpuMs(); }

void ReaderQueue::EndLook() {
  look_began_cpu_ms_.reset();
  bool over = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    over = looking_ && !waiting_.looks();
    if (over) looking_ = false;
  }
  if (over) wake_();
}

void ReaderQueue::Tell(Apply apply) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    arrived_.push_back(std::move(apply));
    if (look_began_cpu_ms_) newest_ = {SteadyMs(), ThreadCpuMs() - *look_began_cpu_ms_};
  }
  wake_();
}

}  // namespace backstep::gui
