#include "backstep/replay/launch.h"

#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "backstep/recorder/redact.h"
#include "backstep/replay/engine/live/live_run.h"
#include "backstep/replay/launch/child_process.h"
#include "backstep/replay/host/host_client.h"
#include "backstep/replay/launch/listen_socket.h"
#include "backstep/replay/launch/output_pipe.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {
namespace {

using host::ChildProcess;
using host::HostClient;
using host::HostState;
using host::ListenSocket;
using host::OutputPipe;

constexpr int kPollMs = 50;
constexpr DurationNs kLastWords = Milliseconds(1000);    // for the answer of a child that has ended
constexpr DurationNs kExitGrace = Milliseconds(5000);    // to end by itself after its answer
constexpr DurationNs kCancelGrace = Milliseconds(2000);  // to end its branch when cancelled
constexpr DurationNs kWallGrace = Milliseconds(2000);    // to end by itself at its limit of time
constexpr DurationNs kTermGrace = Milliseconds(1000);    // between SIGTERM and SIGKILL

// Why the launcher stopped following the child.
enum class End { kAnswered, kExited, kNotServing, kSilent, kOverTime, kCancelled, kRefused };

std::string Seconds(DurationNs duration) {
  return std::to_string((duration.ns + 999'999'999) / 1'000'000'000) + " s";
}

DurationNs Now() {
  return SystemClock().Monotonic();
}

// What the launcher must know of a recording before the child writes into it.
struct Before {
  std::string path;          // absolute
  std::string program_name;
  std::set<LogId> logs;
  std::vector<std::string> redact_patterns;
};

Result<Before> LookAt(const std::string& recording_path, const Experiment& experiment) {
  BACKSTEP_ASSIGN_OR_RETURN(auto recording, store::Recording::Open(recording_path));
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<store::LogInfo> logs, recording->Logs());
  std::error_code error;
  Before before;
  before.path = std::filesystem::absolute(recording_path, error).string();
  if (error) return Status::Io(recording_path + ": " + error.message());
  LogId session;
  for (const store::LogInfo& log : logs) {
    before.logs.insert(log.id);
    if (log.id == experiment.parent) session = log.session;
  }
  for (const store::LogInfo& log : logs) {
    if (log.id != session) continue;
    before.program_name = log.header.program_name;
    for (const auto& [key, value] : log.header.metadata) {
      if (key == kRedactKey) before.redact_patterns.push_back(value);
    }
  }
  if (session == LogId()) {
    return Status::NotFound(recording_path + " has no log " +
                            std::to_string(experiment.parent.value));
  }
  if (before.program_name.empty()) {
    return Status::InvalidArgument(
        recording_path + " was recorded with scopes only, which cannot be re-executed: implement "
        "replay::Program and call RunProgram (docs/integrate.md)");
  }
  return before;
}

void CountCall(CallStatus status, ReplaySummary* summary) {
  switch (status) {
    case CallStatus::kRecorded:
    case CallStatus::kExact: ++summary->exact; return;
    case CallStatus::kEdited: ++summary->edited; return;
    case CallStatus::kFault: ++summary->fault; return;
    case CallStatus::kLive: ++summary->live; return;
    case CallStatus::kMiss: return;  // what pauses a branch is in no step
  }
}

// Calls counted in the steps that the log holds, so that whoever looks at them counts the same.
Status CountCalls(const store::Recording& recording, const ReplayResult& result,
                  ReplaySummary* summary) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(result.branch));
  ReplaySummary counted = *summary;
  counted.reused = result.fork.value;
  counted.exact = counted.edited = counted.fault = counted.live = 0;
  Status failed;
  const auto visit = [&](const StepRecord& step) {
    const auto effects = line->Effects(step.agent, step.clock);
    failed = effects.status();
    if (!effects.ok()) return false;
    for (const EffectRecord& effect : *effects) CountCall(effect.status, &counted);
    return true;
  };
  BACKSTEP_RETURN_IF_ERROR(line->ScanSteps(result.fork.Next(), result.last, visit));
  BACKSTEP_RETURN_IF_ERROR(failed);
  *summary = counted;
  return {};
}

// Follows one child from its start to its end. One thread.
class Supervisor {
 public:
  Supervisor(Before before, const Experiment& experiment, const LaunchOptions& options)
      : before_(std::move(before)), experiment_(experiment), options_(options) {}

  Result<LaunchResult> Run() {
    BACKSTEP_RETURN_IF_ERROR(Start());
    const End end = Follow();
    const HostState state = Stop(end);
    client_.reset();
    const int exit_code = child_->Reap();
    output_->Drain();
    LaunchResult result;
    result.exit_code = exit_code;
    result.output = output_->Text();
    if (state.answer) {
      if (!state.answer->ok()) return state.answer->status();
      result.replay = **state.answer;
      if (exit_code < 0 && end == End::kAnswered) {
        result.replay.warnings.push_back("after its branch was complete the program " +
                                         host::DescribeExit(exit_code));
      }
    } else {
      DescribeFailure(end, state, exit_code, &result.replay);
    }
    return result;
  }

 private:
  Status Start() {
    BACKSTEP_ASSIGN_OR_RETURN(listener_, ListenSocket::Create());
    page_ = listener_->page();
    host::SpawnOptions spawn;
    spawn.command = options_.command;
    spawn.working_directory = options_.working_directory;
    spawn.unset = {"BACKSTEP_RECORDING", "BACKSTEP_FAULTS", "BACKSTEP_SEED", "BACKSTEP_DISABLED",
                   "BACKSTEP_POSITION"};
    spawn.set = {{"BACKSTEP_REPLAY_SOCKET", listener_->path()}};
    BACKSTEP_ASSIGN_OR_RETURN(child_, ChildProcess::Spawn(spawn));
    output_ = std::make_unique<OutputPipe>(child_->TakeOutputFd(), options_.output_bytes_max);
    last_sign_ = Now();
    return {};
  }

  bool CancelAsked() const { return options_.cancel != nullptr && options_.cancel->load(); }

  // Until something ends it.
  End Follow() {
    while (true) {
      Wait();
      output_->Drain();
      if (!client_) Connect();
      const HostState state = client_ ? client_->state() : HostState();
      Report(state);
      if (state.answer) return End::kAnswered;
      if (CancelAsked()) return End::kCancelled;
      if (child_->Ended()) return End::kExited;
      // A crash closes the connection a moment before the process is seen to have ended.
      if (state.ended) {
        const auto idle = [this] { output_->Drain(); };
        return child_->AwaitEnd(kLastWords, idle) ? End::kExited : End::kRefused;
      }
      const DurationNs silence = Now() - last_sign_;
      if (!state.described && silence > options_.connect_max) return End::kNotServing;
      if (const auto end = OverLimit(silence); state.described && end) return *end;
    }
  }

  // A child looks at its limit of time itself, but in a step, between calls.
  std::optional<End> OverLimit(DurationNs silence) const {
    if (!in_live_call_) return silence > SilenceMax() ? std::optional(End::kSilent) : std::nullopt;
    const bool over_time = running_since_ && Now() - *running_since_ > WallMax() + kWallGrace;
    return over_time ? std::optional(End::kOverTime) : std::nullopt;
  }

  // An activation is not waited for much longer than the branch may run. Before and after the steps
  // the recording is read: that takes what it takes.
  DurationNs SilenceMax() const {
    const DurationNs most = WallMax() + kWallGrace;
    if (options_.silence_max <= most || page_ == nullptr) return options_.silence_max;
    return page_->Read().open.empty() ? options_.silence_max : most;
  }

  DurationNs WallMax() const {
    const DurationNs given = experiment_.limits.wall_max;
    return given.ns == 0 ? kWallMaxDefault : given;
  }

  void Wait() {
    pollfd waiting[] = {{output_->fd(), POLLIN, 0},
                        {child_->exit_fd(), POLLIN, 0},
                        {client_ ? client_->changed_fd() : listener_->fd(), POLLIN, 0}};
    poll(waiting, std::size(waiting), kPollMs);
    if (client_) client_->ClearChanged();
  }

  void Connect() {
    const int fd = listener_->Accept();
    if (fd < 0) return;
    listener_.reset();  // nothing is left behind even if this process is killed
    host::HostRequest request;
    request.recording_path = before_.path;
    request.experiment_json = ExperimentToJson(experiment_);
    request.program_name = before_.program_name;
    request.output = [this] {
      output_->Drain();
      return output_->Text();
    };
    client_ = std::make_unique<HostClient>(fd, std::move(request));
  }

  // Signs of life are the first word, a step and a live call, as they begin and end, and all the
  // time that such a call runs; what the program prints is none.
  void Report(const HostState& state) {
    if (state.described && !described_) {
      described_ = true;
      last_sign_ = Now();
    }
    LookForSigns();
    if (state.progress_count == progress_count_) return;
    progress_count_ = state.progress_count;
    last_sign_ = Now();
    if (!running_since_) running_since_ = last_sign_;
    if (options_.progress) options_.progress(state.progress);
  }

  void LookForSigns() {
    if (page_ == nullptr) return;
    const host::SignsOfLife signs = page_->Signs();
    in_live_call_ = signs.in_live_call();
    if (signs == signs_ && !in_live_call_) return;
    signs_ = signs;
    last_sign_ = Now();
    if (signs.running() && !running_since_) running_since_ = last_sign_;
  }

  // Ends the child's group; what it could still say stands in the state.
  HostState Stop(End end) {
    const auto idle = [this] { output_->Drain(); };
    if (end == End::kAnswered) {
      const HostState state = client_->state();
      client_.reset();
      if (!child_->AwaitEnd(kExitGrace, idle)) child_->Terminate(kTermGrace, idle);
      return state;
    }
    if (end == End::kExited) AwaitAnswer(kLastWords);
    if (end == End::kCancelled && client_) {
      client_->Cancel();
      AwaitAnswer(kCancelGrace);
    }
    if (!child_->Ended()) child_->Terminate(kTermGrace, idle);
    return client_ ? client_->state() : HostState();
  }

  void AwaitAnswer(DurationNs limit) {
    const DurationNs deadline = Now() + limit;
    while (client_ && Now() < deadline) {
      const HostState state = client_->state();
      if (state.answer || state.ended) return;
      Wait();
      output_->Drain();
    }
  }

  void DescribeFailure(End end, const HostState& state, int exit_code, ReplayResult* result) const {
    result->result = end == End::kCancelled  ? "cancelled"
                     : end == End::kOverTime ? "limit"
                                             : "crashed";
    result->summary = state.progress.summary;
    auto recording = store::Recording::Open(before_.path);
    if (recording.ok()) NameBranch(**recording, state, result);
    if (result->branch.value == 0) result->fork = experiment_.from;
    if (page_ != nullptr && page_->Read() != Position()) result->died_at = page_->Read();
    result->detail = Reason(end, state, SoFar(state, *result), exit_code);
    const std::string last_line = output_->LastLine();
    if (!last_line.empty() && end != End::kCancelled) {
      result->detail += "; it last printed: " + last_line;
    }
    result->outcome.reason =
        CutOffReason(result->result, result->died_at.value_or(Position()));
    if (!recording.ok() || result->branch.value == 0) return;
    // What cannot be read is told by whoever compares the branch.
    (void)CountCalls(**recording, *result, &result->summary);
    Keep(**recording, result);
  }

  // Where it was and how far it had come; what it had committed counts, also what it died before
  // telling of.
  std::string SoFar(const HostState& state, const ReplayResult& result) const {
    const uint64_t fork = result.fork.value;
    const uint64_t in_log = std::max(result.last.value, fork) - fork;
    uint64_t steps = std::max(state.progress.steps_done, in_log);
    std::string where;
    if (result.died_at) {
      steps = std::max(steps, std::max(result.died_at->committed.value, fork) - fork);
      if (!result.died_at->open.empty()) where = " in " + FormatActivation(*result.died_at) + ",";
    }
    std::string text = where + " after " + FormatCount(steps, "step") + " of the branch";
    if (in_log >= steps) return text;
    const std::string held = in_log == 0 ? "none" : "the first " + std::to_string(in_log);
    return text + "; the log holds " + held + " of them";
  }

  // The log cannot say any more how it ended: this is kept beside it.
  void Keep(store::Recording& recording, ReplayResult* result) const {
    CutOff cut_off{result->result, result->detail, result->summary,
                   result->died_at.value_or(Position())};
    auto redactor = recorder::Redactor::Make(before_.redact_patterns);
    if (redactor.ok()) (*redactor)->Redact(&cut_off.detail);
    const Status kept = redactor.ok() ? recording.KeepCutOff(result->branch, cut_off)
                                      : redactor.status();
    if (!kept.ok()) result->warnings.push_back("how it ended is not kept: " + kept.message());
  }

  std::string Reason(End end, const HostState& state, const std::string& so_far,
                     int exit_code) const {
    const std::string program = "'" + options_.command[0] + "' ";
    switch (end) {
      case End::kCancelled:
        return "cancelled" + so_far + "; the program did not stop by itself and was killed";
      case End::kNotServing:
        return program + "did not serve within " + Seconds(options_.connect_max) +
               " and was killed: a replay host links backstep::program and calls RunProgram";
      case End::kOverTime:
        return "the wall time limit of " + Seconds(WallMax()) + " passed in a live call" + so_far +
               "; " + program + "was killed";
      case End::kSilent:
        return program + "made no progress for " + Seconds(SilenceMax()) +
               " outside of live calls and was killed" + so_far;
      case End::kExited:
        if (!state.described && state.failure.empty()) {
          return program + "is not a replay host (it " + host::DescribeExit(exit_code) +
                 " without serving): link backstep::program and call RunProgram";
        }
        if (!state.described) return program + "cannot serve this recording: " + state.failure;
        return program + host::DescribeExit(exit_code) + so_far;
      case End::kRefused:
        if (state.described) {
          return program + "broke its connection" + so_far + ": " + state.failure;
        }
        return program + "cannot serve this recording: " + state.failure;
      case End::kAnswered:
        break;
    }
    return {};
  }

  // The branch that the child had begun: the new log that says so.
  void NameBranch(const store::Recording& recording, const HostState& state,
                  ReplayResult* result) const {
    const auto logs = recording.Logs();
    if (!logs.ok()) return;
    for (const store::LogInfo& log : *logs) {
      const bool ours = before_.logs.count(log.id) == 0 && log.header.origin &&
                        log.header.origin->parent == experiment_.parent &&
                        log.header.process_id == state.process_id;
      if (!ours) continue;
      result->branch = log.id;
      result->branch_name = log.header.name;
      result->last = log.last;
      result->fork = log.header.origin->fork;
    }
  }

  const Before before_;
  const Experiment& experiment_;
  const LaunchOptions& options_;
  std::unique_ptr<ListenSocket> listener_;
  std::unique_ptr<ChildProcess> child_;
  std::unique_ptr<OutputPipe> output_;
  std::shared_ptr<const host::PositionPage> page_;
  std::unique_ptr<HostClient> client_;  // its thread uses output_: ends first
  DurationNs last_sign_;
  host::SignsOfLife signs_;
  bool in_live_call_ = false;
  std::optional<DurationNs> running_since_;  // its first step, or word of progress
  bool described_ = false;
  uint64_t progress_count_ = 0;
};

}  // namespace

Result<LaunchResult> Launch(const std::string& recording_path, const Experiment& experiment,
                            const LaunchOptions& options) {
  if (options.command.empty()) return Status::InvalidArgument("no program was named");
  BACKSTEP_ASSIGN_OR_RETURN(Before before, LookAt(recording_path, experiment));
  return Supervisor(std::move(before), experiment, options).Run();
}

}  // namespace backstep::replay
