#include "backstep/recorder/faults/fault_hook.h"

#include <utility>

#include "backstep/recorder/faults/fault_actions.h"
#include "backstep/recorder/faults/fault_match.h"
#include "backstep/recorder/faults/fault_table.h"

namespace backstep::recorder {
namespace {

FaultRecord MakeRecord(const FaultSpec& spec, FaultHookKind hook, const std::string& decision) {
  FaultRecord record;
  record.spec_id = spec.id;
  record.type = spec.action;
  record.hook = FaultHookName(hook);
  record.decision = decision;
  record.hidden = spec.hidden;
  return record;
}

FaultRecord MessageRecordOf(const FaultSpec& spec, FaultHookKind hook, const Message& message,
                            const MessageChange& change) {
  FaultRecord record = MakeRecord(spec, hook, change.decision);
  record.message = message.id;
  if (change.drop || change.body) record.before = FaultExcerpt(message.body.bytes);
  if (change.body) record.after = FaultExcerpt(change.body->bytes);
  return record;
}

std::string Describe(const CallError& error) {
  std::string out = error.kind;
  if (error.code != 0) out += " " + std::to_string(error.code);
  return error.message.empty() ? out : out + ": " + error.message;
}

FaultRecord CallRecordOf(const FaultSpec& spec, FaultHookKind hook, const CallInfo& call,
                         const CallRequest& request, const CallChange& change) {
  FaultRecord record = MakeRecord(spec, hook, change.decision);
  record.effect_ordinal = call.ordinal;
  if (!change.answer) return record;
  record.before = FaultExcerpt(request.body.bytes);
  record.after = FaultExcerpt(change.answer->ok() ? change.answer->response().body.bytes
                                                  : Describe(change.answer->error()));
  return record;
}

FaultHookKind HookOf(const CallInfo& call) {
  return call.kind == EffectKind::kLlm ? FaultHookKind::kLlmCall : FaultHookKind::kToolCall;
}

}  // namespace

struct FaultHook::Impl {
  Impl(FaultPlan p, FaultHookOptions o, Hook* i)
      : plan(std::move(p)), options(std::move(o)), inner(i) {
    for (const FaultSpec& spec : plan.faults()) actions.push_back(FindAction(spec.action));
  }

  // Takes one of the fault's times, unless none is left.
  bool Take(const FaultSpec& spec) {
    std::lock_guard<std::mutex> lock(mutex);
    uint64_t& here = applied[spec.id];
    auto before = options.applied_before.find(spec.id);
    const uint64_t already = before == options.applied_before.end() ? 0 : before->second;
    if (spec.times_max && already + here >= *spec.times_max) return false;
    ++here;
    return true;
  }

  // The first fault of which `meets` holds and `does` something, with a time left. A fault that
  // would change nothing here leaves the boundary as it is and is not counted.
  template <typename Meets, typename Does>
  const FaultSpec* Choose(const Meets& meets, const Does& does) {
    for (size_t i = 0; i < plan.faults().size(); ++i) {
      const FaultSpec& spec = plan.faults()[i];
      if (!meets(spec) || !HasTimesLeft(spec)) continue;
      if (!does(spec, *actions[i])) return nullptr;
      if (Take(spec)) return &spec;
    }
    return nullptr;
  }

  bool HasTimesLeft(const FaultSpec& spec) {
    if (!spec.times_max) return true;
    std::lock_guard<std::mutex> lock(mutex);
    auto before = options.applied_before.find(spec.id);
    auto here = applied.find(spec.id);
    return (before == options.applied_before.end() ? 0 : before->second) +
               (here == applied.end() ? 0 : here->second) <
           *spec.times_max;
  }

  void Sleep(DurationNs delay) {
    if (options.real_clock != nullptr && delay.ns > 0) options.real_clock->SleepFor(delay);
  }

  void SendOne(const StepInfo& step, Message message, SendOutcome* out);
  CallOutcome Answer(const CallChange& change);
  CallOutcome Delayed(const StepInfo& step, const CallInfo& call, const CallRequest& request,
                      const LiveCall& live, CallProgress& progress, DurationNs delay);

  const FaultPlan plan;
  const FaultHookOptions options;
  Hook* const inner;
  std::vector<const ActionInfo*> actions;  // of plan.faults(), in order
  mutable std::mutex mutex;
  std::map<std::string, uint64_t> applied;  // under mutex
};

void FaultHook::Impl::SendOne(const StepInfo& step, Message message, SendOutcome* out) {
  const StepFacts at = FactsOf(step);
  const MessageFacts envelope = FactsOf(message);
  MessageChange change;
  const FaultSpec* spec = Choose(
      [&](const FaultSpec& s) {
        return MatchesSend(s, at, envelope) && DrawSend(s, options.seed, at, envelope);
      },
      [&](const FaultSpec& s, const ActionInfo& action) {
        change = action.on_message(s, message);
        return change.Any();
      });
  if (spec == nullptr) {
    out->carried.push_back(std::move(message));
    return;
  }
  out->faults.push_back(MessageRecordOf(*spec, FaultHookKind::kA2aSend, message, change));
  if (change.drop) return;
  if (change.body) {
    message.body = std::move(*change.body);
    out->edited = true;
  }
  if (options.real_clock != nullptr && !options.hold_delays) {
    Sleep(change.delay);
  } else {
    message.delay += change.delay;
  }
  out->carried.push_back(message);
  for (uint32_t copy = 1; copy <= change.copies; ++copy) {
    message.id.copy = copy;
    out->carried.push_back(message);
  }
}

CallOutcome FaultHook::Impl::Answer(const CallChange& change) {
  Sleep(change.delay);
  CallOutcome out;
  out.result = *change.answer;
  out.status = CallStatus::kFault;
  out.duration = change.delay;
  out.injected_delay = change.delay;
  return out;
}

CallOutcome FaultHook::Impl::Delayed(const StepInfo& step, const CallInfo& call,
                                     const CallRequest& request, const LiveCall& live,
                                     CallProgress& progress, DurationNs delay) {
  Sleep(delay);
  Clock& clock = options.real_clock != nullptr ? *options.real_clock : SystemClock();
  const DurationNs began = clock.Monotonic();
  CallOutcome out = inner->OnCall(step, call, request, live, progress);
  // With a real clock what is measured around this hook has the delay in it already.
  if (!out.duration && options.real_clock == nullptr) out.duration = clock.Monotonic() - began;
  if (out.duration) *out.duration += delay;
  out.injected_delay += delay;
  // What ran live and what could not be answered stay visible as such.
  if (out.status != CallStatus::kLive && out.status != CallStatus::kMiss) {
    out.status = CallStatus::kFault;
  }
  return out;
}

FaultHook::FaultHook(FaultPlan plan, FaultHookOptions options, Hook* inner)
    : impl_(std::make_unique<Impl>(std::move(plan), std::move(options), inner)) {}

FaultHook::~FaultHook() = default;

std::optional<TimeNs> FaultHook::OnBegin(const StepInfo& step) {
  return impl_->inner->OnBegin(step);
}

std::optional<StepError> FaultHook::BeforeStep(const StepInfo& step,
                                               std::vector<FaultRecord>* faults) {
  if (auto error = impl_->inner->BeforeStep(step, faults)) return error;
  const StepFacts at = FactsOf(step);
  StepError error{"crash", {}};
  const FaultSpec* spec = impl_->Choose(
      [&](const FaultSpec& s) {
        return MatchesStep(s, at) && DrawStep(s, impl_->options.seed, at);
      },
      [&](const FaultSpec& s, const ActionInfo& action) {
        error.message = action.on_step(s);
        return true;
      });
  if (spec == nullptr) return std::nullopt;
  FaultRecord record =
      MakeRecord(*spec, FaultHookKind::kAgentStep, "failed the step before it ran");
  record.after = FaultExcerpt(error.message);
  if (faults != nullptr) faults->push_back(std::move(record));
  return error;
}

SendOutcome FaultHook::OnSend(const StepInfo& step, Message message) {
  SendOutcome inner = impl_->inner->OnSend(step, std::move(message));
  // What comes from outside is sent by no step that could hold the record, and lies before the
  // first moment of a re-execution: a fault meets it where an agent receives it.
  if (step.agent == kOutside) return inner;
  SendOutcome out;
  out.edited = inner.edited;
  out.faults = std::move(inner.faults);
  for (Message& carried : inner.carried) impl_->SendOne(step, std::move(carried), &out);
  return out;
}

ReceiveOutcome FaultHook::OnReceive(const StepInfo& step, Message message) {
  ReceiveOutcome out = impl_->inner->OnReceive(step, std::move(message));
  if (!out.message) return out;
  const StepFacts at = FactsOf(step);
  const MessageFacts envelope = FactsOf(*out.message);
  MessageChange change;
  const FaultSpec* spec = impl_->Choose(
      [&](const FaultSpec& s) {
        return MatchesReceive(s, at, envelope) &&
               DrawReceive(s, impl_->options.seed, at, envelope);
      },
      [&](const FaultSpec& s, const ActionInfo& action) {
        change = action.on_message(s, *out.message);
        return change.Any();
      });
  if (spec == nullptr) return out;
  out.faults.push_back(MessageRecordOf(*spec, FaultHookKind::kA2aReceive, *out.message, change));
  if (change.drop) {
    out.message.reset();
  } else if (change.body) {
    out.message->body = std::move(*change.body);
  }
  return out;
}

CallOutcome FaultHook::OnCall(const StepInfo& step, const CallInfo& call,
                              const CallRequest& request, const LiveCall& live,
                              CallProgress& progress) {
  const auto& options = impl_->options;
  if (options.call_is_protected && options.call_is_protected(step, call)) {
    return impl_->inner->OnCall(step, call, request, live, progress);
  }
  const StepFacts at = FactsOf(step);
  const CallFacts facts = FactsOf(call, request);
  CallChange change;
  const FaultSpec* spec = impl_->Choose(
      [&](const FaultSpec& s) {
        return MatchesCall(s, at, facts) && DrawCall(s, options.seed, at, facts);
      },
      [&](const FaultSpec& s, const ActionInfo& action) {
        change = action.on_call(s, request);
        return change.answer.has_value() || change.delay.ns > 0;
      });
  if (spec == nullptr) return impl_->inner->OnCall(step, call, request, live, progress);
  CallOutcome out = change.answer
                        ? impl_->Answer(change)
                        : impl_->Delayed(step, call, request, live, progress, change.delay);
  out.faults.push_back(CallRecordOf(*spec, HookOf(call), call, request, change));
  return out;
}

std::optional<AgentAnswer> FaultHook::OnAgentCall(const StepInfo& step, const Message& request) {
  return impl_->inner->OnAgentCall(step, request);
}

Status FaultHook::RunAgent(Step& inner) { return impl_->inner->RunAgent(inner); }

DurationNs FaultHook::OwnTime(const StepInfo& step, DurationNs measured) {
  return impl_->inner->OwnTime(step, measured);
}

void FaultHook::BeforeCommit(const StepInfo& step) { impl_->inner->BeforeCommit(step); }

void FaultHook::OnCommit(const StepInfo& step, const StepRecord& record,
                         const StateChange& state) {
  impl_->inner->OnCommit(step, record, state);
}

std::map<std::string, uint64_t> FaultHook::Applied() const {
  std::lock_guard<std::mutex> lock(impl_->mutex);
  std::map<std::string, uint64_t> applied;
  for (const auto& [id, times] : impl_->applied) {
    if (times > 0) applied.emplace(id, times);
  }
  return applied;
}

}  // namespace backstep::recorder
