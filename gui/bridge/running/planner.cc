#include "backstep/gui/bridge/running/planner.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "backstep/replay/view/explorer.h"
#include "backstep/replay/view/fork/fork_plan.h"

namespace backstep::gui {
namespace {

Result<replay::ForkPlan> MakePlan(const RunRequest& request) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto explorer,
                            replay::Explorer::Open(request.path, request.parent));
  Experiment experiment = request.experiments.front();
  experiment.parent = explorer->line().id();
  if (request.from_end) experiment.from = explorer->line().last();
  return replay::PlanFork(explorer->recording(), std::move(experiment), request.latest);
}

}  // namespace

class Planner::Thread {
 public:
  explicit Thread(std::function<void()> wake)
      : wake_(std::move(wake)), thread_([this] { Work(); }) {}
  ~Thread() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      end_ = true;
    }
    asked_.notify_one();
    thread_.join();
  }

  void Plan(RunRequest request) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      Drop();
      waiting_ = std::move(request);
    }
    asked_.notify_one();
  }

  void Forget() {
    std::lock_guard<std::mutex> lock(mutex_);
    Drop();
  }

  bool Collect(Model* model) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!arrived_) return false;
    model->plan.loading = false;
    model->plan.error = arrived_->ok() ? std::string() : arrived_->status().message();
    if (arrived_->ok()) {
      model->plan.value = std::make_shared<const replay::ForkPlan>(std::move(**arrived_));
    }
    arrived_.reset();
    return true;
  }

  bool idle() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return !busy_ && !waiting_ && !arrived_;
  }

 private:
  // With the lock.
  void Drop() {
    ++wanted_;
    waiting_.reset();
    arrived_.reset();
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      asked_.wait(lock, [this] { return waiting_ || end_; });
      if (end_) return;
      const RunRequest request = std::move(*waiting_);
      waiting_.reset();
      const uint64_t wanted = wanted_;
      busy_ = true;
      lock.unlock();
      auto plan = MakePlan(request);
      lock.lock();
      busy_ = false;
      if (wanted_ != wanted) continue;
      arrived_ = std::move(plan);
      wake_();
    }
  }

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::optional<RunRequest> waiting_;
  std::optional<Result<replay::ForkPlan>> arrived_;
  uint64_t wanted_ = 0;  // counts what was asked, so that only the newest is answered
  bool busy_ = false, end_ = false;
  std::thread thread_;  // last: it uses all of the above
};

Planner::Planner(std::function<void()> wake) : thread_(std::make_unique<Thread>(std::move(wake))) {}
Planner::~Planner() = default;

void Planner::Plan(RunRequest request) { thread_->Plan(std::move(request)); }
void Planner::Forget() { thread_->Forget(); }
bool Planner::Collect(Model* model) { return thread_->Collect(model); }
bool Planner::idle() const { return thread_->idle(); }

}  // namespace backstep::gui
