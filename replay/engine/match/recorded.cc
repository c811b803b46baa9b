#include "backstep/replay/engine/match/recorded.h"

#include <algorithm>
#include <cstdlib>

namespace backstep::replay {

Result<std::unique_ptr<Recorded>> Recorded::Load(
    store::Line* line, StepNumber fork, std::shared_ptr<const recorder::Redactor> redactor) {
  std::unique_ptr<Recorded> recorded(new Recorded(line, fork, std::move(redactor)));
  BACKSTEP_ASSIGN_OR_RETURN(recorded->cut_, line->CutAt(fork));
  BACKSTEP_RETURN_IF_ERROR(recorded->LoadOpen());
  return recorded;
}

bool Recorded::ended() const {
  if (line_->state() != store::LogState::kSealed) return false;
  const std::optional<LogEnd> end = line_->end();
  return end && (end->result.empty() || end->result == "finished");
}

Status Recorded::LoadOpen() {
  StepNumber from = fork_;
  for (const store::OpenStep& open : cut_.open) {
    open_[{open.begin.agent, open.begin.clock}] = &open;
    from = std::min(from, open.begin.begin_after);
  }
  if (cut_.open.empty() || from == fork_) return {};
  Status nested;
  BACKSTEP_RETURN_IF_ERROR(line_->ScanSteps(from.Next(), fork_, [&](const StepRecord& step) {
    for (const TakenMessage& took : step.took) {
      if (open_.count({took.id.sender, took.id.clock}) != 0) delivered_.insert(took.id);
    }
    if (step.caller && open_.count(*step.caller) != 0) nested = AddNested(step);
    return nested.ok();
  }));
  return nested;
}

Status Recorded::AddNested(const StepRecord& inner) {
  if (inner.taken.empty()) return {};
  const MessageId request = inner.taken.front();
  BACKSTEP_ASSIGN_OR_RETURN(nested_[request], AnswerOf(inner, request));
  return {};
}

// The words of the errors are those of Step::CallAgent: the agent may have put them into its state.
Result<recorder::AgentAnswer> Recorded::AnswerOf(const StepRecord& inner,
                                                 const MessageId& request) const {
  recorder::AgentAnswer answer;
  answer.duration = inner.duration;
  bool replied = false;
  for (const SentMessage& sent : inner.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord reply, line_->FindMessage(sent.id));
    if (reply.reply_to != request) continue;
    replied = true;
    if (reply.dropped) continue;
    BACKSTEP_ASSIGN_OR_RETURN(answer.reply, ToMessage(reply, true));
    break;
  }
  if (inner.error) {
    answer.error =
        CallError{"agent_failed", 0, inner.error->kind + ": " + inner.error->message, {}};
  } else if (!replied) {
    answer.error = CallError{"no_reply", 0, "the agent did not reply", {}};
  } else if (answer.reply.to.empty()) {
    answer.error = CallError{"dropped", 0, "the reply was dropped", {}};
  }
  return answer;
}

Recorded::StepPtr Recorded::Keep(StepKey key, StepPtr step) {
  kept_newest_ = (kept_newest_ + 1) % kStepsKept;
  kept_[kept_newest_] = {key, step};
  return step;
}

Result<Recorded::StepPtr> Recorded::StepAt(StepNumber number) {
  for (size_t i = 0; i < kStepsKept; ++i) {
    const StepPtr& step = kept_[(kept_newest_ + kStepsKept - i) % kStepsKept].step;
    if (step != nullptr && step->number == number) return step;
  }
  BACKSTEP_ASSIGN_OR_RETURN(StepRecord read, line_->Step(number));
  const StepKey key{read.agent, read.clock};
  return Keep(key, std::make_shared<const StepRecord>(std::move(read)));
}

Result<Recorded::StepPtr> Recorded::Step(AgentId agent, AgentClock clock) {
  const StepKey key{agent, clock};
  for (size_t i = 0; i < kStepsKept; ++i) {
    const Kept& kept = kept_[(kept_newest_ + kStepsKept - i) % kStepsKept];
    if (kept.key == key) return kept.step;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const std::optional<StepNumber> number, line_->StepOf(agent, clock));
  if (!number || *number <= fork_) return Keep(key, nullptr);
  return StepAt(*number);
}

Result<std::vector<FaultRecord>> Recorded::FaultsOf(const EffectRecord& effect) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepPtr step, Step(effect.agent, effect.clock));
  std::vector<FaultRecord> found;
  if (step == nullptr) return found;
  for (const FaultRecord& fault : step->faults) {
    if (fault.effect_ordinal == effect.ordinal) found.push_back(fault);
  }
  return found;
}

Result<std::vector<FaultRecord>> Recorded::FaultsOfSent(const MessageId& message) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepPtr step, Step(message.sender, message.clock));
  std::vector<FaultRecord> found;
  if (step == nullptr) return found;
  for (const FaultRecord& fault : step->faults) {
    if (fault.message == message) found.push_back(fault);
  }
  return found;
}

const store::OpenStep* Recorded::Open(AgentId agent, AgentClock clock) const {
  const auto open = open_.find({agent, clock});
  return open == open_.end() ? nullptr : open->second;
}

Result<std::optional<MessageRecord>> Recorded::FindMessage(const MessageId& id) const {
  Result<MessageRecord> found = line_->FindMessage(id);
  if (found.ok()) return std::optional<MessageRecord>(std::move(*found));
  if (found.status().code() == StatusCode::kNotFound) return std::optional<MessageRecord>();
  return found.status();
}

const recorder::AgentAnswer* Recorded::Nested(const MessageId& request) const {
  const auto nested = nested_.find(request);
  return nested == nested_.end() ? nullptr : &nested->second;
}

Result<TimeNs> Recorded::ClockBefore(AgentId agent, AgentClock clock) const {
  TimeNs greatest;
  Status status;
  BACKSTEP_RETURN_IF_ERROR(
      line_->ScanEffects(StepNumber{0}, [&](const EffectRecord& effect) {
        if (effect.agent != agent || effect.kind != EffectKind::kClock ||
            effect.clock >= clock || effect.error) {
          return true;
        }
        const Result<Body> body = line_->ReadBody(effect.response);
        if (!body.ok() && body.status().code() != StatusCode::kIncomplete) {
          status = body.status();
        } else if (body.ok()) {
          greatest.ns = std::max<int64_t>(
              greatest.ns, std::strtoll(body->bytes.c_str(), nullptr, 10));
        }
        return status.ok();
      }));
  if (!status.ok()) return status;
  return greatest;
}

bool Recorded::WasFinished(const EffectRecord& effect) const {
  if (Open(effect.agent, effect.clock) == nullptr) return false;
  return effect.finished_after < fork_ || fork_ == line_->last();
}

Result<Message> Recorded::ToMessage(const MessageRecord& record, bool with_body) const {
  Message message;
  message.id = record.id;
  message.from = line_->AgentName(record.id.sender);
  message.to = line_->AgentName(record.to);
  message.channel = record.channel;
  message.kind = record.kind;
  message.reply_to = record.reply_to;
  message.program_id = record.program_id;
  message.edge_id = record.edge_id;
  message.attributes = record.attributes;
  message.delay = record.delay;
  if (with_body) {
    BACKSTEP_ASSIGN_OR_RETURN(message.body, line_->ReadBody(record.body));
  }
  return message;
}

Status Recorded::LoadMeans() {
  if (means_loaded_) return {};
  means_loaded_ = true;
  BACKSTEP_RETURN_IF_ERROR(
      line_->ScanSteps(StepNumber{1}, line_->last(), [&](const StepRecord& step) {
        own_[step.agent].Add(step.own);
        return true;
      }));
  return line_->ScanEffects(StepNumber{0}, [&](const EffectRecord& effect) {
    by_name_[{{effect.agent, effect.kind}, effect.name}].Add(effect.duration);
    by_kind_[effect.kind].Add(effect.duration);
    return true;
  });
}

Result<DurationNs> Recorded::MeanOwn(AgentId agent) {
  BACKSTEP_RETURN_IF_ERROR(LoadMeans());
  return own_[agent].Value();
}

Result<DurationNs> Recorded::MeanDuration(AgentId agent, EffectKind kind,
                                          const std::string& name) {
  BACKSTEP_RETURN_IF_ERROR(LoadMeans());
  const auto exact = by_name_.find({{agent, kind}, name});
  if (exact != by_name_.end()) return exact->second.Value();
  return by_kind_[kind].Value();
}

}  // namespace backstep::replay
