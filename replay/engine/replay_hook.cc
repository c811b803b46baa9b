#include "backstep/replay/engine/replay_hook.h"

#include <algorithm>

#include "backstep/replay/engine/schedule/turns.h"

namespace backstep::replay {
namespace {

StepKey KeyOf(const recorder::StepInfo& step) { return {step.agent, step.clock}; }

// Tells that a call runs live, also where it ends by throwing.
class LiveSpan {
 public:
  explicit LiveSpan(const std::function<void(bool)>& tell) : tell_(tell) { tell_(true); }
  ~LiveSpan() { tell_(false); }
  LiveSpan(const LiveSpan&) = delete;
  LiveSpan& operator=(const LiveSpan&) = delete;

 private:
  const std::function<void(bool)>& tell_;
};

}  // namespace

std::optional<StepError> FaultTap::BeforeStep(const recorder::StepInfo& step,
                                              std::vector<FaultRecord>* faults) {
  auto error = inner_->BeforeStep(step, faults);
  inner_faults_ = faults->size();
  return error;
}

recorder::SendOutcome FaultTap::OnSend(const recorder::StepInfo& step, Message message) {
  auto outcome = inner_->OnSend(step, std::move(message));
  inner_faults_ = outcome.faults.size();
  return outcome;
}

recorder::ReceiveOutcome FaultTap::OnReceive(const recorder::StepInfo& step, Message message) {
  auto outcome = inner_->OnReceive(step, std::move(message));
  inner_faults_ = outcome.faults.size();
  return outcome;
}

recorder::CallOutcome FaultTap::OnCall(const recorder::StepInfo& step,
                                       const recorder::CallInfo& call, const CallRequest& request,
                                       const LiveCall& live, CallProgress& progress) {
  auto outcome = inner_->OnCall(step, call, request, live, progress);
  inner_faults_ = outcome.faults.size();
  return outcome;
}

ReplayHook::ReplayHook(Parts parts, const Lineage& lineage, recorder::FaultPlan own,
                       Listeners listeners)
    : parts_(parts),
      answers_(parts.recorded, parts.matcher, parts.edits, parts.system, parts.halt,
               parts.experiment),
      chain_(&answers_),
      listeners_(std::move(listeners)) {
  position_.committed = parts_.experiment->from;
  for (const InheritedFaults& faults : lineage.faults) AddInherited(faults);
  if (own.empty()) return;
  tap_ = std::make_unique<FaultTap>(chain_);
  for (const recorder::FaultSpec& spec : own.faults()) own_ids_.push_back(spec.id);
  recorder::FaultHookOptions options;
  options.seed = parts.experiment->seed;
  options.hold_delays = true;
  options.call_is_protected = [this](const recorder::StepInfo& step,
                                     const recorder::CallInfo& call) {
    return answers_.IsFinished(step, call);
  };
  own_ = std::make_unique<recorder::FaultHook>(std::move(own), options, tap_.get());
  chain_ = own_.get();
}

void ReplayHook::AddInherited(const InheritedFaults& faults) {
  recorder::FaultHookOptions options;
  options.seed = faults.seed;
  options.hold_delays = true;
  options.applied_before = faults.applied_before;
  options.call_is_protected = [this](const recorder::StepInfo& step,
                                     const recorder::CallInfo& call) {
    return answers_.IsRecorded(step, call);
  };
  inherited_.push_back(std::make_unique<recorder::FaultHook>(faults.plan, options, chain_));
  chain_ = inherited_.back().get();
}

std::vector<std::string> ReplayHook::UnreachedFaults() const {
  std::vector<std::string> lines;
  if (own_ == nullptr) return lines;
  const auto applied = own_->Applied();
  for (const std::string& id : own_ids_) {
    if (applied.count(id) == 0) lines.push_back("fault " + id + ": never applied");
  }
  return lines;
}

bool ReplayHook::OwnHit(size_t faults) const {
  return tap_ != nullptr && faults > tap_->inner_faults();
}

std::optional<TimeNs> ReplayHook::OnBegin(const recorder::StepInfo& step) {
  TellBegun(step);
  if (step.caller) parts_.halt->CheckStep();
  parts_.halt->Fail(parts_.watcher->Begin(step));
  parts_.system->SetBusy(step.agent_name, true);
  const store::OpenStep* open = parts_.recorded->Open(step.agent, step.clock);
  return parts_.system->Begin(
      step, open == nullptr ? std::nullopt : std::optional<TimeNs>(open->begin.began_virtual));
}

std::optional<StepError> ReplayHook::BeforeStep(const recorder::StepInfo& step,
                                                std::vector<FaultRecord>* faults) {
  if (tap_ != nullptr) tap_->Reset();
  auto error = chain_->BeforeStep(step, faults);
  if (OwnHit(faults->size())) parts_.watcher->Hit(KeyOf(step));
  return error;
}

recorder::ReceiveOutcome ReplayHook::OnReceive(const recorder::StepInfo& step, Message message) {
  const MessageId id = message.id;
  KnownEdit* edit = parts_.edits->OfMessage(id);
  if (edit != nullptr && !edit->waiting) edit = nullptr;
  const std::string original = edit != nullptr ? message.body.bytes : std::string();
  if (tap_ != nullptr) tap_->Reset();
  const bool activation =
      std::find(step.taken.begin(), step.taken.end(), id) != step.taken.end();
  if (!activation) {
    parts_.system->Received(id);
    parts_.watcher->Receive(step, id);
  }
  recorder::ReceiveOutcome outcome = chain_->OnReceive(step, std::move(message));
  if (OwnHit(outcome.faults.size())) parts_.watcher->Hit(KeyOf(step));
  if (edit != nullptr) {
    outcome.faults.push_back(EditRecord(*edit, "a2a_receive", edit->original, original));
    edit->waiting = false;
  }
  return outcome;
}

recorder::CallOutcome ReplayHook::OnCall(const recorder::StepInfo& step,
                                         const recorder::CallInfo& call,
                                         const CallRequest& request, const LiveCall& live,
                                         CallProgress& progress) {
  if (parts_.halt->Check()) return GivenUp("cancelled", parts_.halt->detail());
  parts_.halt->Fail(parts_.watcher->Call(step, call, request));
  answers_.SetRequest(&request);
  if (tap_ != nullptr) tap_->Reset();
  recorder::CallOutcome outcome =
      listeners_.live_call ? chain_->OnCall(step, call, request, Told(live), progress)
                           : chain_->OnCall(step, call, request, live, progress);
  answers_.SetRequest(nullptr);
  if (outcome.duration) parts_.system->time().Spend(KeyOf(step), *outcome.duration);
  if (OwnHit(outcome.faults.size()) || outcome.status == CallStatus::kEdited) {
    parts_.watcher->Hit(KeyOf(step));
  }
  Count(outcome, &summary_);
  Count(outcome, &uncommitted_[KeyOf(step)]);
  return outcome;
}

void ReplayHook::Count(const recorder::CallOutcome& outcome, ReplaySummary* summary) const {
  switch (outcome.status) {
    case CallStatus::kExact:
    case CallStatus::kRecorded: ++summary->exact; break;
    case CallStatus::kEdited: ++summary->edited; break;
    case CallStatus::kFault: ++summary->fault; break;
    case CallStatus::kLive: ++summary->live; break;
    case CallStatus::kMiss:
      if (parts_.halt->miss()) ++summary->miss;
      break;
  }
}

ReplaySummary ReplayHook::CommittedSummary() const {
  ReplaySummary summary = summary_;
  for (const auto& [step, counts] : uncommitted_) {
    summary.exact -= counts.exact;
    summary.edited -= counts.edited;
    summary.fault -= counts.fault;
    summary.live -= counts.live;
    summary.miss -= counts.miss;
  }
  return summary;
}

// What an open step of the fork sends again stands as it was delivered.
std::optional<recorder::SendOutcome> ReplayHook::Delivered(const recorder::StepInfo& step,
                                                           const Message& message) {
  if (!parts_.recorded->Delivered(message.id)) return std::nullopt;
  const auto recorded = parts_.recorded->FindMessage(message.id);
  if (!recorded.ok() || !*recorded) {
    parts_.halt->Fail(recorded.status());
    return std::nullopt;
  }
  const auto delivered = parts_.recorded->ToMessage(**recorded, true);
  if (!delivered.ok()) {
    parts_.halt->Fail(delivered.status());
    return std::nullopt;
  }
  std::string offered = message.body.bytes;
  parts_.recorded->redactor().Redact(&offered);
  const Hash128 expected =
      (*recorded)->offered_hash.IsZero() ? (*recorded)->body.hash : (*recorded)->offered_hash;
  if (HashBytes(offered) != expected) {
    parts_.watcher->DeliveredDiffers(step, **recorded, delivered->body.bytes, offered);
  }
  parts_.halt->Fail(parts_.watcher->Offer(step, message));
  recorder::SendOutcome outcome;
  outcome.already_delivered = true;
  outcome.edited = (*recorded)->edited;
  outcome.carried.push_back(*delivered);
  const auto faults = parts_.recorded->FaultsOfSent(message.id);
  parts_.halt->Fail(faults.status());
  if (faults.ok()) outcome.faults = *faults;
  return outcome;
}

recorder::SendOutcome ReplayHook::SendEdited(const recorder::StepInfo& step, Message message,
                                             KnownEdit* edit) {
  const std::string before = message.body.bytes;
  recorder::SendOutcome outcome;
  if (edit->edit.kind == Edit::Kind::kReplaceMessage) {
    message.body = EditedBody(*edit, message.body);
    outcome = chain_->OnSend(step, message);
    outcome.edited = true;
  }
  outcome.faults.insert(outcome.faults.begin(),
                        EditRecord(*edit, "a2a_send", before, message.body.bytes));
  edit->reached = true;
  return outcome;
}

recorder::SendOutcome ReplayHook::OnSend(const recorder::StepInfo& step, Message message) {
  if (parts_.halt->Check()) {
    recorder::SendOutcome outcome;
    outcome.carried.push_back(std::move(message));
    return outcome;
  }
  if (auto delivered = Delivered(step, message)) return *delivered;
  const MessageId id = message.id;
  parts_.halt->Fail(parts_.watcher->Offer(step, message));
  if (tap_ != nullptr) tap_->Reset();
  KnownEdit* edit = parts_.edits->OfMessage(id);
  recorder::SendOutcome outcome = edit != nullptr ? SendEdited(step, std::move(message), edit)
                                                  : chain_->OnSend(step, std::move(message));
  const size_t of_edit = edit != nullptr ? 1 : 0;
  if (OwnHit(outcome.faults.size() - of_edit) || (edit != nullptr && edit->own)) {
    parts_.watcher->Hit(KeyOf(step));
    parts_.watcher->Taint(id);
  }
  parts_.system->Carried(step, outcome.carried);
  return outcome;
}

// A live call that both sides would have waited for forever is in the recording as a request that
// was never carried, though no fault dropped it.
Result<bool> ReplayHook::RecordedAsRefused(const recorder::StepInfo& step,
                                           const Message& request) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto recorded, parts_.recorded->FindMessage(request.id));
  if (!recorded || !recorded->dropped) return false;
  BACKSTEP_ASSIGN_OR_RETURN(const auto counterpart,
                            parts_.recorded->Step(step.agent, step.clock));
  if (counterpart == nullptr) return false;
  return std::none_of(counterpart->faults.begin(), counterpart->faults.end(),
                      [&](const FaultRecord& fault) { return fault.message == request.id; });
}

std::optional<recorder::AgentAnswer> ReplayHook::OnAgentCall(const recorder::StepInfo& step,
                                                             const Message& request) {
  recorder::AgentAnswer refused;
  refused.error = CallError{"cancelled", 0, parts_.halt->detail(), {}};
  if (parts_.halt->Check()) return refused;
  if (const recorder::AgentAnswer* answer = parts_.recorded->Nested(request.id)) {
    parts_.system->Received(answer->reply.id);
    parts_.system->time().Spend(KeyOf(step), answer->duration);
    return *answer;
  }
  const auto was_refused = RecordedAsRefused(step, request);
  parts_.halt->Fail(was_refused.status());
  if (was_refused.ok() && *was_refused) {
    refused.error = CallsEachOther(step.agent_name, request.to);
    return refused;
  }
  return chain_->OnAgentCall(step, request);
}

Status ReplayHook::RunAgent(Step& inner) { return parts_.runner->Run(inner); }

DurationNs ReplayHook::OwnTime(const recorder::StepInfo& step, DurationNs measured) {
  const auto recorded = parts_.recorded->Step(step.agent, step.clock);
  if (recorded.ok() && *recorded != nullptr) return (*recorded)->own;
  const auto mean = parts_.recorded->MeanOwn(step.agent);
  parts_.halt->Fail(mean.status());
  return mean.ok() ? *mean : measured;
}

bool ReplayHook::Abandoned(const recorder::StepInfo&) { return parts_.halt->stopped(); }

void ReplayHook::OnCommit(const recorder::StepInfo& step, const StepRecord& record,
                          const recorder::StateChange& state) {
  parts_.runner->OnCommit(step, record, state);
  parts_.system->Commit(record);
  parts_.system->SetBusy(step.agent_name, false);
  parts_.halt->Fail(
      parts_.watcher->Commit(step, record, parts_.runner->State(step.agent_name)));
  parts_.matcher->Forget(KeyOf(step));
  uncommitted_.erase(KeyOf(step));
  parts_.halt->CountStep();
  TellCommitted(step, record.number);
  if (listeners_.committed) listeners_.committed();
}

LiveCall ReplayHook::Told(const LiveCall& live) const {
  return [this, &live](const CallRequest& request, CallProgress& progress) {
    const LiveSpan span(listeners_.live_call);
    return live(request, progress);
  };
}

void ReplayHook::TellBegun(const recorder::StepInfo& step) {
  if (!listeners_.position) return;
  OpenActivation activation{step.agent_name, step.clock, {}};
  for (const MessageId& id : step.taken) {
    activation.took.push_back(parts_.recorded->line().FormatMessageId(id));
  }
  position_.open.push_back(std::move(activation));
  listeners_.position(position_);
}

void ReplayHook::TellOver() {
  if (!listeners_.position || position_.open.empty()) return;
  position_.open.clear();
  listeners_.position(position_);
}

void ReplayHook::TellCommitted(const recorder::StepInfo& step, StepNumber number) {
  if (!listeners_.position) return;
  position_.committed = number;
  std::erase_if(position_.open, [&](const OpenActivation& activation) {
    return activation.agent == step.agent_name && activation.clock == step.clock;
  });
  listeners_.position(position_);
}

}  // namespace backstep::replay
