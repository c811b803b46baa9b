// What a step takes and sends.
#include <algorithm>

#include "backstep/recorder/core/step_impl.h"
#include "backstep/recorder/redact.h"

namespace backstep::recorder {
namespace {

bool SameButCopy(const MessageId& a, const MessageId& b) {
  return a.sender == b.sender && a.clock == b.clock && a.ordinal == b.ordinal;
}

// Copies that a hook made under one id get ids of their own.
void NumberCopies(std::vector<Message>* carried) {
  for (size_t i = 1; i < carried->size(); ++i) {
    MessageId& id = (*carried)[i].id;
    for (size_t before = 0; before < i; ++before) {
      const MessageId& other = (*carried)[before].id;
      if (SameButCopy(id, other)) id.copy = std::max(id.copy, other.copy + 1);
    }
  }
}

}  // namespace

void Step::Impl::TakeActivation(std::vector<Message> messages) {
  StepRecord& record = item->record;
  core->Protect([&] {
    info.taken.reserve(messages.size());
    for (Message& message : messages) info.taken.push_back(core->Known(&message));
  });
  try {
    record.began_wall = core->clock().Now();
    began_monotonic = core->clock().Monotonic();
    record.began_virtual = {(record.began_wall - core->began_wall()).ns};
    if (hook() != nullptr) {
      record.began_virtual = hook()->OnBegin(info).value_or(record.began_virtual);
    }
  } catch (...) {
    // Nothing of the step is in the log yet, so there is nothing to end.
    item.reset();
    core->Abandon(*agent, info.clock);
    throw;
  }
  core->Protect([&] {
    record.agent = info.agent;
    record.clock = info.clock;
    record.caller = info.caller;
    record.begin_after = info.begin_after;
    record.program_index = info.program_index;
    record.taken = info.taken;
    for (const MessageId& id : info.taken) record.took.push_back({id});
    auto begin = core->Take<BeginItem>();
    begin->record = record;
    core->PushBegin(std::move(begin));
  });
  if (hook() == nullptr) {
    taken = std::move(messages);
    return;
  }
  for (Message& message : messages) {
    if (auto read = Read(std::move(message))) taken.push_back(std::move(*read));
  }
  std::vector<FaultRecord> faults;
  failed = hook()->BeforeStep(info, &faults);
  AddFaults(std::move(faults));
}

std::optional<Message> Step::Impl::Read(Message message) {
  if (hook() == nullptr) return message;
  ReceiveOutcome outcome = hook()->OnReceive(info, std::move(message));
  AddFaults(std::move(outcome.faults));
  return std::move(outcome.message);
}

std::optional<Message> Step::Receive(Message message) {
  Impl& step = *impl_;
  if (!step.Recorded()) {
    step.ComplainEnded("took a message");
    return message;
  }
  step.core->Protect([&] {
    step.item->record.took.push_back({step.core->Known(&message)});
  });
  return step.Read(std::move(message));
}

void Step::Impl::RecordSent(const Message& message, const Offer& offer, bool dropped) {
  core->Protect([&] {
    SentMessage sent;
    sent.id = message.id;
    sent.delay = message.delay;
    sent.sent_virtual = VirtualNow();
    sent.dropped = dropped;
    auto sending = core->Take<MessageItem>();
    MessageRecord& record = sending->record;
    record = RecordOf(message);
    record.sent_wall = core->clock().Now();
    record.sent_virtual = sent.sent_virtual;
    record.edited = offer.outcome.edited;
    record.dropped = dropped;
    record.offered_hash = offer.offered_hash;
    core->KeepOrDrop(message.body, &sending->body, &record.body);
    if (record.body.where == BodyRef::Where::kDropped) item->record.incomplete = true;
    core->PushMessage(std::move(sending), message.to, &sent);
    item->record.sent.push_back(sent);
  });
}

Step::Impl::Offer Step::Impl::Ask(Message message) {
  message.from = info.agent_name;
  message.id = {info.agent, info.clock, messages_sent++, 0};
  Offer offer;
  if (hook() == nullptr) {
    offer.outcome.carried.push_back(std::move(message));
    return offer;
  }
  offer.offered = message;
  offer.outcome = hook()->OnSend(info, std::move(message));
  if (AskAbandoned()) return offer;
  NumberCopies(&offer.outcome.carried);
  if (offer.outcome.edited && core->redactor() != nullptr) {
    core->Protect([&] {
      std::string bytes = offer.offered->body.bytes;
      core->redactor()->Redact(&bytes);
      offer.offered_hash = HashBytes(bytes);
    });
  }
  return offer;
}

void Step::Impl::Record(Offer& offer, bool dropped) {
  SendOutcome& outcome = offer.outcome;
  if (outcome.carried.empty()) RecordSent(*offer.offered, offer, true);
  for (const Message& carried : outcome.carried) RecordSent(carried, offer, dropped);
  AddFaults(std::move(outcome.faults));
}

bool Step::Impl::IsReply(const Message& message) const {
  return nested_call != nullptr && !nested_call->replied && message.reply_to &&
         message.to == nested_call->caller && SameButCopy(*message.reply_to, nested_call->request);
}

std::vector<Message> Step::Impl::KeepReply(std::vector<Message> carried) {
  nested_call->replied = true;
  const auto others = std::stable_partition(
      carried.begin(), carried.end(),
      [&](const Message& message) { return message.to == nested_call->caller; });
  nested_call->replies.assign(std::make_move_iterator(carried.begin()),
                              std::make_move_iterator(others));
  carried.erase(carried.begin(), others);
  return carried;
}

std::vector<Message> Step::Send(Message message) {
  Impl& step = *impl_;
  if (step.abandoned) return {};
  const bool is_reply = step.IsReply(message);  // the hook may change what tells
  std::vector<Message> carried;
  bool already_delivered = false;
  if (step.Recorded()) {
    Impl::Offer offer = step.Ask(std::move(message));
    if (step.abandoned) return {};
    step.Record(offer, false);
    already_delivered = offer.outcome.already_delivered;
    carried = std::move(offer.outcome.carried);
  } else {
    step.ComplainEnded("sent a message");
    message.from = step.info.agent_name;
    carried.push_back(std::move(message));
  }
  if (is_reply) carried = step.KeepReply(std::move(carried));
  if (already_delivered) return {};
  return carried;
}

std::vector<Message> Step::Reply(Body body, const std::string& kind) {
  if (impl_->taken.empty()) {
    // A fault may have swallowed what there was; with no activation at all the call is a mistake.
    if (impl_->info.taken.empty() && impl_->Recorded()) {
      impl_->core->Complain(Status::InvalidArgument(
          "step " + impl_->Name() + " replied without having taken a message"));
    }
    return {};
  }
  const Message& request = impl_->taken.front();
  Message reply;
  reply.to = request.from;
  reply.channel = request.channel;
  reply.kind = kind;
  reply.body = std::move(body);
  reply.reply_to = request.id;
  return Send(std::move(reply));
}

}  // namespace backstep::recorder
