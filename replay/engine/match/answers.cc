#include "backstep/replay/engine/match/answers.h"

#include <algorithm>
#include <cstdlib>

namespace backstep::replay {
namespace {

constexpr size_t kLiveCallsMax = 100;

StepKey KeyOf(const recorder::StepInfo& step) { return {step.agent, step.clock}; }

bool MayMove(EffectKind kind, bool pure) {
  return kind == EffectKind::kLlm || (pure && kind == EffectKind::kTool);
}

CallResult NumberResult(const std::string& number) {
  return CallResponse{{number, "text/plain"}, {}, {}};
}

}  // namespace

recorder::CallOutcome GivenUp(const std::string& kind, const std::string& message) {
  recorder::CallOutcome outcome;
  outcome.result = CallError{kind, 0, message, {}};
  outcome.status = CallStatus::kMiss;
  outcome.duration = DurationNs{};
  return outcome;
}

Answers::Answers(Recorded* recorded, Matcher* matcher, Edits* edits, System* system, Halt* halt,
                 const Experiment* experiment)
    : recorded_(recorded),
      matcher_(matcher),
      edits_(edits),
      system_(system),
      halt_(halt),
      experiment_(experiment) {}

recorder::CallOutcome Answers::Fail(const Status& status) {
  halt_->Fail(status);
  return GivenUp("cancelled", status.message());
}

Result<std::optional<Match>> Answers::Find(const recorder::StepInfo& step,
                                           const recorder::CallInfo& call, bool pure) {
  return matcher_->Find(KeyOf(step), call.kind, call.request_hash, MayMove(call.kind, pure));
}

bool Answers::IsFinished(const recorder::StepInfo& step, const recorder::CallInfo& call) {
  const auto match = Find(step, call, false);
  return match.ok() && *match && recorded_->WasFinished(*(*match)->effect);
}

bool Answers::IsRecorded(const recorder::StepInfo& step, const recorder::CallInfo& call) {
  const auto match = Find(step, call, request_ != nullptr && request_->pure);
  return match.ok() && *match;
}

recorder::CallOutcome Answers::OnCall(const recorder::StepInfo& step,
                                      const recorder::CallInfo& call, const CallRequest& request,
                                      const LiveCall& live, CallProgress& progress) {
  const bool by_order = call.kind == EffectKind::kClock || call.kind == EffectKind::kRandom;
  auto match = by_order ? matcher_->NextOf(KeyOf(step), call.kind)
                        : Find(step, call, request.pure);
  if (!match.ok()) return Fail(match.status());
  const bool finished = *match && recorded_->WasFinished(*(*match)->effect);
  KnownEdit* edit = finished ? nullptr : EditOf(step, call, *match);
  if (edit != nullptr) return Edited(step, call, request, edit, *match);
  if (call.kind == EffectKind::kClock) return OnClock(step);
  if (call.kind == EffectKind::kRandom) return OnRandom(step, call);
  if (*match) {
    CallResponse response;
    if (!(*match)->effect->error) {
      auto body = recorded_->line().ReadBody((*match)->effect->response);
      // An answer that was dropped under overload cannot serve.
      if (!body.ok() && body.status().code() == StatusCode::kIncomplete) {
        return OnMiss(step, call, request, live, progress);
      }
      if (!body.ok()) return Fail(body.status());
      response.body = std::move(*body);
    }
    return Serve(call, **match, std::move(response));
  }
  return OnMiss(step, call, request, live, progress);
}

recorder::CallOutcome Answers::Serve(const recorder::CallInfo& call, const Match& match,
                                     CallResponse response) {
  const EffectRecord& effect = *match.effect;
  matcher_->Use(match);
  recorder::CallOutcome outcome;
  outcome.status = CallStatus::kExact;
  outcome.moved = match.moved;
  outcome.substituted = effect.substituted;
  outcome.duration = effect.duration;
  outcome.injected_delay = effect.injected_delay;
  if (effect.error) {
    outcome.result = *effect.error;
  } else {
    response.usage = effect.usage;
    response.finish_reason = effect.finish_reason;
    outcome.result = std::move(response);
    outcome.stored_response = effect.response;
  }
  auto faults = recorded_->FaultsOf(effect);
  if (!faults.ok()) return Fail(faults.status());
  outcome.faults = std::move(*faults);
  for (FaultRecord& fault : outcome.faults) fault.effect_ordinal = call.ordinal;
  return outcome;
}

Result<std::optional<std::string>> Answers::NextNumber(const recorder::StepInfo& step,
                                                       EffectKind kind,
                                                       recorder::CallOutcome* outcome) {
  outcome->status = CallStatus::kExact;
  outcome->duration = DurationNs{};
  BACKSTEP_ASSIGN_OR_RETURN(const std::optional<Match> match,
                            matcher_->NextOf(KeyOf(step), kind));
  if (!match) return std::optional<std::string>();
  matcher_->Use(*match);
  outcome->duration = match->effect->duration;
  const Result<Body> body = recorded_->line().ReadBody(match->effect->response);
  if (body.ok()) return std::optional<std::string>(body->bytes);
  if (body.status().code() == StatusCode::kIncomplete) return std::optional<std::string>();
  return body.status();
}

recorder::CallOutcome Answers::OnClock(const recorder::StepInfo& step) {
  recorder::CallOutcome outcome;
  const auto recorded = NextNumber(step, EffectKind::kClock, &outcome);
  if (!recorded.ok()) return Fail(recorded.status());
  const bool first = now_.count(step.agent) == 0;
  TimeNs& newest = now_[step.agent];
  TimeNs now;
  if (*recorded) {
    now.ns = std::strtoll((*recorded)->c_str(), nullptr, 10);
  } else {
    if (first) {
      const auto before = recorded_->ClockBefore(step.agent, step.clock);
      if (!before.ok()) return Fail(before.status());
      newest = *before;
    }
    now = recorded_->line().session_header().began_wall +
          (system_->time().Now(KeyOf(step)) - TimeNs{});
  }
  newest = std::max(newest, now);
  outcome.result = NumberResult(std::to_string(newest.ns));
  return outcome;
}

recorder::CallOutcome Answers::OnRandom(const recorder::StepInfo& step,
                                        const recorder::CallInfo& call) {
  recorder::CallOutcome outcome;
  const auto recorded = NextNumber(step, EffectKind::kRandom, &outcome);
  if (!recorded.ok()) return Fail(recorded.status());
  outcome.result = NumberResult(
      *recorded ? **recorded
                : std::to_string(MixSeed(experiment_->seed, step.agent.value, step.clock.value,
                                         call.ordinal)));
  return outcome;
}

KnownEdit* Answers::EditOf(const recorder::StepInfo& step, const recorder::CallInfo& call,
                           const std::optional<Match>& match) {
  KnownEdit* edit = edits_->OfEffect({step.agent, step.clock, call.ordinal});
  if (edit == nullptr && match && match->moved) {
    const EffectRecord& effect = *match->effect;
    edit = edits_->OfEffect({effect.agent, effect.clock, effect.ordinal});
  }
  // What an inherited edit replaced is what the recording has.
  return edit != nullptr && !edit->own && match ? nullptr : edit;
}

recorder::CallOutcome Answers::Edited(const recorder::StepInfo& step,
                                      const recorder::CallInfo& call, const CallRequest& request,
                                      KnownEdit* edit, const std::optional<Match>& match) {
  recorder::CallOutcome outcome;
  outcome.status = CallStatus::kEdited;
  CallResponse response;
  Body original{"", "application/json"};
  if (match) {
    matcher_->Use(*match);
    const auto body = recorded_->line().ReadBody(match->effect->response);
    if (body.ok()) original = *body;
    response.usage = match->effect->usage;
    response.finish_reason = match->effect->finish_reason;
    outcome.moved = match->moved;
    outcome.duration = match->effect->duration;
    outcome.injected_delay = match->effect->injected_delay;
  } else {
    // A call that the recording has not: what others of its kind answer says how it is written.
    outcome.duration = Mean(step, call, request.name);
    const auto nearest =
        matcher_->NearestAnswer({step.agent, step.clock}, call.kind, request.name);
    if (!nearest.ok()) return Fail(nearest.status());
    if (*nearest) {
      const auto body = recorded_->line().ReadBody((*nearest)->effect->response);
      if (body.ok()) original.media_type = body->media_type;
      response.finish_reason = (*nearest)->effect->finish_reason;
    }
  }
  response.body = EditedBody(*edit, original);
  const char* hook = call.kind == EffectKind::kLlm ? "llm_call" : "tool_call";
  FaultRecord record = EditRecord(*edit, hook, original.bytes, response.body.bytes);
  record.effect_ordinal = call.ordinal;
  outcome.faults.push_back(std::move(record));
  outcome.result = std::move(response);
  edit->reached = true;
  return outcome;
}

DurationNs Answers::Mean(const recorder::StepInfo& step, const recorder::CallInfo& call,
                         const std::string& name) {
  const auto mean = recorded_->MeanDuration(step.agent, call.kind, name);
  if (mean.ok()) return *mean;
  halt_->Fail(mean.status());
  return {};
}

recorder::CallOutcome Answers::RunLive(const recorder::StepInfo& step,
                                       const recorder::CallInfo& call,
                                       const CallRequest& request, const LiveCall& live,
                                       CallProgress& progress) {
  if (!halt_->AllowLive()) return GivenUp("cancelled", halt_->detail());
  halt_->CountLive();
  if (live_calls_.size() < kLiveCallsMax) {
    live_calls_.push_back(step.agent_name + "/" + std::to_string(step.clock.value) + "#" +
                          std::to_string(call.ordinal) + " " + EffectKindName(call.kind) + " " +
                          request.name);
  }
  recorder::CallOutcome outcome;
  outcome.status = CallStatus::kLive;
  outcome.duration = Mean(step, call, request.name);
  outcome.result = live(request, progress);
  if (outcome.result.ok()) halt_->CountCost(outcome.result.response().usage.cost_usd);
  return outcome;
}

}  // namespace backstep::replay
