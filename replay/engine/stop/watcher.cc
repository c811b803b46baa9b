#include "backstep/replay/engine/stop/watcher.h"

#include <algorithm>

#include "backstep/replay/engine/match/excerpt.h"

namespace backstep::replay {
namespace {

constexpr size_t kDivergencesMax = 100;
constexpr size_t kWarningsMax = 20;

std::string CallLabel(EffectKind kind, const std::string& name, uint32_t ordinal) {
  return std::string(EffectKindName(kind)) + " request " + std::to_string(ordinal) +
         (name.empty() || kind == EffectKind::kClock || kind == EffectKind::kRandom
              ? ""
              : " (" + name.substr(0, 60) + ")");
}

// Everything in which two outcomes can differ.
std::string DescribeOutcome(const std::optional<Outcome>& outcome) {
  if (!outcome) return "no outcome";
  std::string text = "outcome " + std::string(OutcomeName(outcome->kind));
  if (outcome->score) text += ", score " + std::to_string(*outcome->score);
  if (!outcome->reason.empty()) text += ", reason " + outcome->reason;
  return text;
}

}  // namespace

Watcher::Watcher(Recorded* recorded, Matcher* matcher,
                 std::shared_ptr<const recorder::Redactor> redactor)
    : recorded_(recorded), matcher_(matcher), redactor_(std::move(redactor)) {}

std::string Watcher::Redacted(std::string bytes) const {
  redactor_->Redact(&bytes);
  return bytes;
}

// What the default list has redacted it leaves alone, so bytes as recorded are not looked through
// again. A pattern of the program's own may match again.
std::optional<std::string> Watcher::OtherThan(const Hash128& recorded,
                                              const std::string& bytes) const {
  if (!redactor_->has_patterns() && recorded == HashBytes(bytes)) return std::nullopt;
  std::string redacted = Redacted(bytes);
  if (recorded == HashBytes(redacted)) return std::nullopt;
  return redacted;
}

Watcher::Seen* Watcher::Find(const recorder::StepInfo& step) {
  const auto seen = open_.find({step.agent, step.clock});
  return seen == open_.end() ? nullptr : &seen->second;
}

bool Watcher::IsTainted(const MessageId& id) const {
  if (tainted_.count(id) != 0) return true;
  const auto since = downstream_.find(id.sender);
  return since != downstream_.end() && since->second <= id.clock;
}

bool Watcher::IsDownstream(const Seen& seen) const {
  const auto since = downstream_.find(seen.info.agent);
  if (since != downstream_.end() && since->second <= seen.info.clock) return true;
  const auto tainted = [this](const MessageId& id) { return IsTainted(id); };
  if (std::any_of(seen.info.taken.begin(), seen.info.taken.end(), tainted)) return true;
  if (!seen.recorded) return false;
  return std::any_of(seen.recorded->took.begin(), seen.recorded->took.end(),
                     [&](const TakenMessage& took) { return tainted(took.id); });
}

void Watcher::MarkDownstream(StepKey step) {
  const auto [since, fresh] = downstream_.emplace(step);
  if (!fresh) since->second = std::min(since->second, step.second);
  const auto seen = open_.find(step);
  if (seen != open_.end()) seen->second.downstream = true;
}

Status Watcher::Begin(const recorder::StepInfo& step) {
  Seen seen;
  seen.info = step;
  BACKSTEP_ASSIGN_OR_RETURN(seen.recorded, recorded_->Step(step.agent, step.clock));
  const store::OpenStep* open = recorded_->Open(step.agent, step.clock);
  seen.known_open = open != nullptr;
  const std::vector<MessageId>* taken =
      seen.recorded ? &seen.recorded->taken : open != nullptr ? &open->begin.taken : nullptr;
  const bool other_activation = taken != nullptr && *taken != step.taken;
  if (other_activation) {
    Note(&seen, "activation", DescribeTaken(*taken), DescribeTaken(step.taken));
  }
  const bool downstream = IsDownstream(seen) || (other_activation && rescheduled_);
  const StepKey key{step.agent, step.clock};
  open_[key] = std::move(seen);
  if (downstream) MarkDownstream(key);
  return {};
}

void Watcher::Hit(StepKey step) { MarkDownstream(step); }

void Watcher::Note(Seen* seen, const std::string& what, const std::string& expected,
                   const std::string& actual) {
  if (seen->first) return;
  Divergence divergence;
  divergence.recorded_step = seen->recorded ? seen->recorded->number : StepNumber{};
  divergence.agent = seen->info.agent_name;
  divergence.clock = seen->info.clock;
  divergence.what = what;
  divergence.expected = expected;
  divergence.actual = actual;
  seen->first = std::move(divergence);
}

void Watcher::Report(Divergence divergence) {
  ++divergence_count_;
  if (divergences_.size() < kDivergencesMax) divergences_.push_back(std::move(divergence));
}

Status Watcher::Call(const recorder::StepInfo& step, const recorder::CallInfo& call,
                     const CallRequest& request) {
  Seen* seen = Find(step);
  if (seen == nullptr || (!seen->recorded && !seen->known_open)) return {};
  seen->calls = std::max<size_t>(seen->calls, call.ordinal + 1);
  if (seen->first) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<EffectRecord>* calls,
                            matcher_->CallsOf(step.agent, step.clock));
  const auto known = std::find_if(calls->begin(), calls->end(), [&](const EffectRecord& effect) {
    return effect.ordinal == call.ordinal;
  });
  if (known != calls->end()) return CompareCall(seen, *known, call, request);
  // A step cut off by a crash says nothing about what it would have done next.
  if (!seen->recorded || seen->recorded->incomplete) return {};
  Note(seen, "request", "no further call",
       CallLabel(call.kind, request.name, call.ordinal) + ": " +
           Quote(Redacted(request.body.bytes), 96));
  return {};
}

Status Watcher::CompareCall(Seen* seen, const EffectRecord& effect,
                            const recorder::CallInfo& call, const CallRequest& request) {
  const auto expected = [&] { return CallLabel(effect.kind, effect.name, effect.ordinal); };
  if (effect.kind != call.kind || effect.name != request.name) {
    Note(seen, "request", expected(), CallLabel(call.kind, request.name, call.ordinal));
    return {};
  }
  if (call.kind == EffectKind::kClock || call.kind == EffectKind::kRandom ||
      effect.request_hash == call.request_hash) {
    return {};
  }
  const Result<Body> body = recorded_->line().ReadBody(effect.request);
  if (!body.ok() && body.status().code() != StatusCode::kIncomplete) return body.status();
  const Difference difference = DescribeDifference(expected(), body.ok() ? body->bytes : "",
                                                   Redacted(request.body.bytes));
  Note(seen, "request", difference.expected, difference.actual);
  return {};
}

Status Watcher::Offer(const recorder::StepInfo& step, const Message& message) {
  Seen* seen = Find(step);
  if (seen == nullptr) return {};
  const size_t position = seen->offered.size();
  seen->offered.push_back(message.id);
  if (!seen->recorded || seen->first) return {};
  size_t at = 0;
  for (const SentMessage& sent : seen->recorded->sent) {
    if (sent.id.copy != 0 || at++ != position) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto recorded, recorded_->FindMessage(sent.id));
    return recorded ? CompareOffer(seen, *recorded, message) : Status();
  }
  Note(seen, "message", "no further message",
       "message to " + message.to + ": " + Quote(Redacted(message.body.bytes), 96));
  return {};
}

Status Watcher::CompareOffer(Seen* seen, const MessageRecord& recorded, const Message& message) {
  const store::Line& line = recorded_->line();
  const std::string to = line.AgentName(recorded.to);
  const auto label = [&] { return "message " + line.FormatMessageId(recorded.id) + " to "; };
  const std::string channel = Redacted(message.channel), kind = Redacted(message.kind);
  if (to != message.to || recorded.channel != channel || recorded.kind != kind ||
      recorded.reply_to != message.reply_to) {
    const auto envelope = [](const std::string& channel, const std::string& kind) {
      return " (channel '" + channel + "', kind '" + kind + "')";
    };
    Note(seen, "message", label() + to + envelope(recorded.channel, recorded.kind),
         label() + message.to + envelope(channel, kind));
    return {};
  }
  const Hash128 offered =
      recorded.offered_hash.IsZero() ? recorded.body.hash : recorded.offered_hash;
  const std::optional<std::string> text = OtherThan(offered, message.body.bytes);
  if (!text) return {};
  if (offered != recorded.body.hash) {
    Note(seen, "message", label() + to + ": as offered before it was edited, hash " +
                              offered.ToHex(),
         label() + to + ": " + Quote(*text, 96));
    return {};
  }
  const Result<Body> body = recorded_->line().ReadBody(recorded.body);
  if (!body.ok() && body.status().code() != StatusCode::kIncomplete) return body.status();
  const Difference difference =
      DescribeDifference(label() + to, body.ok() ? body->bytes : "", *text);
  Note(seen, "message", difference.expected, difference.actual);
  return {};
}

void Watcher::Receive(const recorder::StepInfo& step, const MessageId& message) {
  if (IsTainted(message)) MarkDownstream({step.agent, step.clock});
}

void Watcher::DeliveredDiffers(const recorder::StepInfo& step, const MessageRecord& recorded,
                               const std::string& recorded_text, const std::string& text) {
  Seen* seen = Find(step);
  if (seen == nullptr) return;
  const Difference difference =
      DescribeDifference("message " + recorded_->line().FormatMessageId(recorded.id),
                         recorded_text, Redacted(text));
  Note(seen, "delivered", difference.expected, difference.actual);
}

void Watcher::AbandonOpen() {
  for (auto& [key, seen] : open_) {
    if (!seen.first || seen.downstream) continue;
    seen.first->step = seen.info.begin_after.Next();
    Report(std::move(*seen.first));
  }
  open_.clear();
}

Status Watcher::CompareState(Seen* seen, const Body* state) {
  const BodyRef& recorded = seen->recorded->state;
  if (seen->first || state == nullptr || recorded.where == BodyRef::Where::kDropped ||
      recorded.where == BodyRef::Where::kNone) {
    return {};
  }
  const std::optional<std::string> text = OtherThan(recorded.hash, state->bytes);
  if (!text) return {};
  const Result<Body> body = recorded_->line().ReadBody(recorded);
  if (!body.ok() && body.status().code() != StatusCode::kIncomplete) return body.status();
  const Difference difference = DescribeDifference("state", body.ok() ? body->bytes : "", *text);
  Note(seen, "state", difference.expected, difference.actual);
  return {};
}

void Watcher::CompareEnd(Seen* seen, const StepRecord& record) {
  const StepRecord& recorded = *seen->recorded;
  // First: a step that fails has fewer calls and messages because it failed.
  const std::string expected = recorded.error ? recorded.error->kind : "";
  const std::string actual = record.error ? Redacted(record.error->kind) : "";
  if (expected != actual) {
    const auto describe = [&](const std::optional<StepError>& error) {
      return error ? "error " + Redacted(error->kind) + ": " + Quote(Redacted(error->message), 96)
                   : "no error";
    };
    Note(seen, "error", describe(recorded.error), describe(record.error));
  }
  if (seen->calls < recorded.effect_count) {
    Note(seen, "request", std::to_string(recorded.effect_count) + " calls",
         std::to_string(seen->calls) + " calls");
  }
  const auto sent = static_cast<size_t>(
      std::count_if(recorded.sent.begin(), recorded.sent.end(),
                    [](const SentMessage& message) { return message.id.copy == 0; }));
  if (seen->offered.size() < sent) {
    Note(seen, "message", std::to_string(sent) + " messages",
         std::to_string(seen->offered.size()) + " messages");
  }
  std::optional<Outcome> outcome = record.outcome;
  if (outcome) outcome->reason = Redacted(outcome->reason);
  if (recorded.outcome != outcome) {
    const Difference difference = DescribeDifference(
        "outcome", DescribeOutcome(recorded.outcome), DescribeOutcome(outcome));
    Note(seen, "state", difference.expected, difference.actual);
  }
}

Status Watcher::Commit(const recorder::StepInfo& step, const StepRecord& record,
                       const Body* state) {
  const StepKey key{step.agent, step.clock};
  executed_[step.agent] = std::max(executed_[step.agent], step.clock);
  const auto found = open_.find(key);
  if (found == open_.end()) return {};
  Seen* seen = &found->second;
  // Replies that came in mid-step, here or in the recording, may have become downstream since.
  if (!seen->downstream && IsDownstream(*seen)) MarkDownstream(key);
  if (seen->recorded && seen->recorded->incomplete) {
    if (warnings_.size() < kWarningsMax) {
      warnings_.push_back("step " + std::to_string(seen->recorded->number.value) +
                          " lost bodies under overload: what follows from it is not compared");
    }
  } else if (seen->recorded) {
    CompareEnd(seen, record);
    BACKSTEP_RETURN_IF_ERROR(CompareState(seen, state));
  } else if (!seen->known_open && recorded_->ended()) {
    if (rescheduled_) MarkDownstream(key);
    Note(seen, "extra_step", "no such step", DescribeTaken(step.taken));
  }
  if (seen->first && seen->downstream) ++change_count_;
  if (seen->first && !seen->downstream) {
    Divergence divergence = *seen->first;
    divergence.step = record.number;
    Report(std::move(divergence));
  }
  open_.erase(key);
  return {};
}

void Watcher::Reschedule(Divergence divergence) {
  if (changed()) {
    rescheduled_ = true;
    return;
  }
  divergence.what = "activation";
  Report(std::move(divergence));
}

// Whether each recorded step has run here, by the agents' clocks: to look at each step would cost
// what the recording is long. False: not known so.
Result<bool> Watcher::AllCame() const {
  store::Line& line = recorded_->line();
  const store::Cut& fork = recorded_->cut();
  std::map<AgentId, AgentClock> came = executed_;
  for (const store::AgentAt& at : fork.agents) {
    came[at.id] = std::max(came[at.id], at.clock_max);
  }
  for (const store::OpenStep& open : fork.open) {
    const auto executed = executed_.find(open.begin.agent);
    came[open.begin.agent] = executed == executed_.end() ? AgentClock{} : executed->second;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut end, line.CutAt(line.last()));
  return std::all_of(end.agents.begin(), end.agents.end(), [&](const store::AgentAt& at) {
    const auto known = came.find(at.id);
    return at.clock_max.value == 0 || (known != came.end() && known->second >= at.clock_max);
  });
}

Status Watcher::Finish() {
  BACKSTEP_ASSIGN_OR_RETURN(const bool all_came, AllCame());
  if (all_came) return {};
  const auto visit = [&](const StepRecord& step) {
    if (executed_[step.agent] >= step.clock) return true;
    const bool tainted =
        std::any_of(step.took.begin(), step.took.end(),
                    [&](const TakenMessage& took) { return IsTainted(took.id); });
    const auto since = downstream_.find(step.agent);
    if (tainted || rescheduled_ || (since != downstream_.end() && since->second <= step.clock)) {
      MarkDownstream({step.agent, step.clock});
      ++change_count_;
      return true;
    }
    Divergence divergence;
    divergence.recorded_step = step.number;
    divergence.agent = recorded_->line().AgentName(step.agent);
    divergence.clock = step.clock;
    divergence.what = "missing_step";
    divergence.expected = DescribeTaken(step.taken);
    divergence.actual = "no such step";
    Report(std::move(divergence));
    return true;
  };
  return recorded_->line().ScanSteps(recorded_->fork().Next(), recorded_->line().last(), visit);
}

std::string Watcher::DescribeTaken(const std::vector<MessageId>& taken) const {
  if (taken.empty()) return "acts unprompted";
  std::string text = "takes ";
  for (size_t i = 0; i < taken.size() && i < 8; ++i) {
    text += (i == 0 ? "" : ", ") + recorded_->line().FormatMessageId(taken[i]);
  }
  if (taken.size() > 8) text += " and " + std::to_string(taken.size() - 8) + " more";
  return text;
}

}  // namespace backstep::replay
