// LiveRun as the recorder's hook: what the run must know of each step, around the faults.
#include <algorithm>

#include "backstep/replay/engine/live/live_run.h"
#include "backstep/replay/engine/stop/failure.h"

namespace backstep::replay {
namespace {

using Lock = std::unique_lock<std::mutex>;

}  // namespace

// What is only told to the program's hook cannot change the run: what it throws ends up in Run().
template <typename Tell>
void LiveRun::TellHook(Tell tell) {
  try {
    tell();
  } catch (...) {
    const std::string thrown = CurrentException();
    Lock lock(turns_.mutex());
    if (hook_failure_.empty()) hook_failure_ = thrown;
  }
}

std::optional<TimeNs> LiveRun::OnBegin(const recorder::StepInfo& step) {
  TellHook([&] { (void)chain_->OnBegin(step); });
  Lock lock(turns_.mutex());
  TellBegun(step);
  turns_.Begin(step, deciding_);
  system_.SetBusy(step.agent_name, true);
  return system_.Begin(step);
}

void LiveRun::TellBegun(const recorder::StepInfo& step) {
  if (!tell_position_) return;
  OpenActivation activation{step.agent_name, step.clock, {}};
  for (const MessageId& id : step.taken) {
    activation.took.push_back(system_.NameOf(id.sender) + "/" + std::to_string(id.clock.value) +
                              "." + std::to_string(id.ordinal) +
                              (id.copy == 0 ? "" : "+" + std::to_string(id.copy)));
  }
  position_.open.push_back(std::move(activation));
  tell_position_(position_);
}

void LiveRun::TellCommitted(const recorder::StepInfo& step, StepNumber number) {
  if (!tell_position_) return;
  position_.committed = number;
  std::erase_if(position_.open, [&](const OpenActivation& activation) {
    return activation.agent == step.agent_name && activation.clock == step.clock;
  });
  tell_position_(position_);
}

std::optional<StepError> LiveRun::BeforeStep(const recorder::StepInfo& step,
                                             std::vector<FaultRecord>* faults) {
  return chain_->BeforeStep(step, faults);
}

recorder::SendOutcome LiveRun::OnSend(const recorder::StepInfo& step, Message message) {
  recorder::SendOutcome sent = chain_->OnSend(step, std::move(message));
  if (step.agent != kOutside) {
    Lock lock(turns_.mutex());
    system_.Carried(step, sent.carried);
  }
  return sent;
}

recorder::ReceiveOutcome LiveRun::OnReceive(const recorder::StepInfo& step, Message message) {
  {
    Lock lock(turns_.mutex());
    system_.Received(message.id);
  }
  return chain_->OnReceive(step, std::move(message));
}

recorder::CallOutcome LiveRun::OnCall(const recorder::StepInfo& step,
                                      const recorder::CallInfo& call, const CallRequest& request,
                                      const LiveCall& live, CallProgress& progress) {
  return chain_->OnCall(step, call, request, live, progress);
}

std::optional<recorder::AgentAnswer> LiveRun::OnAgentCall(const recorder::StepInfo& step,
                                                          const Message& request) {
  {
    Lock lock(turns_.mutex());
    if (!turns_.AwaitCall(lock, step, request.to)) {
      recorder::AgentAnswer answer;
      answer.error = CallsEachOther(step.agent_name, request.to);
      return answer;
    }
  }
  return chain_->OnAgentCall(step, request);
}

Status LiveRun::RunAgent(Step& inner) {
  {
    Lock lock(turns_.mutex());
    turns_.EnterCalled(inner.info());
    system_.SetBusy(inner.info().agent_name, true);
  }
  const Status ran = runner_.Run(inner);
  Lock lock(turns_.mutex());
  system_.SetBusy(inner.info().agent_name, false);
  turns_.LeaveCalled(inner.info());
  return ran;
}

DurationNs LiveRun::OwnTime(const recorder::StepInfo& step, DurationNs measured) {
  {
    Lock lock(turns_.mutex());
    const auto waited = waited_.find({step.agent, step.clock});
    if (waited != waited_.end()) {
      measured = std::max(DurationNs{}, measured - waited->second);
      waited_.erase(waited);
    }
  }
  return chain_->OwnTime(step, measured);
}

void LiveRun::BeforeCommit(const recorder::StepInfo& step) {
  const DurationNs began = clock_->Monotonic();
  Lock lock(turns_.mutex());
  turns_.AwaitCommit(lock, step);
  waited_[{step.agent, step.clock}] = clock_->Monotonic() - began;
  lock.unlock();
  TellHook([&] { chain_->BeforeCommit(step); });
}

void LiveRun::OnCommit(const recorder::StepInfo& step, const StepRecord& record,
                       const recorder::StateChange& state) {
  runner_.OnCommit(step, record, state);
  Lock lock(turns_.mutex());
  system_.Commit(record, {clock_->Monotonic().ns});
  system_.SetBusy(step.agent_name, false);
  ++steps_;
  if (record.error) ++failed_steps_;
  TellCommitted(step, record.number);
  turns_.Commit(step);
  lock.unlock();
  TellHook([&] { chain_->OnCommit(step, record, state); });
}

}  // namespace backstep::replay
