#include "backstep/replay/engine/experiment/fault_reach.h"

#include <algorithm>

namespace backstep::replay {
namespace {

std::optional<std::string> IdOf(const recorder::FaultSpec* spec) {
  return spec == nullptr ? std::nullopt : std::optional<std::string>(spec->id);
}

}  // namespace

Result<FaultReach> FaultReach::Make(store::Line* line, const recorder::FaultPlan* plan,
                                    uint64_t seed) {
  FaultReach reach(line, plan, seed);
  BACKSTEP_ASSIGN_OR_RETURN(reach.segments_, line->Segments());
  return reach;
}

recorder::StepFacts FaultReach::FactsOf(const StepBegin& step) const {
  recorder::StepFacts facts;
  facts.agent = line_->AgentName(step.agent);
  facts.clock = step.clock.value;
  facts.step_index = step.program_index.value_or(step.clock.value);
  for (const SegmentRecord& segment : segments_) {
    if (segment.id != step.segment || step.segment.value == 0) continue;
    facts.segment = segment.name;
    facts.segment_order = segment.order;
  }
  return facts;
}

recorder::MessageFacts FaultReach::FactsOf(const MessageRecord& message) const {
  return {line_->AgentName(message.id.sender), line_->AgentName(message.to), message.id,
          message.program_id, message.channel, message.edge_id};
}

Result<std::optional<std::string>> FaultReach::OnMessages(
    const StepBegin& step, const recorder::StepFacts& facts) const {
  std::vector<MessageId> taken = step.taken;
  std::vector<MessageId> sent;
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, line_->StepOf(step.agent, step.clock));
  if (number) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, line_->Step(*number));
    taken.clear();
    for (const TakenMessage& took : record.took) taken.push_back(took.id);
    for (const SentMessage& message : record.sent) sent.push_back(message.id);
  }
  for (const MessageId& id : taken) {
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message, line_->FindMessage(id));
    if (auto fault = IdOf(FirstOnReceive(*plan_, seed_, facts, FactsOf(message)))) return fault;
  }
  for (const MessageId& id : sent) {
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message, line_->FindMessage(id));
    if (id.copy != 0) continue;
    if (auto fault = IdOf(FirstOnSend(*plan_, seed_, facts, FactsOf(message)))) return fault;
  }
  return std::optional<std::string>();
}

Result<std::optional<std::string>> FaultReach::OnStep(const StepBegin& step,
                                                      std::optional<StepNumber> fork) const {
  const recorder::StepFacts facts = FactsOf(step);
  if (auto fault = IdOf(FirstOnStep(*plan_, seed_, facts))) return fault;
  BACKSTEP_ASSIGN_OR_RETURN(auto on_message, OnMessages(step, facts));
  if (on_message) return on_message;
  BACKSTEP_ASSIGN_OR_RETURN(const auto effects, line_->Effects(step.agent, step.clock));
  for (const EffectRecord& effect : effects) {
    if (effect.kind != EffectKind::kLlm && effect.kind != EffectKind::kTool) continue;
    if (fork && (effect.finished_after < *fork || *fork == line_->last())) continue;
    const recorder::CallFacts call{effect.kind, effect.ordinal, effect.name, effect.tool_type,
                                   effect.tool_call_id};
    if (auto fault = IdOf(FirstOnCall(*plan_, seed_, facts, call))) return fault;
  }
  return std::optional<std::string>();
}

Result<std::optional<StepNumber>> FaultReach::First() const {
  std::optional<StepNumber> first;
  Status failed;
  const auto look = [&](const StepBegin& step) {
    // A step that began no earlier than what was found cannot make it earlier.
    if (first && step.begin_after >= *first) return true;
    const auto fault = OnStep(step, std::nullopt);
    if (!fault.ok()) failed = fault.status();
    if (fault.ok() && *fault) first = step.begin_after;
    return failed.ok();
  };
  BACKSTEP_RETURN_IF_ERROR(line_->ScanSteps(StepNumber{1}, line_->last(), look));
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, line_->OpenSteps());
  for (const store::OpenStep& step : open) look(step.begin);
  if (!failed.ok()) return failed;
  return first;
}

}  // namespace backstep::replay
