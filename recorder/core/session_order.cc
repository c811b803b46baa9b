// The order of a session: which step is open, what its number is, where a message stands.
#include <algorithm>

#include "backstep/recorder/core/session_core.h"
#include "backstep/recorder/core/spare_steps.h"
#include "backstep/recorder/core/step_impl.h"

namespace backstep::recorder {
namespace {

std::string StepText(const std::string& agent, uint64_t clock) {
  return agent + "/" + std::to_string(clock);
}

}  // namespace

bool SessionCore::IsOpenLocked(AgentId agent, AgentClock clock) const {
  if (agent == kOutside || agent.value >= agents_.size()) return false;
  const auto& open = agents_[agent.value].open;
  return std::find(open.begin(), open.end(), clock.value) != open.end();
}

void SessionCore::FillSegmentLocked(SegmentId id, StepInfo* info, SegmentId* segment) const {
  if (id.value == 0 && !open_segments_.empty()) id = open_segments_.back();
  if (id.value == 0 || id.value > segments_.size()) return;
  *segment = id;
  info->segment = segments_[id.value - 1].name;
  info->segment_order = segments_[id.value - 1].order;
}

// False: refused, because it would overlap.
bool SessionCore::BeginLocked(const std::string& agent, const StepOptions& options,
                              Step::Impl* caller, Step::Impl* step) {
  AgentEntry& entry = FindOrAddLocked(agent);
  if (entry.id == kOutside) {
    Complain(Status::InvalidArgument("@outside has no steps"));
    return false;
  }
  if (!entry.open.empty()) {
    const Step::Impl* outer = caller;
    while (outer != nullptr && outer->agent != &entry) outer = outer->caller;
    if (outer == nullptr || outer->info.clock.value != entry.open.back()) {
      Complain(Status::InvalidArgument(
          "step " + StepText(entry.name, entry.clock_max + 1) + " began while " +
          StepText(entry.name, entry.open.back()) +
          " was open: an agent's steps nest through CallAgent and do not otherwise overlap; it "
          "runs unrecorded"));
      return false;
    }
  }
  uint64_t clock = entry.clock_max + 1;
  if (!entry.clocks_to_resume.empty()) {
    clock = entry.clocks_to_resume.front();
    entry.clocks_to_resume.pop_front();
  }
  entry.clock_max = std::max(entry.clock_max, clock);
  entry.open.push_back(clock);
  step->agent = &entry;
  StepInfo& info = step->info;
  info.agent = entry.id;
  info.agent_name = entry.name;
  info.agent_role = entry.role;
  info.clock = AgentClock(clock);
  info.begin_after = StepNumber(committed_);
  FillSegmentLocked(options.segment, &info, &step->item->record.segment);
  return true;
}

std::unique_ptr<Step> SessionCore::Unrecorded(const std::string& agent,
                                              std::vector<Message>&& messages,
                                              std::optional<uint64_t> program_index) {
  std::unique_ptr<Step> handle(TakeSpareStep());
  if (handle == nullptr) {
    handle.reset(new Step(std::make_unique<Step::Impl>()));
    handle->impl_->spare = true;
  }
  Step::Impl& step = *handle->impl_;
  step.info.agent_name = agent;
  step.info.program_index = program_index;
  if (!messages.empty()) step.taken = std::move(messages);
  return handle;
}

std::unique_ptr<Step> SessionCore::BeginStep(const std::string& agent,
                                             std::vector<Message> messages,
                                             const StepOptions& options, Step::Impl* caller) {
  auto impl = std::make_unique<Step::Impl>();
  Step::Impl& step = *impl;
  bool begun = false;
  step.info.program_index = options.program_index;
  if (Live()) {
    Protect([&] {
      (void)queue_.HasRoom(0);  // a step goes in in any case; this slows down who makes too many
      step.item = Take<CommitItem>();
      step.caller = caller;
      if (caller != nullptr && caller->item != nullptr) {
        step.info.caller = {caller->info.agent, caller->info.clock};
        step.info.caller_virtual = caller->VirtualNow();
      }
      std::lock_guard order(queue_.mutex());
      begun = BeginLocked(agent, options, caller, &step);
    });
  }
  std::unique_ptr<Step> handle(new Step(std::move(impl)));
  if (!begun) {
    step.item.reset();
    step.info.agent_name = agent;
    step.taken = std::move(messages);
    return handle;
  }
  step.core = shared_from_this();
  step.item->record.name = options.name;
  step.item->record.scheduler_state = options.scheduler_state;
  step.TakeActivation(std::move(messages));
  return handle;
}

void SessionCore::Abandon(AgentEntry& agent, AgentClock clock) {
  std::lock_guard order(queue_.mutex());
  std::erase(agent.open, clock.value);
}

void SessionCore::PushBegin(std::unique_ptr<BeginItem> item) {
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    PushLocked(std::move(item));
  });
}

void SessionCore::PushEffect(std::unique_ptr<EffectItem> item) {
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    item->record.finished_after = StepNumber(committed_);
    PushLocked(std::move(item));
  });
}

void SessionCore::PushMessage(std::unique_ptr<MessageItem> item, const std::string& to,
                              SentMessage* sent) {
  Protect([&] {
    std::lock_guard order(queue_.mutex());
    item->record.to = FindOrAddLocked(to).id;
    item->record.sent_after = StepNumber(committed_);
    if (sent != nullptr) sent->to = item->record.to;
    PushLocked(std::move(item));
  });
}

MessageRecord RecordOf(const Message& message) {
  MessageRecord record;
  record.id = message.id;
  record.channel = message.channel;
  record.kind = message.kind;
  record.program_id = message.program_id;
  record.edge_id = message.edge_id;
  record.attributes = message.attributes;
  record.reply_to = message.reply_to;
  record.delay = message.delay;
  return record;
}

std::unique_ptr<MessageItem> SessionCore::OutsideItem(const Message& message) {
  auto item = Take<MessageItem>();
  MessageRecord& record = item->record;
  record = RecordOf(message);
  record.sent_wall = clock_->Now();
  record.sent_virtual = {(record.sent_wall - began_wall_).ns};
  if (hook_ != nullptr) record.sent_virtual = hook_->OutsideTime().value_or(record.sent_virtual);
  KeepOrDrop(message.body, &item->body, &record.body);
  return item;
}

// A message that names a step of this session is what it says; any other has come from outside.
MessageId SessionCore::Known(Message* message) {
  {
    std::lock_guard order(queue_.mutex());
    const MessageId& id = message->id;
    const bool known =
        id.sender == kOutside
            ? id.clock.value == 0 && id.ordinal < outside_next_ && message->from == kOutsideName
            : id.sender.value < agents_.size() && id.clock.value != 0 &&
                  id.clock.value <= agents_[id.sender.value].clock_max;
    if (known) return id;
    message->id = {kOutside, {}, outside_next_++, 0};
  }
  Protect([&] {
    auto item = OutsideItem(*message);
    if (!message->from.empty()) item->record.attributes.emplace_back("from", message->from);
    PushMessage(std::move(item), message->to, nullptr);
  });
  return message->id;
}

std::vector<Message> SessionCore::Outside(Message message) {
  message.from = kOutsideName;
  {
    std::lock_guard order(queue_.mutex());
    message.id = {kOutside, {}, outside_next_++, 0};
  }
  return OfferOutside(std::move(message));
}

std::vector<Message> SessionCore::OfferOutside(Message message) {
  if (hook_ == nullptr) {
    Protect([&] { PushMessage(OutsideItem(message), message.to, nullptr); });
    return {std::move(message)};
  }
  StepInfo info;
  info.agent_name = kOutsideName;
  info.begin_after = [&] {
    std::lock_guard order(queue_.mutex());
    return StepNumber(committed_);
  }();
  SendOutcome outcome = hook_->OnSend(info, message);
  const auto record = [&](const Message& carried, bool dropped) {
    Protect([&] {
      auto item = OutsideItem(carried);
      item->record.edited = outcome.edited;
      item->record.dropped = dropped;
      if (outcome.edited && redactor_ != nullptr) {
        std::string offered = message.body.bytes;
        redactor_->Redact(&offered);
        item->record.offered_hash = HashBytes(offered);
      }
      PushMessage(std::move(item), carried.to, nullptr);
    });
  };
  if (outcome.carried.empty()) record(message, true);
  for (const Message& carried : outcome.carried) record(carried, false);
  TellFaults(outcome.faults);
  if (outcome.already_delivered) return {};
  return std::move(outcome.carried);
}

// A fault on a message from outside hits no step; it is told as an event.
void SessionCore::TellFaults(const std::vector<FaultRecord>& faults) {
  for (const FaultRecord& fault : faults) {
    EventRecord event;
    event.name = "fault.applied";
    event.category = fault.type;
    event.data = fault.spec_id + ": " + fault.decision;
    Event(std::move(event));
  }
}

Status SessionCore::CheckEditLocked(const AgentEntry& agent, const StateEdit& edit,
                                    uint64_t* size) const {
  uint64_t end = 0;
  *size = agent.state_bytes;
  for (const StateEdit::Splice& splice : edit.splices) {
    if (splice.offset < end || splice.offset > agent.state_bytes ||
        splice.remove > agent.state_bytes - splice.offset) {
      return Status::InvalidArgument(
          "the edit of " + agent.name + "'s state does not fit: " + std::to_string(splice.remove) +
          " bytes at " + std::to_string(splice.offset) + ", of a state of " +
          std::to_string(agent.state_bytes) + " bytes, after a splice that ends at " +
          std::to_string(end));
    }
    end = splice.offset + splice.remove;
    *size += splice.insert.size();
    *size -= splice.remove;
  }
  return {};
}

// Decides what becomes of the state. Not ok: the edit does not fit, and the step has failed.
Status SessionCore::SettleStateLocked(AgentEntry& agent, CommitItem* item, StateChange* change) {
  StepRecord& record = item->record;
  const bool dropped = record.state.where == BodyRef::Where::kDropped;
  if (change->whole != nullptr) {
    agent.state_bytes = change->whole->bytes.size();
    agent.state_lost = dropped;
    record.state_changed = true;
  } else if (change->edit != nullptr) {
    uint64_t size = 0;
    const Status fits = CheckEditLocked(agent, *change->edit, &size);
    if (!fits.ok()) {
      record.error = StepError{"invalid_edit", fits.message()};
      record.state = {};
      item->state = std::monostate();
      *change = {};
      return fits;
    }
    agent.state_bytes = size;
    record.state_changed = true;
    if (agent.state_lost && !dropped) ++dropped_bodies_;
    agent.state_lost = agent.state_lost || dropped;
    if (agent.state_lost) {
      record.state = DroppedRef(size, record.state.media_type);
      item->state = std::monostate();
    }
  }
  record.incomplete = record.incomplete || record.state.where == BodyRef::Where::kDropped;
  return {};
}

void SessionCore::SettleOrderLocked(AgentEntry& agent, CommitItem* item) {
  StepRecord& record = item->record;
  record.number = StepNumber(++committed_);
  std::erase(agent.open, record.clock.value);
  for (TakenMessage& taken : record.took) {
    taken.early = IsOpenLocked(taken.id.sender, taken.id.clock);
  }
  if (record.outcome) outcome_ = *record.outcome;
  if (record.incomplete) ++incomplete_steps_;
}

Status SessionCore::Commit(AgentEntry& agent, const StepInfo& info,
                           std::unique_ptr<CommitItem> item, StateChange change,
                           StepNumber* number) {
  std::lock_guard order(queue_.mutex());
  const Status fits = SettleStateLocked(agent, item.get(), &change);
  SettleOrderLocked(agent, item.get());
  *number = item->record.number;
  std::exception_ptr thrown;
  if (hook_ != nullptr) {
    try {
      hook_->OnCommit(info, item->record, change);
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  // What the hook threw passes on, but a number that was given is a step that is written.
  Protect([&] { PushLocked(std::move(item)); });
  if (thrown) std::rethrow_exception(thrown);
  return fits;
}

}  // namespace backstep::recorder
