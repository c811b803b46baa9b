#include "backstep/replay/engine/live/live_run.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "backstep/recorder/pipeline/process_info.h"
#include "backstep/replay/engine/stop/failure.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr uint64_t kStepsMaxDefault = 1'000'000;
constexpr int kThreadsMax = 256;
constexpr size_t kFaultFileMax = 16u << 20;

using Lock = std::unique_lock<std::mutex>;

}  // namespace

// Threads that run activations as they are decided: as many as the system gives, `threads` at most.
struct LiveRun::Workers {
  Workers(LiveRun* run, size_t threads) : run_(run) {
    threads_.reserve(threads);
    try {
      while (threads_.size() < threads) threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // Fewer do the same work.
    }
  }
  ~Workers() {
    {
      Lock lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  size_t size() const { return threads_.size(); }
  void Add(Activation activation) {
    {
      Lock lock(mutex_);
      queue_.push_back(std::move(activation));
    }
    wake_.notify_one();
  }

 private:
  void Work() {
    while (true) {
      Lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      Activation activation = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      run_->Finish(std::move(activation));
    }
  }

  LiveRun* run_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Activation> queue_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

LiveRun::LiveRun(Program* program, RunOptions options)
    : program_(program),
      options_(std::move(options)),
      clock_(options_.session.clock != nullptr ? options_.session.clock : &SystemClock()),
      chain_(options_.session.hook != nullptr ? options_.session.hook : &world_),
      runner_(program, nullptr) {}

LiveRun::~LiveRun() = default;

// The recorder would read or draw one too, but the faults must have the same.
Status LiveRun::ReadSeed() {
  uint64_t& seed = options_.session.header.seed;
  if (seed != 0) return {};
  const auto given = options_.session.read_environment ? recorder::Environment("BACKSTEP_SEED")
                                                       : std::nullopt;
  if (!given) {
    seed = (uint64_t{std::random_device()()} << 32) | 1;
    return {};
  }
  const char* const end = given->data() + given->size();
  const auto [rest, error] = std::from_chars(given->data(), end, seed);
  if (error == std::errc() && rest == end) return {};
  return Status::InvalidArgument("BACKSTEP_SEED is `" + *given + "`, not a decimal number");
}

Status LiveRun::ReadFaults() {
  LogHeader& header = options_.session.header;
  const auto path = options_.session.read_environment ? recorder::Environment("BACKSTEP_FAULTS")
                                                      : std::nullopt;
  if (header.faults_text.empty() && path) {
    auto text = recorder::ReadSmallFile(*path, kFaultFileMax);
    if (!text.ok()) return text.status().WithContext("faults");
    header.faults_text = std::move(text).value();
    header.faults_origin = *path;
  }
  if (header.faults_text.empty()) return {};
  std::vector<std::string> warnings;
  BACKSTEP_ASSIGN_OR_RETURN(
      recorder::FaultPlan plan,
      recorder::FaultPlan::Parse(header.faults_text, header.faults_origin, &warnings));
  if (plan.empty()) return {};
  recorder::FaultHookOptions options;
  options.seed = header.seed;
  options.real_clock = clock_;
  options.hold_delays = true;
  faults_ = std::make_unique<recorder::FaultHook>(std::move(plan), options, chain_);
  chain_ = faults_.get();
  return {};
}

Status LiveRun::Open() {
  BACKSTEP_RETURN_IF_ERROR(ReadSeed());
  BACKSTEP_RETURN_IF_ERROR(ReadFaults());
  BACKSTEP_RETURN_IF_ERROR(runner_.Init());
  for (const AgentSpec& spec : runner_.agents()) {
    BACKSTEP_RETURN_IF_ERROR(runner_.Restore(spec.name));
  }
  recorder::SessionOptions& session = options_.session;
  session.header.program_name = program_->Name();
  if (session.name.empty() || session.name == recorder::SessionOptions{}.name) {
    session.name = program_->Name();
  }
  for (const std::string& pattern : session.redact) {
    session.metadata.emplace_back(kRedactKey, pattern);
  }
  session.hook = this;
  session_ = recorder::Session::Open(session);
  for (const AgentSpec& spec : runner_.agents()) {
    system_.AddAgent(session_->AddAgent(spec), spec.name);
  }
  return {};
}

Status LiveRun::SendStart() {
  std::vector<Message> start;
  try {
    start = program_->Start();
  } catch (...) {
    return Status::InvalidArgument("the program cannot start: " + CurrentException());
  }
  for (Message& message : start) {
    if (!runner_.Has(message.to)) {
      return Status::InvalidArgument("the start has a message for '" + message.to +
                                     "', which is no agent of the program");
    }
    for (Message& carried : session_->Outside(std::move(message))) {
      Lock lock(turns_.mutex());
      const TimeNs arrival = TimeNs{} + carried.delay;
      system_.mailbox().Add({std::move(carried), arrival, {clock_->Monotonic().ns}, nullptr});
    }
  }
  return {};
}

std::optional<Outcome> LiveRun::StepLimit() const {
  const uint64_t steps_max = options_.steps_max == 0 ? kStepsMaxDefault : options_.steps_max;
  if (steps_ < steps_max && decided_ < steps_max) return std::nullopt;
  Outcome outcome = system_.outcome().value_or(Outcome{});
  if (outcome.kind == Outcome::Kind::kUnknown) {
    outcome.reason = "stopped at the limit of " + FormatCount(steps_max, "step");
  }
  return outcome;
}

void LiveRun::EnterSegment(const std::string& name) {
  if (name.empty() || name == segment_name_) return;
  if (segment_) segment_->End();
  segment_.emplace(session_->BeginSegment(name));
  segment_name_ = name;
}

Result<LiveRun::Activation> LiveRun::Begin(const Decision& decision) {
  std::vector<Message> messages;
  Activation activation;
  recorder::StepOptions step_options;
  {
    Lock lock(turns_.mutex());
    BACKSTEP_ASSIGN_OR_RETURN(messages, system_.Take(decision.agent, decision.messages));
    activation.number = deciding_ = turns_.Decide(decision.agent);
    ++decided_;
    if (scheduler_state_ != recorded_scheduler_state_) {
      step_options.scheduler_state = recorded_scheduler_state_ = scheduler_state_;
    }
  }
  EnterSegment(decision.segment);
  activation.step = session_->BeginStep(decision.agent, std::move(messages), step_options);
  return activation;
}

void LiveRun::Finish(Activation activation) {
  const std::string agent = activation.step->info().agent_name;
  // Its agent is free when its code has returned, which is after the commit.
  SetBusy(agent, true);
  // The agent was looked up when the step began; what failed in it is in its record.
  (void)runner_.Run(*activation.step);
  activation.step = nullptr;
  SetBusy(agent, false);
  Lock lock(turns_.mutex());
  turns_.End(activation.number);
}

void LiveRun::SetBusy(const std::string& agent, bool busy) {
  Lock lock(turns_.mutex());
  system_.SetBusy(agent, busy);
}

void LiveRun::AwaitDelay(const std::vector<MessageId>& taken) {
  DurationNs wait;
  {
    Lock lock(turns_.mutex());
    if (system_.mailbox().HasUndelayed([&](const Mail& m) { return runner_.Has(m.message.to); })) {
      return;
    }
    for (const MessageId& id : taken) {
      const Mail* mail = system_.mailbox().Find(id);
      if (mail == nullptr || mail->message.delay.ns <= 0) continue;
      const DurationNs passed = clock_->Monotonic() - DurationNs{mail->sent_monotonic.ns};
      wait = std::max(wait, mail->message.delay - passed);
    }
  }
  if (wait.ns > 0) clock_->SleepFor(wait);
}

Result<Outcome> LiveRun::LoopInTurn() {
  while (true) {
    if (const auto limit = StepLimit()) return *limit;
    std::optional<Decision> decision;
    if (oldest_first_) decision = DecideAhead();
    try {
      if (!decision) decision = program_->Next(system_.View(), &scheduler_state_);
    } catch (...) {
      return Outcome{Outcome::Kind::kFailed, std::nullopt, "exception: " + CurrentException()};
    }
    if (decision->finished) return *decision->finished;
    AwaitDelay(decision->messages);
    BACKSTEP_ASSIGN_OR_RETURN(Activation activation, Begin(*decision));
    Finish(std::move(activation));
  }
}

std::optional<Decision> LiveRun::DecideAhead() {
  std::optional<Decision> decision;
  system_.mailbox().Visit([&](const Mail& mail) {
    const std::string& agent = mail.message.to;
    if (!runner_.Has(agent)) return true;
    if (!system_.IsBusy(agent) && (turns_.in_flight() == 0 || turns_.MayRunAhead(agent))) {
      decision = Decision::Activate(agent, {mail.message.id});
    }
    return false;
  });
  return decision;
}

Result<Outcome> LiveRun::LoopAhead() {
  Workers workers(this, static_cast<size_t>(std::clamp(options_.threads, 1, kThreadsMax)));
  const size_t threads = workers.size();
  while (true) {
    std::optional<Decision> decision;
    {
      Lock lock(turns_.mutex());
      while (true) {
        const bool room = turns_.in_flight() < threads && !StepLimit();
        if (room) decision = DecideAhead();
        if (decision || turns_.in_flight() == 0) break;
        turns_.AwaitChange(lock);
      }
    }
    // What is left is for the program to say: that it is over, or the limit.
    if (!decision) return LoopInTurn();
    BACKSTEP_ASSIGN_OR_RETURN(Activation activation, Begin(*decision));
    workers.Add(std::move(activation));
  }
}

Result<Outcome> LiveRun::Loop() {
  BACKSTEP_RETURN_IF_ERROR(SendStart());
  // Which step a fault with a limit of times hits must not depend on threads.
  oldest_first_ = program_->NextIsOldestDeliverable();
  const bool ahead = options_.threads > 1 && oldest_first_ && faults_ == nullptr;
  return ahead ? LoopAhead() : LoopInTurn();
}

Result<RunResult> LiveRun::Run() {
  BACKSTEP_RETURN_IF_ERROR(Open());
  const Result<Outcome> ended = Loop();
  RunResult result;
  result.outcome = ended.ok() ? *ended
                              : Outcome{Outcome::Kind::kFailed, std::nullopt,
                                        ended.status().message()};
  if (segment_) segment_->End();
  session_->SetOutcome(result.outcome);
  result.recording_status = session_->Close();
  result.recording = session_->path();
  result.steps = steps_;
  result.failed_steps = failed_steps_;
  if (!ended.ok()) return ended.status();
  if (!hook_failure_.empty()) {
    return Status::InvalidArgument("the session's hook threw: " + hook_failure_);
  }
  return result;
}

}  // namespace backstep::replay
