#include "backstep/replay/view/conversation/conversation.h"

#include <algorithm>
#include <deque>

#include "backstep/replay/view/conversation/chat_rows.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

// The rows of @outside: the newest messages from outside.
Status AddOutside(store::Line& line, const ConversationOptions& options, ChatRowMaker* maker,
                  Conversation* view) {
  std::deque<MessageRecord> newest;
  BACKSTEP_RETURN_IF_ERROR(line.ScanMessages([&](const MessageRecord& message) {
    if (message.id.sender != kOutside) return false;
    if (message.sent_after > view->until) return true;
    newest.push_back(message);
    if (newest.size() > options.rows_max) {
      newest.pop_front();
      view->cut = true;
    }
    return true;
  }));
  for (const MessageRecord& message : newest) {
    BACKSTEP_ASSIGN_OR_RETURN(ChatRow row, maker->FromOutside(message));
    view->rows.push_back(std::move(row));
  }
  return {};
}

// The steps of the agent that were open at the moment, newest first.
Result<std::vector<StepRecord>> OpenAt(store::Line& line, AgentId agent, StepNumber until) {
  BACKSTEP_ASSIGN_OR_RETURN(const store::Cut cut, line.CutAt(until));
  std::vector<StepRecord> steps;
  for (const store::OpenStep& open : cut.open) {
    if (open.begin.agent != agent) continue;
    StepRecord step;
    static_cast<StepBegin&>(step) = open.begin;
    for (const MessageId& id : open.begin.taken) step.took.push_back({id, false});
    step.effect_count = open.effects_finished;
    steps.insert(steps.begin(), std::move(step));
  }
  return steps;
}

}  // namespace

const char* ChatKindName(ChatKind kind) {
  switch (kind) {
    case ChatKind::kTook: return "took";
    case ChatKind::kSent: return "sent";
    case ChatKind::kModel: return "model";
    case ChatKind::kTool: return "tool";
    case ChatKind::kFailure: return "failure";
    case ChatKind::kFault: return "fault";
    case ChatKind::kEdit: return "edit";
    case ChatKind::kOutcome: return "outcome";
  }
  return "took";
}

Result<Conversation> ConversationOf(store::Line& line, AgentId agent, StepNumber until,
                                    const ConversationOptions& options) {
  Conversation view;
  view.agent = line.AgentName(agent);
  view.until = until;
  if (until > line.last()) {
    return Status::NotFound("step " + std::to_string(until.value) +
                            " does not exist; the last is " + std::to_string(line.last().value));
  }
  if (!line.FindAgent(view.agent)) return Status::NotFound("no agent " + view.agent);
  ChatRowMaker maker(line, options);
  if (agent == kOutside) {
    BACKSTEP_RETURN_IF_ERROR(AddOutside(line, options, &maker, &view));
    return view;
  }
  // Newest first, so that the budget of bytes goes to what is looked at.
  std::vector<std::vector<ChatRow>> blocks;
  size_t room = options.rows_max;
  const auto add = [&](const StepRecord& step) -> Status {
    BACKSTEP_ASSIGN_OR_RETURN(auto block, maker.RowsOf(step, room));
    view.cut |= block.cut;
    room -= block.rows.size();
    ++view.steps_shown;
    view.steps_total = std::max(view.steps_total, step.clock.value);
    if (step.number.value != 0) view.from = step.number;
    blocks.push_back(std::move(block.rows));
    return {};
  };
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, OpenAt(line, agent, until));
  for (const StepRecord& step : open) BACKSTEP_RETURN_IF_ERROR(add(step));
  BACKSTEP_ASSIGN_OR_RETURN(auto number, line.LatestStepOf(agent, until));
  for (; number && *number >= options.from && room > 0;) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line.Step(*number));
    BACKSTEP_RETURN_IF_ERROR(add(step));
    BACKSTEP_ASSIGN_OR_RETURN(number, line.LatestStepOf(agent, StepNumber{number->value - 1}));
  }
  view.cut |= number.has_value();
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    std::move(block->begin(), block->end(), std::back_inserter(view.rows));
  }
  return view;
}

}  // namespace backstep::replay
