// What an experiment can still reach: checked before anything runs, and used to find the latest
// moment to run it from.
#include <algorithm>
#include <map>
#include <set>

#include "backstep/recorder/faults/fault_match.h"
#include "backstep/replay/engine/experiment/edits.h"
#include "backstep/replay/engine/experiment/fault_reach.h"
#include "backstep/replay/engine/result_text.h"
#include "backstep/replay/reexecute.h"
#include "backstep/store/line.h"

namespace backstep::replay {
namespace {

// When something an edit names begins, and when it is over.
struct Span {
  StepNumber begin_after;
  std::optional<StepNumber> commits_as;
};

// A step of the line, committed or not; nullopt: neither.
Result<std::optional<Span>> SpanOf(store::Line& line, AgentId agent, AgentClock clock) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto number, line.StepOf(agent, clock));
  if (number) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line.Step(*number));
    return std::optional<Span>(Span{step.begin_after, *number});
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, line.OpenSteps());
  for (const store::OpenStep& step : open) {
    if (step.begin.agent == agent && step.begin.clock == clock) {
      return std::optional<Span>(Span{step.begin.begin_after, std::nullopt});
    }
  }
  return std::optional<Span>();
}

// The steps that read a message: where its edit must come before.
Result<std::vector<Span>> TakersOf(store::Line& line, const MessageRecord& message) {
  std::vector<Span> takers;
  BACKSTEP_RETURN_IF_ERROR(
      line.ScanSteps(message.sent_after.Next(), line.last(), [&](const StepRecord& step) {
        for (const TakenMessage& took : step.took) {
          if (took.id == message.id) takers.push_back({step.begin_after, step.number});
        }
        return true;
      }));
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, line.OpenSteps());
  for (const store::OpenStep& step : open) {
    const auto& taken = step.begin.taken;
    if (std::find(taken.begin(), taken.end(), message.id) != taken.end()) {
      takers.push_back({step.begin.begin_after, std::nullopt});
    }
  }
  return takers;
}

// The latest moment at which an edit of the message is not too late.
Result<StepNumber> LatestForMessage(store::Line& line, const MessageId& id) {
  BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord message, line.FindMessage(id));
  std::optional<Span> sender;
  if (id.sender != kOutside) {
    BACKSTEP_ASSIGN_OR_RETURN(sender, SpanOf(line, id.sender, id.clock));
  }
  if (message.dropped && sender) return sender->begin_after;
  BACKSTEP_ASSIGN_OR_RETURN(const auto takers, TakersOf(line, message));
  StepNumber latest = line.last();
  for (const Span& taker : takers) latest = std::min(latest, taker.begin_after);
  // In its mailbox by then, or not sent yet: never on its way out of an open step.
  const bool waits = sender ? sender->commits_as && *sender->commits_as <= latest
                            : message.sent_after <= latest;
  if (waits) return latest;
  return std::min(latest, sender ? sender->begin_after : message.sent_after);
}

Result<StepNumber> LatestForEffect(store::Line& line, const Edit& edit) {
  BACKSTEP_ASSIGN_OR_RETURN(const EffectId id, ParseEffectId(line, edit.target));
  BACKSTEP_ASSIGN_OR_RETURN(const auto span, SpanOf(line, id.agent, id.clock));
  const std::string agent = line.AgentName(id.agent);
  if (!span) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto latest, line.LatestStepOf(id.agent, line.last()));
    std::string nearest = "; " + agent + " made no step";
    if (latest) {
      BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line.Step(*latest));
      nearest = "; its last is " + agent + "/" + std::to_string(step.clock.value);
    }
    return Status::NotFound("no step " + agent + "/" + std::to_string(id.clock.value) + nearest);
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto effects, line.Effects(id.agent, id.clock));
  for (const EffectRecord& effect : effects) {
    if (effect.ordinal != id.ordinal) continue;
    const bool number =
        effect.kind == EffectKind::kClock || effect.kind == EffectKind::kRandom;
    if (number && (edit.text.empty() ||
                   edit.text.find_first_not_of("0123456789") != std::string::npos)) {
      return Status::InvalidArgument("the answer of " + edit.target + " (" +
                                     EffectKindName(effect.kind) + ") is a number in decimal");
    }
    return span->begin_after;
  }
  // An open step may still make it: the call that a paused branch has no answer to.
  if (!span->commits_as && id.ordinal >= effects.size()) return line.last();
  const std::string step = agent + "/" + std::to_string(id.clock.value);
  return Status::NotFound("no call " + edit.target +
                          (effects.empty() ? "; " + step + " made none"
                                           : "; the last is " + step + "#" +
                                                 std::to_string(effects.back().ordinal)));
}

Result<StepNumber> LatestForEdit(store::Line& line, const Edit& edit) {
  Result<StepNumber> latest = [&]() -> Result<StepNumber> {
    if (edit.kind == Edit::Kind::kReplaceResponse) return LatestForEffect(line, edit);
    BACKSTEP_ASSIGN_OR_RETURN(const MessageId id, line.ParseMessageId(edit.target));
    return LatestForMessage(line, id);
  }();
  if (latest.ok() || edit.origin.empty()) return latest;
  return latest.status().WithContext(edit.origin);
}

// Not too late is not enough for a message: its sender must not be open at the fork either.
Result<bool> ReachesEdit(store::Line& line, const Edit& edit, StepNumber from) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepNumber latest, LatestForEdit(line, edit));
  if (from > latest) return false;
  if (edit.kind == Edit::Kind::kReplaceResponse) return true;
  BACKSTEP_ASSIGN_OR_RETURN(const MessageId id, line.ParseMessageId(edit.target));
  if (id.sender == kOutside) return true;
  BACKSTEP_ASSIGN_OR_RETURN(const auto sender, SpanOf(line, id.sender, id.clock));
  if (!sender) return true;
  const bool open = sender->begin_after < from &&
                    (!sender->commits_as || from < *sender->commits_as);
  return !open;
}

// The latest moment not after `from` at which the edit takes full effect.
Result<StepNumber> FitEdit(store::Line& line, const Edit& edit, StepNumber from) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepNumber latest, LatestForEdit(line, edit));
  from = std::min(from, latest);
  BACKSTEP_ASSIGN_OR_RETURN(const bool reaches, ReachesEdit(line, edit, from));
  if (reaches) return from;
  BACKSTEP_ASSIGN_OR_RETURN(const MessageId id, line.ParseMessageId(edit.target));
  BACKSTEP_ASSIGN_OR_RETURN(const auto sender, SpanOf(line, id.sender, id.clock));
  return std::min(from, sender->begin_after);
}

Result<recorder::FaultPlan> ParseFaults(const Experiment& experiment) {
  std::vector<std::string> warnings;
  return recorder::FaultPlan::Parse(experiment.faults_text, experiment.faults_origin, &warnings);
}

Status CheckOnMiss(const Experiment& experiment) {
  for (const MissRule& rule : experiment.on_miss) {
    const bool known = rule.match == "llm" || rule.match == "tool" || rule.match == "env" ||
                       (rule.match.rfind("tool:", 0) == 0 && rule.match.size() > 5);
    if (!known) {
      return Status::InvalidArgument("on_miss: '" + rule.match +
                                     "' is not llm, tool, env or tool:NAME");
    }
  }
  return {};
}

Status CheckLine(const store::Line& line) {
  if (!line.session_header().program_name.empty()) return {};
  return Status::InvalidArgument(
      "this session was recorded with scopes only and cannot be re-executed: implement "
      "backstep::replay::Program (name the agents, restore one from bytes, run one step) and "
      "start it with RunProgram; see docs/integrate.md");
}

Status CheckEdits(store::Recording& recording, store::Line& line, const Experiment& experiment) {
  for (const Edit& edit : experiment.edits) {
    BACKSTEP_ASSIGN_OR_RETURN(const bool reaches, ReachesEdit(line, edit, experiment.from));
    if (reaches) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const StepNumber latest, FitEdit(line, edit, experiment.from));
    return Status::InvalidArgument(
        (edit.origin.empty() ? "" : edit.origin + ": ") + "at " +
        recording.FormatMoment({line.id(), experiment.from}) + " it is too late to edit " +
        edit.target + "; the latest moment is " + recording.FormatMoment({line.id(), latest}));
  }
  return {};
}

Status CheckFaults(store::Recording& recording, store::Line& line,
                   const Experiment& experiment) {
  if (experiment.faults_text.empty()) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const recorder::FaultPlan plan, ParseFaults(experiment));
  BACKSTEP_ASSIGN_OR_RETURN(const auto reach, FaultReach::Make(&line, &plan, experiment.seed));
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut cut, line.CutAt(experiment.from));
  for (const store::OpenStep& open : cut.open) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto fault, reach.OnStep(open.begin, experiment.from));
    if (!fault) continue;
    return Status::InvalidArgument(
        "fault " + *fault + " would reach " + line.AgentName(open.begin.agent) + "/" +
        std::to_string(open.begin.clock.value) + ", which is open at " +
        recording.FormatMoment({line.id(), experiment.from}) + "; the latest moment before it is " +
        recording.FormatMoment({line.id(), open.begin.begin_after}));
  }
  return {};
}

}  // namespace

Status CheckExperiment(store::Recording& recording, const Experiment& experiment) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(experiment.parent));
  BACKSTEP_RETURN_IF_ERROR(CheckLine(*line));
  if (experiment.from > line->last()) {
    return Status::NotFound("no step " + std::to_string(experiment.from.value) + "; the last is " +
                            recording.FormatMoment({line->id(), line->last()}));
  }
  if (!experiment.name.empty()) {
    BACKSTEP_RETURN_IF_ERROR(CheckBranchName(recording, *line, experiment.name));
  }
  BACKSTEP_RETURN_IF_ERROR(CheckOnMiss(experiment));
  BACKSTEP_RETURN_IF_ERROR(CheckEdits(recording, *line, experiment));
  return CheckFaults(recording, *line, experiment);
}

Result<StepNumber> LatestFork(store::Recording& recording, const Experiment& experiment) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(experiment.parent));
  BACKSTEP_RETURN_IF_ERROR(CheckLine(*line));
  if (experiment.edits.empty() && experiment.faults_text.empty()) return StepNumber{0};
  StepNumber latest = line->last();
  if (!experiment.faults_text.empty()) {
    BACKSTEP_ASSIGN_OR_RETURN(const recorder::FaultPlan plan, ParseFaults(experiment));
    BACKSTEP_ASSIGN_OR_RETURN(const auto reach,
                              FaultReach::Make(line.get(), &plan, experiment.seed));
    BACKSTEP_ASSIGN_OR_RETURN(const auto first, reach.First());
    if (!first && experiment.edits.empty()) {
      return Status::InvalidArgument("no fault of " + experiment.faults_origin +
                                     " matches anything in this recording");
    }
    latest = std::min(latest, first.value_or(latest));
  }
  // A moment that suits one edit may lie inside the step that sends another's message.
  for (StepNumber before = latest.Next(); before != latest;) {
    before = latest;
    for (const Edit& edit : experiment.edits) {
      BACKSTEP_ASSIGN_OR_RETURN(latest, FitEdit(*line, edit, latest));
    }
  }
  return latest;
}

}  // namespace backstep::replay
