#include "backstep/replay/view/fork/fork_plan.h"

#include "backstep/replay/reexecute.h"
#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/line.h"

namespace backstep::replay {
namespace {

// What the person can put right in the form; anything else is the recording's.
bool IsOfTheForm(const Status& status) {
  return status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kNotFound;
}

// As the engine chooses (engine/match/misses.cc): the name first, then the kind's newest rule.
MissPolicy PolicyOf(const Experiment& experiment, EffectKind kind, const std::string& name) {
  const std::string of_kind = EffectKindName(kind);
  MissPolicy policy = MissPolicy::kFail;
  for (const MissRule& rule : experiment.on_miss) {
    if (rule.match == of_kind + ":" + name) return rule.policy;
    if (rule.match == of_kind) policy = rule.policy;
  }
  return policy;
}

PlannedCalls* Slot(EffectKind kind, MissPolicy policy, ForkPlan* plan) {
  for (PlannedCalls& calls : plan->calls) {
    if (calls.kind == kind) return &calls;
  }
  PlannedCalls calls;
  calls.kind = kind;
  calls.policy = policy;
  plan->calls.push_back(std::move(calls));
  return &plan->calls.back();
}

void AddCall(const Experiment& experiment, const EffectRecord& effect, ForkPlan* plan) {
  if (effect.kind == EffectKind::kClock || effect.kind == EffectKind::kRandom) return;
  const MissPolicy policy = PolicyOf(experiment, effect.kind, effect.name);
  PlannedCalls* calls = Slot(effect.kind, policy, plan);
  calls->mixed |= calls->policy != policy;
  ++calls->calls;
  ++plan->calls_recorded;
  calls->usage += effect.usage;
  if (policy != MissPolicy::kLive) return;
  ++calls->live_calls;
  ++plan->live_calls_max;
  plan->live_usage_max += effect.usage;
}

const char* KindWord(EffectKind kind) {
  switch (kind) {
    case EffectKind::kLlm: return "model call";
    case EffectKind::kTool: return "tool call";
    default: return "read of the environment";
  }
}

std::string CountOf(const PlannedCalls& calls) {
  if (calls.kind == EffectKind::kEnv && calls.calls != 1) {
    return std::to_string(calls.calls) + " reads of the environment";
  }
  return FormatCount(calls.calls, KindWord(calls.kind));
}

std::string UsageWords(const Usage& usage) {
  const uint64_t tokens = usage.input_tokens + usage.output_tokens;
  return (tokens == 0 ? "" : FormatCount(tokens, "token") + ", ") + FormatCost(usage.cost_usd);
}

}  // namespace

Result<ForkPlan> PlanFork(store::Recording& recording, Experiment experiment, bool latest) {
  ForkPlan plan;
  plan.budget_usd = experiment.limits.cost_usd_max;
  if (latest) {
    const auto from = LatestFork(recording, experiment);
    if (!from.ok() && !IsOfTheForm(from.status())) return from.status();
    if (!from.ok()) plan.problem = from.status().message();
    else experiment.from = *from;
  }
  if (plan.problem.empty()) {
    const Status checked = CheckExperiment(recording, experiment);
    if (!checked.ok() && !IsOfTheForm(checked)) return checked;
    plan.problem = checked.message();
  }
  if (!plan.problem.empty()) return plan;
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(experiment.parent));
  plan.from = experiment.from;
  plan.steps_shared = experiment.from.value;
  plan.steps_after = line->last().value - experiment.from.value;
  BACKSTEP_RETURN_IF_ERROR(line->ScanEffects(experiment.from, [&](const EffectRecord& effect) {
    AddCall(experiment, effect, &plan);
    return true;
  }));
  return plan;
}

std::vector<std::string> ExplainPlan(const ForkPlan& plan) {
  if (!plan.problem.empty()) return {plan.problem};
  std::vector<std::string> lines;
  lines.push_back("Leaves its parent after step " + std::to_string(plan.from.value) + ": " +
                  FormatCount(plan.steps_shared, "step") + " shared, " +
                  std::to_string(plan.steps_after) + " executed again.");
  std::string counts;
  for (const PlannedCalls& calls : plan.calls) {
    counts += (counts.empty() ? "" : ", ") + CountOf(calls);
  }
  lines.push_back(counts.empty() ? "No call was recorded after that."
                                 : counts + " answered from the recording where the request stays "
                                            "the same.");
  if (plan.live_calls_max == 0) {
    lines.push_back("Nothing is set to run live: a call without an answer pauses it or takes "
                    "another one.");
    return lines;
  }
  std::string live = "Live: at most about " + FormatCount(plan.live_calls_max, "call");
  live += " if all of them change (" + UsageWords(plan.live_usage_max) + " when recorded)";
  if (plan.budget_usd >= 0) live += ", stopped at " + FormatCost(plan.budget_usd);
  lines.push_back(live + ".");
  return lines;
}

std::string ToJson(const ForkPlan& plan) {
  Json json;
  json["problem"] = OrNull(plan.problem);
  json["from"] = plan.from.value;
  json["steps_shared"] = plan.steps_shared;
  json["steps_after"] = plan.steps_after;
  json["calls"] = Json::array();
  for (const PlannedCalls& calls : plan.calls) {
    json["calls"].push_back({{"kind", EffectKindName(calls.kind)},
                             {"calls", calls.calls},
                             {"live_calls_max", calls.live_calls}});
  }
  json["calls_recorded"] = plan.calls_recorded;
  json["live_calls_max"] = plan.live_calls_max;
  json["live_usage_max"] = UsageJson(plan.live_usage_max);
  return Dump(json, true);
}

}  // namespace backstep::replay
