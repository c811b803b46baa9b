#include "backstep/replay/engine/system.h"

#include <algorithm>

namespace backstep::replay {
namespace {

const Body& NoBody() {
  static const Body none{"", ""};
  return none;
}

}  // namespace

void System::AddAgent(AgentId id, const std::string& name) {
  agents_[name].id = id;
  names_[id] = name;
}

void System::SetAgent(AgentId id, AgentClock clock, TimeNs virtual_time) {
  time_.SetAgent(id, virtual_time);
  const auto name = names_.find(id);
  if (name != names_.end()) agents_[name->second].clock = clock;
}

bool System::IsBusy(const std::string& agent) const {
  const auto known = agents_.find(agent);
  return known != agents_.end() && known->second.busy > 0;
}

std::string System::NameOf(AgentId agent) const {
  if (agent == kOutside) return kOutsideName;
  const auto name = names_.find(agent);
  return name == names_.end() ? "agent#" + std::to_string(agent.value) : name->second;
}

AgentClock System::ClockOf(AgentId agent) const {
  const auto name = names_.find(agent);
  return name == names_.end() ? AgentClock{} : agents_.at(name->second).clock;
}

void System::SetBusy(const std::string& agent, bool busy) {
  const auto known = agents_.find(agent);
  if (known != agents_.end()) known->second.busy += busy ? 1 : -1;
}

const Body& System::BodyOf(const MessageId& id) {
  Mail* mail = mailbox_.Find(id);
  if (mail == nullptr) return NoBody();
  if (mail->read_body) {
    Result<Body> body = mail->read_body();
    if (!body.ok()) {
      if (status_.ok()) status_ = body.status();
      return NoBody();
    }
    mail->message.body = std::move(*body);
    mail->read_body = nullptr;
  }
  return mail->message.body;
}

CutView System::View() {
  CutView view;
  view.step = step_;
  view.outcome = outcome_;
  for (const auto& [id, name] : names_) {
    const Known& known = agents_.at(name);
    view.agents.push_back({name, known.clock, known.busy > 0});
  }
  mailbox_.Visit([&](const Mail& mail) {
    const Message& m = mail.message;
    if (agents_.count(m.to) == 0) return true;  // an inbox that nobody reads
    view.deliverable.push_back({m.id, m.from, m.to, m.channel, m.kind, mail.arrival_virtual,
                                m.delay,
                                [this, id = m.id]() -> const Body& { return BodyOf(id); }});
    return true;
  });
  return view;
}

Result<std::vector<Message>> System::Take(const std::string& agent,
                                          const std::vector<MessageId>& messages) {
  const auto known = agents_.find(agent);
  if (known == agents_.end()) {
    return Status::InvalidArgument("Next names '" + agent + "', which is no agent of the program");
  }
  if (known->second.busy > 0) {
    return Status::InvalidArgument("Next names '" + agent + "', which is in a step already");
  }
  std::vector<Message> taken;
  std::set<MessageId> seen;
  for (const MessageId& id : messages) {
    const Mail* mail = mailbox_.Find(id);
    if (mail == nullptr || mail->message.to != agent || !seen.insert(id).second) {
      return Status::InvalidArgument(
          "Next gives '" + agent + "' a message that does not wait for it: ordinal " +
          std::to_string(id.ordinal) + " of step " + std::to_string(id.clock.value) +
          " of agent " + std::to_string(id.sender.value));
    }
    BodyOf(id);
    BACKSTEP_RETURN_IF_ERROR(status_);
    taken.push_back(mail->message);
  }
  return taken;
}

TimeNs System::ArrivalOf(const recorder::StepInfo& step, const MessageId& id) const {
  if (const Mail* mail = mailbox_.Find(id)) return mail->arrival_virtual;
  // A nested step takes its caller's request while the caller is still open.
  const auto sending = sending_.find({id.sender, id.clock});
  if (sending == sending_.end()) return {};
  for (const Message& message : sending->second) {
    if (message.id == id) return step.caller_virtual + message.delay;
  }
  return {};
}

TimeNs System::Begin(const recorder::StepInfo& step, std::optional<TimeNs> known) {
  TimeNs arrivals;
  for (const MessageId& id : step.taken) {
    arrivals = std::max(arrivals, ArrivalOf(step, id));
    if (!mailbox_.Remove(id)) taken_early_.insert(id);
  }
  return time_.Begin({step.agent, step.clock}, arrivals, step.caller_virtual, known);
}

void System::Carried(const recorder::StepInfo& step, const std::vector<Message>& messages) {
  auto& sending = sending_[{step.agent, step.clock}];
  sending.insert(sending.end(), messages.begin(), messages.end());
}

void System::Commit(const StepRecord& record, TimeNs monotonic) {
  const StepKey key{record.agent, record.clock};
  for (const TakenMessage& took : record.took) mailbox_.Remove(took.id);
  const TimeNs end = record.began_virtual + record.duration;
  std::vector<Message> sent = std::move(sending_[key]);
  sending_.erase(key);
  for (Message& message : sent) {
    if (taken_early_.erase(message.id) != 0) continue;
    const auto known = std::find_if(record.sent.begin(), record.sent.end(),
                                    [&](const SentMessage& s) { return s.id == message.id; });
    // A request that the called agent could never have taken.
    if (known != record.sent.end() && known->dropped) continue;
    const TimeNs sent_virtual = known == record.sent.end() ? end : known->sent_virtual;
    const TimeNs arrival = sent_virtual + message.delay;
    mailbox_.Add({std::move(message), arrival, monotonic, nullptr});
  }
  time_.End(record);
  step_ = record.number;
  if (record.outcome) outcome_ = record.outcome;
  const auto name = names_.find(record.agent);
  if (name == names_.end()) return;
  // A step called inside its agent's own has the greater clock and commits first.
  AgentClock& clock = agents_[name->second].clock;
  clock = std::max(clock, record.clock);
}

}  // namespace backstep::replay
