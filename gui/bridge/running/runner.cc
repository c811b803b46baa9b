#include "backstep/gui/bridge/running/runner.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "backstep/replay/launch.h"
#include "backstep/replay/view/explorer.h"
#include "backstep/replay/view/fork/replay_report.h"

namespace backstep::gui {

class Runner::Job {
 public:
  Job(RunRequest request, const std::function<void()>& wake)
      : request_(std::move(request)), wake_(wake) {
    state_.path = request_.path;
    state_.running = true;
    thread_ = std::thread([this] { Work(); });
  }
  ~Job() {
    cancel_ = true;
    thread_.join();
  }

  void Cancel() { cancel_ = true; }
  bool running() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return state_.running;
  }
  std::string Collect(RunState* state) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(changed_, false)) *state = state_;
    return std::exchange(finished_, {});
  }

 private:
  void Work() {
    const Status status = RunAll();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      state_.running = false;
      changed_ = true;
      if (!status.ok()) state_.error = status.message();
    }
    wake_();
  }

  Status RunAll() {
    BACKSTEP_ASSIGN_OR_RETURN(const auto explorer,
                              replay::Explorer::Open(request_.path, request_.parent));
    for (Experiment& experiment : request_.experiments) {
      if (cancel_) return {};
      experiment.parent = explorer->line().id();
      if (request_.from_end) experiment.from = explorer->line().last();
      if (request_.latest) {
        BACKSTEP_ASSIGN_OR_RETURN(experiment.from,
                                  replay::LatestFork(explorer->recording(), experiment));
      }
      BACKSTEP_RETURN_IF_ERROR(replay::CheckExperiment(explorer->recording(), experiment));
      BACKSTEP_RETURN_IF_ERROR(RunOne(*explorer, experiment));
    }
    return {};
  }

  Status RunOne(const replay::Explorer& explorer, const Experiment& experiment) {
    replay::LaunchOptions options;
    options.command = request_.command;
    options.working_directory = request_.working_directory;
    options.cancel = &cancel_;
    options.progress = [this](const replay::Progress& progress) { Tell(progress); };
    BACKSTEP_ASSIGN_OR_RETURN(replay::LaunchResult result,
                              replay::Launch(request_.path, experiment, options));
    const std::string branch = result.replay.branch_name;
    BACKSTEP_ASSIGN_OR_RETURN(replay::ReplayReport report,
                              replay::MakeReplayReport(explorer.recording(), experiment,
                                                       std::move(result.replay)));
    std::lock_guard<std::mutex> lock(mutex_);
    state_.report = std::make_shared<const replay::ReplayReport>(std::move(report));
    state_.output = std::move(result.output);
    finished_ = branch;
    changed_ = true;
    return {};
  }

  void Tell(const replay::Progress& progress) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      state_.steps_done = progress.steps_done;
      state_.steps_expected = progress.steps_expected;
      state_.summary = replay::FormatSummary(progress.summary);
      changed_ = true;
    }
    wake_();
  }

  RunRequest request_;
  const std::function<void()>& wake_;
  std::atomic<bool> cancel_ = false;
  mutable std::mutex mutex_;
  RunState state_;
  bool changed_ = true;    // since it was collected
  std::string finished_;
  std::thread thread_;
};

Runner::Runner(std::function<void()> wake) : wake_(std::move(wake)) {}
Runner::~Runner() = default;

void Runner::Start(RunRequest request) {
  if (running()) return;
  job_ = nullptr;
  job_ = std::make_unique<Job>(std::move(request), wake_);
}

void Runner::Cancel() {
  if (job_) job_->Cancel();
}

bool Runner::running() const { return job_ != nullptr && job_->running(); }

std::string Runner::Collect(RunState* state) {
  return job_ == nullptr ? std::string() : job_->Collect(state);
}

}  // namespace backstep::gui
