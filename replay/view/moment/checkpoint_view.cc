#include "backstep/replay/view/moment/checkpoint_view.h"

#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

Result<MessageRow> ViewMessage(store::Line& line, const MessageId& id, size_t text_bytes_max) {
  MessageRow row;
  row.id = line.FormatMessageId(id);
  row.from = line.AgentName(id.sender);
  if (id.sender != kOutside) row.sent_by = FormatStep(line, id.sender, id.clock);
  auto found = line.FindMessage(id);
  if (!found.ok()) {
    // Lost with its writer's crash, or dropped: the id stands.
    if (found.status().code() != StatusCode::kNotFound) return found.status();
    row.body.present = row.body.dropped = true;
    return row;
  }
  const MessageRecord& message = *found;
  row.to = line.AgentName(message.to);
  row.channel = message.channel;
  row.kind = message.kind;
  row.program_id = message.program_id;
  if (message.reply_to) row.reply_to = line.FormatMessageId(*message.reply_to);
  row.sent_virtual = message.sent_virtual;
  row.arrival_virtual = message.sent_virtual + message.delay;
  row.delay = message.delay;
  row.edited = message.edited;
  row.dropped = message.dropped;
  BACKSTEP_ASSIGN_OR_RETURN(row.body, ViewBody(line, message.body, text_bytes_max));
  return row;
}

Result<AgentStateRow> ViewAgent(store::Line& line, const store::AgentAt& at,
                                const store::Cut& cut, const CheckpointOptions& options) {
  AgentStateRow row;
  row.name = line.AgentName(at.id);
  for (const AgentRecord& agent : line.agents()) {
    if (agent.id != at.id) continue;
    row.role = agent.role;
    row.model = agent.model;
  }
  row.clock = at.clock;
  row.last_step = at.last_step;
  row.virtual_time = at.virtual_time;
  const size_t text_bytes_max = options.state_texts ? options.text_bytes_max : 0;
  BACKSTEP_ASSIGN_OR_RETURN(row.state, ViewBody(line, at.state, text_bytes_max));
  for (const store::Waiting& waiting : cut.mailboxes) row.waiting += waiting.to == at.id;
  for (const store::OpenStep& open : cut.open) row.busy |= open.begin.agent == at.id;
  return row;
}

Result<OpenStepRow> ViewOpen(store::Line& line, const store::OpenStep& open,
                             size_t text_bytes_max) {
  OpenStepRow row;
  const StepBegin& begin = open.begin;
  row.step = FormatStep(line, begin.agent, begin.clock);
  row.agent = line.AgentName(begin.agent);
  if (begin.caller) row.caller = FormatStep(line, begin.caller->first, begin.caller->second);
  for (const MessageId& id : begin.taken) row.took.push_back(line.FormatMessageId(id));
  row.began_after = begin.begin_after;
  row.commits_as = open.commits_as;
  if (open.effects_finished == 0) return row;
  BACKSTEP_ASSIGN_OR_RETURN(const auto effects, line.Effects(begin.agent, begin.clock));
  for (const EffectRecord& effect : effects) {
    if (row.finished.size() == open.effects_finished) break;
    BACKSTEP_ASSIGN_OR_RETURN(CallRow call, ViewCall(line, effect, text_bytes_max));
    row.finished.push_back(std::move(call));
  }
  return row;
}

Status FillStateChanges(store::Line& line, const StepRecord& step, size_t changes_max,
                        StepDetail* detail) {
  if (!step.state_changed) return {};
  auto after = line.State(step.agent, step.number);
  auto before = line.State(step.agent, StepNumber(step.number.value - 1));
  for (const auto* side : {&before, &after}) {
    if (side->ok()) continue;
    // A dropped state has nothing to compare; the row says that it is incomplete.
    return side->status().code() == StatusCode::kIncomplete ? Status() : side->status();
  }
  detail->state_changes = DiffBodies(*before, *after, changes_max);
  return {};
}

void AddNotes(const store::Line& line, const CheckpointView& view,
              std::vector<std::string>* notes) {
  if (const std::string states = StatesNote(line.header()); !states.empty()) {
    notes->push_back(states);
  }
  if (view.log_state == store::LogState::kCrashed) {
    notes->push_back("the recorder ended without closing: " + FormatCount(view.last.value, "step") +
                     " are committed, the outcome is not known");
  } else if (view.log_state == store::LogState::kLive) {
    notes->push_back("still being written: what comes later is not there yet");
  }
  const auto end = line.end();
  if (end && end->dropped_bodies != 0) {
    notes->push_back(FormatCount(end->dropped_bodies, "body") +
                     " dropped under overload: shown as dropped");
  }
  if (end && !end->first_failure.empty()) {
    notes->push_back("the recorder failed: " + OneLine(end->first_failure));
  }
}

}  // namespace

Result<StepDetail> ViewStep(const store::Recording& recording, store::Line& line, StepNumber step,
                            const CheckpointOptions& options) {
  BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, line.Step(step));
  StepDetail detail;
  StepRowReader reader(recording, line);
  BACKSTEP_ASSIGN_OR_RETURN(detail.row, reader.Row(record));
  detail.own = record.own;
  for (const TakenMessage& taken : record.took) {
    BACKSTEP_ASSIGN_OR_RETURN(MessageRow row, ViewMessage(line, taken.id, options.text_bytes_max));
    row.early = taken.early;
    detail.took.push_back(std::move(row));
  }
  for (const SentMessage& sent : record.sent) {
    BACKSTEP_ASSIGN_OR_RETURN(MessageRow row, ViewMessage(line, sent.id, options.text_bytes_max));
    detail.sent.push_back(std::move(row));
  }
  if (record.effect_count != 0) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto effects, line.Effects(record.agent, record.clock));
    for (const EffectRecord& effect : effects) {
      BACKSTEP_ASSIGN_OR_RETURN(CallRow call, ViewCall(line, effect, options.text_bytes_max));
      detail.calls.push_back(std::move(call));
    }
  }
  BACKSTEP_RETURN_IF_ERROR(FillStateChanges(line, record, options.changes_max, &detail));
  for (const FaultRecord& fault : record.faults) {
    detail.faults.push_back(ViewFault(line, record, fault));
    for (MessageRow& taken : detail.took) {
      // The message lies in the log as it was sent; this step read something else.
      taken.edited |= !fault.after.empty() && taken.id == detail.faults.back().target;
    }
  }
  return detail;
}

Result<CheckpointView> ViewCheckpoint(const store::Recording& recording, store::Line& line,
                                      StepNumber step, const CheckpointOptions& options) {
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut cut, line.CutAt(step));
  CheckpointView view;
  view.moment = FormatMomentOf(recording, line, step);
  view.branch = recording.BranchName(line.id());
  view.step = step;
  view.last = line.last();
  view.log_state = line.state();
  view.virtual_time = cut.virtual_time;
  view.outcome = cut.outcome;
  for (const store::AgentAt& at : cut.agents) {
    BACKSTEP_ASSIGN_OR_RETURN(AgentStateRow row, ViewAgent(line, at, cut, options));
    view.agents.push_back(std::move(row));
  }
  view.waiting_total = cut.mailboxes.size();
  for (const store::Waiting& waiting : cut.mailboxes) {
    if (view.mailboxes.size() == options.waiting_max) break;
    BACKSTEP_ASSIGN_OR_RETURN(MessageRow row,
                              ViewMessage(line, waiting.id, options.text_bytes_max));
    row.to = line.AgentName(waiting.to);
    row.arrival_virtual = waiting.arrival_virtual;
    row.delay = waiting.delay;
    view.mailboxes.push_back(std::move(row));
  }
  for (const store::OpenStep& open : cut.open) {
    BACKSTEP_ASSIGN_OR_RETURN(OpenStepRow row, ViewOpen(line, open, options.text_bytes_max));
    view.open.push_back(std::move(row));
  }
  if (options.detail && step.value != 0) {
    BACKSTEP_ASSIGN_OR_RETURN(StepDetail detail, ViewStep(recording, line, step, options));
    view.detail = std::move(detail);
  }
  AddNotes(line, view, &view.notes);
  return view;
}

}  // namespace backstep::replay
