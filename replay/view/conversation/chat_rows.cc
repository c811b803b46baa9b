#include "backstep/replay/view/conversation/chat_rows.h"

#include <algorithm>

#include "backstep/replay/view/conversation/chat_text.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

bool IsShown(EffectKind kind) {
  return kind != EffectKind::kClock && kind != EffectKind::kRandom;
}

// The events of a step in the order in which they happened, as far as the record tells: what it
// took, its calls and messages by virtual time, each reply after the message it answers, each fault
// after what it hit.
class StepOrder {
  using Event = ChatRowMaker::Event;

 public:
  StepOrder(const StepRecord& step, const std::vector<EffectRecord>& effects,
            const std::vector<std::optional<MessageId>>& reply_to)
      : step_(step), effects_(effects), reply_to_(reply_to), fault_done_(step.faults.size()) {}

  std::vector<Event> Make() {
    for (size_t i = 0; i < step_.faults.size(); ++i) {
      const FaultRecord& fault = step_.faults[i];
      if (!fault.message && !fault.effect_ordinal) AddFault(i);
    }
    for (size_t i = 0; i < step_.took.size(); ++i) {
      if (!AnswersOwn(i)) AddTook(i);
    }
    AddCallsAndSends();
    for (size_t i = 0; i < step_.faults.size(); ++i) AddFault(i);
    if (step_.error) events_.push_back({Event::What::kFailure, 0});
    if (step_.outcome) events_.push_back({Event::What::kOutcome, 0});
    return std::move(events_);
  }

 private:
  bool IsSentHere(const MessageId& id) const {
    return id.sender == step_.agent && id.clock == step_.clock;
  }
  bool AnswersOwn(size_t took) const {
    return took >= step_.taken.size() && reply_to_[took] && IsSentHere(*reply_to_[took]);
  }
  void AddFault(size_t index) {
    if (fault_done_[index]) return;
    fault_done_[index] = true;
    events_.push_back({Event::What::kFault, index});
  }
  void AddTook(size_t index) {
    events_.push_back({Event::What::kTook, index});
    AddFaultsOf(step_.took[index].id);
  }
  void AddFaultsOf(const MessageId& id) {
    for (size_t i = 0; i < step_.faults.size(); ++i) {
      if (step_.faults[i].message == id) AddFault(i);
    }
  }
  void AddCallsAndSends() {
    size_t call = 0, send = 0;
    while (call < effects_.size() || send < step_.sent.size()) {
      const bool calls = send == step_.sent.size() ||
                         (call < effects_.size() &&
                          effects_[call].began_virtual <= step_.sent[send].sent_virtual);
      calls ? AddCall(call++) : AddSent(send++);
    }
  }
  void AddCall(size_t index) {
    if (IsShown(effects_[index].kind)) events_.push_back({Event::What::kCall, index});
    for (size_t i = 0; i < step_.faults.size(); ++i) {
      if (step_.faults[i].effect_ordinal == effects_[index].ordinal) AddFault(i);
    }
  }
  void AddSent(size_t index) {
    events_.push_back({Event::What::kSent, index});
    const MessageId& id = step_.sent[index].id;
    AddFaultsOf(id);
    for (size_t i = step_.taken.size(); i < step_.took.size(); ++i) {
      if (reply_to_[i] == id) AddTook(i);
    }
  }

  const StepRecord& step_;
  const std::vector<EffectRecord>& effects_;
  const std::vector<std::optional<MessageId>>& reply_to_;
  std::vector<bool> fault_done_;
  std::vector<Event> events_;
};

}  // namespace

BodyView ChatRowMaker::Text(const std::string& text) const {
  return ViewBytes({text, "text/plain"}, options_.text_bytes_max);
}

ChatRow ChatRowMaker::Start(const StepRecord& step, ChatKind kind) const {
  ChatRow row;
  row.kind = kind;
  row.step = step.number;
  row.open = step.number.value == 0;
  row.step_id = FormatStep(line_, step.agent, step.clock);
  row.id = row.step_id;
  return row;
}

Result<BodyView> ChatRowMaker::ReadBody(const BodyRef& ref, std::string* whole) {
  if (ref.size > budget_) return ViewBody(line_, ref, 0);
  BACKSTEP_ASSIGN_OR_RETURN(BodyView view, ViewBody(line_, ref, ref.size));
  budget_ -= ref.size;
  if (whole != nullptr) *whole = view.text;
  view.text = std::string(CutUtf8(view.text, options_.text_bytes_max));
  view.whole = !view.binary && !view.dropped && view.text.size() == view.size_bytes;
  return view;
}

Result<ChatRow> ChatRowMaker::MessageRow(const StepRecord& step, const MessageId& id,
                                         ChatKind kind) {
  ChatRow row = Start(step, kind);
  row.id = line_.FormatMessageId(id);
  if (kind == ChatKind::kTook) row.who = line_.AgentName(id.sender);
  auto message = line_.FindMessage(id);
  if (!message.ok()) {
    // Lost with its writer's crash: the id stands.
    if (message.status().code() != StatusCode::kNotFound) return message.status();
    row.body.present = row.body.dropped = true;
    return row;
  }
  if (kind == ChatKind::kSent) row.who = line_.AgentName(message->to);
  row.topic = message->kind;
  if (message->reply_to) row.about = line_.FormatMessageId(*message->reply_to);
  row.edited = message->edited;
  row.dropped = message->dropped;
  BACKSTEP_ASSIGN_OR_RETURN(row.body, ReadBody(message->body, &row.readable));
  row.readable = ReadableJson(row.readable, options_.text_bytes_max);
  return row;
}

Result<ChatRow> ChatRowMaker::FromOutside(const MessageRecord& message) {
  StepRecord step;
  step.number = message.sent_after;
  ChatRow row = Start(step, ChatKind::kSent);
  row.step_id = kOutsideName;
  row.id = line_.FormatMessageId(message.id);
  row.first_of_step = true;
  row.open = false;
  row.who = line_.AgentName(message.to);
  row.topic = message.kind;
  row.edited = message.edited;
  row.dropped = message.dropped;
  BACKSTEP_ASSIGN_OR_RETURN(row.body, ReadBody(message.body, &row.readable));
  row.readable = ReadableJson(row.readable, options_.text_bytes_max);
  return row;
}

Result<ChatRow> ChatRowMaker::CallRow(const StepRecord& step, const EffectRecord& effect) {
  const bool model = effect.kind == EffectKind::kLlm;
  ChatRow row = Start(step, model ? ChatKind::kModel : ChatKind::kTool);
  row.id = FormatEffect(line_, effect.agent, effect.clock, effect.ordinal);
  row.who = effect.name;
  row.topic = EffectKindName(effect.kind);
  row.error = effect.error;
  row.status = effect.status;
  row.substituted = effect.substituted;
  row.duration = effect.duration;
  row.usage = effect.usage;
  std::string asked, answered;
  BACKSTEP_ASSIGN_OR_RETURN(row.request, ReadBody(effect.request, &asked));
  BACKSTEP_ASSIGN_OR_RETURN(row.response, ReadBody(effect.response, &answered));
  if (!model) {
    row.readable_request = ReadableJson(asked, options_.text_bytes_max);
    row.readable_response = ReadableJson(answered, options_.text_bytes_max);
    return row;
  }
  ChatPrompt prompt = NewestTurns(asked, options_.turns_max);
  row.prompt_total = prompt.turns_total;
  for (ChatTurn& turn : prompt.turns) {
    row.prompt.push_back({std::move(turn.role), Text(turn.text)});
  }
  const std::string answer = AnswerText(answered);
  if (!answer.empty()) row.answer = Text(answer);
  row.readable_response =
      ReadableJson(answer.empty() ? answered : answer, options_.text_bytes_max);
  if (row.prompt.empty()) row.readable_request = ReadableJson(asked, options_.text_bytes_max);
  return row;
}

ChatRow ChatRowMaker::FaultRow(const StepRecord& step, const FaultRecord& fault,
                               uint32_t ordinal) const {
  const bool edit = fault.type.starts_with("edit.");
  ChatRow row = Start(step, edit ? ChatKind::kEdit : ChatKind::kFault);
  row.ordinal = ordinal;
  row.who = fault.type;
  row.topic = fault.spec_id;
  row.body = Text(fault.decision);
  row.before = fault.before;
  row.after = fault.after;
  if (fault.message) row.about = line_.FormatMessageId(*fault.message);
  if (fault.effect_ordinal) {
    row.about = FormatEffect(line_, step.agent, step.clock, *fault.effect_ordinal);
  }
  return row;
}

ChatRow ChatRowMaker::FailureRow(const StepRecord& step) const {
  ChatRow row = Start(step, ChatKind::kFailure);
  row.topic = step.error->kind;
  row.body = Text(step.error->message);
  return row;
}

ChatRow ChatRowMaker::OutcomeRow(const StepRecord& step) const {
  ChatRow row = Start(step, ChatKind::kOutcome);
  row.topic = OutcomeName(step.outcome->kind);
  row.body = Text(FormatOutcome(*step.outcome));
  return row;
}

Result<ChatRow> ChatRowMaker::RowOf(const StepRecord& step,
                                    const std::vector<EffectRecord>& effects,
                                    const Event& event) {
  const size_t index = event.index;
  switch (event.what) {
    case Event::What::kTook: {
      auto row = MessageRow(step, step.took[index].id, ChatKind::kTook);
      if (row.ok()) row->early = step.took[index].early;
      return row;
    }
    case Event::What::kSent: {
      auto row = MessageRow(step, step.sent[index].id, ChatKind::kSent);
      if (row.ok()) row->dropped |= step.sent[index].dropped;
      return row;
    }
    case Event::What::kCall: return CallRow(step, effects[index]);
    case Event::What::kFault:
      return FaultRow(step, step.faults[index], static_cast<uint32_t>(index));
    case Event::What::kFailure: return FailureRow(step);
    case Event::What::kOutcome: return OutcomeRow(step);
  }
  return Status::Internal("an event of no kind");
}

Result<ChatRowMaker::Block> ChatRowMaker::RowsOf(const StepRecord& step, size_t rows_max) {
  std::vector<EffectRecord> effects;
  if (step.effect_count != 0) {
    BACKSTEP_ASSIGN_OR_RETURN(effects, line_.Effects(step.agent, step.clock));
    if (effects.size() > step.effect_count) effects.resize(step.effect_count);
  }
  std::vector<std::optional<MessageId>> reply_to(step.took.size());
  for (size_t i = step.taken.size(); i < step.took.size(); ++i) {
    const auto reply = line_.FindMessage(step.took[i].id);
    if (reply.ok()) reply_to[i] = reply->reply_to;
  }
  const std::vector<Event> events = StepOrder(step, effects, reply_to).Make();
  Block block;
  block.cut = events.size() > rows_max;
  // Newest first: the budget of bytes goes to what is looked at.
  const size_t first = block.cut ? events.size() - rows_max : 0;
  for (size_t i = events.size(); i-- > first;) {
    BACKSTEP_ASSIGN_OR_RETURN(ChatRow row, RowOf(step, effects, events[i]));
    row.first_of_step = i == 0;
    block.rows.push_back(std::move(row));
  }
  std::reverse(block.rows.begin(), block.rows.end());
  return block;
}

}  // namespace backstep::replay
