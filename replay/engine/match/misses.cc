// What Answers does about a call the recording cannot answer.
#include <algorithm>
#include <cstdio>

#include "backstep/replay/engine/match/answers.h"
#include "backstep/replay/engine/match/excerpt.h"

namespace backstep::replay {
namespace {

constexpr size_t kRequestExcerptBytes = 400;

std::string FlagFor(EffectKind kind, const std::string& name) {
  std::string match = EffectKindName(kind);
  if (kind == EffectKind::kTool) match += ":" + name;
  return "--on-miss " + match + "=live";
}

}  // namespace

const MissRule* Answers::RuleFor(EffectKind kind, const std::string& name) const {
  const std::string of_kind = EffectKindName(kind);
  const MissRule* found = nullptr;
  for (const MissRule& rule : experiment_->on_miss) {
    if (rule.match == of_kind + ":" + name) return &rule;
    if (rule.match == of_kind) found = &rule;
  }
  return found;
}

recorder::CallOutcome Answers::OnMiss(const recorder::StepInfo& step,
                                      const recorder::CallInfo& call, const CallRequest& request,
                                      const LiveCall& live, CallProgress& progress) {
  const MissRule* rule = RuleFor(call.kind, request.name);
  const MissPolicy policy = rule != nullptr ? rule->policy
                            : request.free  ? MissPolicy::kLive
                                            : MissPolicy::kFail;
  if (policy == MissPolicy::kLive) return RunLive(step, call, request, live, progress);
  if (policy == MissPolicy::kSubstitute) {
    auto outcome = Substitute(step, call, request, *rule);
    if (outcome) return *outcome;
  }
  return Pause(step, call, request);
}

std::optional<recorder::CallOutcome> Answers::Substitute(const recorder::StepInfo& step,
                                                         const recorder::CallInfo& call,
                                                         const CallRequest& request,
                                                         const MissRule& rule) {
  recorder::CallOutcome outcome;
  outcome.status = CallStatus::kEdited;
  outcome.substituted = true;
  auto nearest =
      matcher_->NearestAnswer({step.agent, step.clock}, call.kind, request.name);
  if (!nearest.ok()) return Fail(nearest.status());
  Body original{"", "text/plain"};
  if (*nearest) {
    const auto body = recorded_->line().ReadBody((*nearest)->effect->response);
    if (body.ok()) original = *body;
  }
  if (rule.text.empty() && !*nearest) return std::nullopt;
  CallResponse response;
  response.body = rule.text.empty() ? original : Body{rule.text, original.media_type};
  response.finish_reason = *nearest ? (*nearest)->effect->finish_reason : "";
  outcome.duration = Mean(step, call, request.name);
  outcome.result = std::move(response);
  return outcome;
}

recorder::CallOutcome Answers::Pause(const recorder::StepInfo& step,
                                     const recorder::CallInfo& call, const CallRequest& request) {
  Miss miss;
  miss.step = system_->step().Next();
  miss.agent = step.agent_name;
  miss.clock = step.clock;
  miss.ordinal = call.ordinal;
  miss.kind = call.kind;
  miss.name = request.name;
  std::string text = request.body.bytes;
  recorded_->redactor().Redact(&text);
  miss.request_excerpt = Quote(text, kRequestExcerptBytes);
  miss.hint = Hint(call, request);
  halt_->Pause(std::move(miss));
  return GivenUp("miss", "the recording has no answer to this request");
}

// What the rest of the recording used of the same thing is the best guess of what going on costs.
std::string Answers::Hint(const recorder::CallInfo& call, const CallRequest& request) const {
  uint64_t calls = 0, tokens = 0;
  double cost_usd = 0;
  const Status status =
      recorded_->line().ScanEffects(recorded_->fork(), [&](const EffectRecord& effect) {
        const bool same = effect.kind == call.kind &&
                          (call.kind != EffectKind::kTool || effect.name == request.name);
        if (same && effect.clock > system_->ClockOf(effect.agent)) {
          ++calls;
          tokens += effect.usage.input_tokens + effect.usage.output_tokens;
          cost_usd += effect.usage.cost_usd;
        }
        return true;
      });
  std::string hint = FlagFor(call.kind, request.name) + " goes on from here";
  if (!status.ok() || calls == 0) return hint;
  hint += "; the recording has " + std::to_string(calls) + " such call" +
          (calls == 1 ? "" : "s") + " after this point";
  if (tokens == 0 && cost_usd == 0) return hint;
  char cost[64];
  snprintf(cost, sizeof cost, " (%llu tokens, $%.4f)", static_cast<unsigned long long>(tokens),
           cost_usd);
  return hint + cost;
}

}  // namespace backstep::replay
