#include "backstep/tests/unit/store/random_log.h"

namespace backstep::testing {
namespace {

std::optional<StepNumber> Committed(const LogModel& log, const StepRef& step) {
  const auto found = log.committed_as.find(step);
  if (found == log.committed_as.end()) return std::nullopt;
  return found->second;
}

// Messages in delivery order by asking the rule again for each one.
std::vector<MessageId> InDeliveryOrder(std::vector<std::pair<uint64_t, MessageRecord>> waiting) {
  const auto order = [](const std::pair<uint64_t, MessageRecord>& m) {
    return std::tuple(m.first, m.second.id.sender == kOutside, m.second.id.ordinal,
                      m.second.id.copy);
  };
  const auto arrival = [](const std::pair<uint64_t, MessageRecord>& m) {
    return m.second.sent_virtual.ns + m.second.delay.ns;
  };
  std::vector<MessageId> out;
  while (!waiting.empty()) {
    auto oldest = waiting.end(), soonest = waiting.end();
    for (auto m = waiting.begin(); m != waiting.end(); ++m) {
      if (m->second.delay.ns == 0) {
        if (oldest == waiting.end() || order(*m) < order(*oldest)) oldest = m;
      } else if (soonest == waiting.end() || std::tuple(arrival(*m), order(*m)) <
                                                 std::tuple(arrival(*soonest), order(*soonest))) {
        soonest = m;
      }
    }
    const bool delayed_first = soonest != waiting.end() &&
                               (oldest == waiting.end() || arrival(*soonest) <= arrival(*oldest));
    const auto next = delayed_first ? soonest : oldest;
    out.push_back(next->second.id);
    waiting.erase(next);
  }
  return out;
}

const MessageRecord* MessageOf(const LogModel* log, const MessageId& id) {
  for (; log != nullptr; log = log->parent) {
    const auto found = log->message_at.find(id);
    if (found != log->message_at.end()) return &log->messages[found->second];
  }
  return nullptr;
}

void AddOutside(const LogModel& log, StepNumber n,
                std::vector<std::pair<uint64_t, MessageRecord>>* out) {
  if (log.parent != nullptr) AddOutside(*log.parent, std::min(n, log.fork), out);
  if (n < log.fork) return;
  for (const MessageRecord& message : log.messages) {
    if (message.id.sender == kOutside && message.sent_after <= n && !message.dropped) {
      out->push_back({message.sent_after.value, message});
    }
  }
}

std::set<StepRef> OpenOf(const LogModel& log, StepNumber n) {
  std::set<StepRef> open;
  if (log.parent != nullptr) open = OpenOf(*log.parent, std::min(n, log.fork));
  if (n < log.fork) return open;
  for (const StepRecord& record : log.steps) {
    if (record.number <= n) open.erase({record.agent, record.clock});
  }
  for (const StepBegin& begin : log.begun) {
    const auto number = Committed(log, {begin.agent, begin.clock});
    const bool began = begin.begin_after < n || (!number && n == log.last());
    if (began && (!number || *number > n)) {
      open.insert({begin.agent, begin.clock});
    }
  }
  return open;
}

void AddFinished(const LogModel& log, const StepRef& step, StepNumber n,
                 std::set<uint32_t>* ordinals) {
  if (log.parent != nullptr) AddFinished(*log.parent, step, std::min(n, log.fork), ordinals);
  if (n < log.fork) return;
  const bool at_end = !Committed(log, step) && n == log.last();
  for (const EffectRecord& effect : log.effects) {
    if (StepRef(effect.agent, effect.clock) != step) continue;
    if (effect.finished_after < n || at_end) ordinals->insert(effect.ordinal);
  }
}

}  // namespace

std::vector<const StepRecord*> StepsOf(const LogModel& log, StepNumber n) {
  std::vector<const StepRecord*> out;
  if (log.parent != nullptr) out = StepsOf(*log.parent, std::min(n, log.fork));
  for (const StepRecord& record : log.steps) {
    if (record.number <= n) out.push_back(&record);
  }
  return out;
}

CutModel CutOf(const LogModel& log, StepNumber n) {
  CutModel cut;
  std::set<MessageId> taken;
  std::vector<std::pair<uint64_t, MessageRecord>> waiting;
  AddOutside(log, n, &waiting);
  for (const StepRecord* step : StepsOf(log, n)) {
    cut.newest[step->agent] = step;
    AgentClock& greatest = cut.clock_max[step->agent];
    greatest = std::max(greatest, step->clock);
    for (const TakenMessage& message : step->took) taken.insert(message.id);
    for (const SentMessage& sent : step->sent) {
      const MessageRecord* message = MessageOf(&log, sent.id);
      if (message == nullptr || message->dropped) continue;
      waiting.push_back({step->number.value, *message});
    }
  }
  std::erase_if(waiting, [&](const auto& message) { return taken.contains(message.second.id); });
  cut.mailbox = InDeliveryOrder(std::move(waiting));
  cut.open = OpenOf(log, n);
  for (const StepRef& step : cut.open) {
    cut.clock_max[step.first] = std::max(cut.clock_max[step.first], step.second);
    std::set<uint32_t> ordinals;
    AddFinished(log, step, n, &ordinals);
    cut.finished[step] = static_cast<uint32_t>(ordinals.size());
  }
  return cut;
}

RandomLog::RandomLog(uint64_t seed, store::Recording* recording, const LogModel* parent,
                     StepNumber fork)
    : random_(seed), recording_(recording) {
  model_.parent = parent;
  model_.fork = fork;
  LogHeader header;
  header.name = "log of seed " + std::to_string(seed);
  if (parent != nullptr) header.origin = BranchOrigin{parent->id, fork, "{}", "served"};
  auto writer = recording_->NewLog(header, {});
  REQUIRE(writer.status() == Status());
  writer_ = std::move(writer).value();
  model_.id = writer_->id();
  if (parent == nullptr) {
    for (uint32_t id = 1; id <= kRandomAgents; ++id) {
      AgentRecord agent;
      agent.id = AgentId{id};
      agent.name = RandomAgentName(id);
      REQUIRE(writer_->PutAgent(agent, Body{"{}", "application/json"}).ok());
    }
    return;
  }
  const CutModel cut = CutOf(*parent, fork);
  clocks_ = cut.clock_max;
  for (const LogModel* log = parent; log != nullptr; log = log->parent) {
    for (const MessageRecord& message : log->messages) {
      if (message.id.sender == kOutside) outside_ = std::max(outside_, message.id.ordinal + 1);
    }
  }
  for (const StepRef& step : cut.open) {
    if (Draw(3) == 0) continue;  // the branch ends before it comes to this one
    for (const LogModel* log = parent; log != nullptr; log = log->parent) {
      const auto begin = std::find_if(log->begun.begin(), log->begun.end(), [&](const auto& b) {
        return StepRef(b.agent, b.clock) == step;
      });
      if (begin == log->begun.end()) continue;
      BeginAgain(*begin);
      break;
    }
  }
}

void RandomLog::BeginAgain(const StepBegin& begin) {
  Running running;
  static_cast<StepBegin&>(running.record) = begin;
  running.record.begin_after = model_.fork;
  running.record.began_wall = TimeNs{time_++};
  for (const MessageId& id : begin.taken) {
    running.record.took.push_back({id, false});
    reserved_.insert(id);
  }
  REQUIRE(writer_->Begin(running.record).ok());
  model_.begun.push_back(running.record);
  open_.push_back(std::move(running));
}

void RandomLog::BeginStep() {
  const AgentId agent{static_cast<uint32_t>(1 + Draw(kRandomAgents))};
  Running running;
  StepRecord& record = running.record;
  record.agent = agent;
  record.clock = clocks_[agent] = clocks_[agent].Next();
  if (!open_.empty() && Draw(2) == 0) {
    const StepRecord& caller = open_[Draw(open_.size())].record;
    record.caller = {caller.agent, caller.clock};
  }
  record.begin_after = model_.last();
  // Now and then its record comes late: steps committed meanwhile.
  if (Draw(20) == 0 && model_.steps.size() > 3) {
    record.begin_after = StepNumber{record.begin_after.value - 1 - Draw(3)};
  }
  record.began_wall = TimeNs{time_++};
  record.began_virtual = TimeNs{time_ * 10};
  const CutModel cut = CutOf(model_, model_.last());
  for (const MessageId& id : cut.mailbox) {
    if (Draw(3) != 0 || reserved_.contains(id)) continue;
    record.taken.push_back(id);
    record.took.push_back({id, false});
    reserved_.insert(id);
  }
  REQUIRE(writer_->Begin(record).ok());
  model_.begun.push_back(record);
  open_.push_back(std::move(running));
}

void RandomLog::Send(Running* step) {
  MessageRecord message;
  StepRecord& record = step->record;
  message.id = {record.agent, record.clock, static_cast<uint32_t>(record.sent.size()), 0};
  message.to = AgentId{static_cast<uint32_t>(1 + Draw(kRandomAgents))};
  message.sent_virtual = TimeNs{static_cast<int64_t>(Draw(1000))};
  if (Draw(4) == 0) message.delay = DurationNs{static_cast<int64_t>(1 + Draw(500))};
  message.dropped = Draw(10) == 0;
  message.sent_after = model_.last();
  const Body body = say ? say(&random_) : Body{std::string(Draw(200), 'm'), "text/plain"};
  REQUIRE(writer_->PutMessage(&message, &body).ok());
  model_.Add(message);
  record.sent.push_back(
      {message.id, message.to, message.delay, message.sent_virtual, message.dropped});
  if (!message.dropped) on_the_way_.push_back({message.id, message.to});
}

void RandomLog::Effect(Running* step) {
  EffectRecord effect;
  effect.agent = step->record.agent;
  effect.clock = step->record.clock;
  effect.ordinal = static_cast<uint32_t>(step->effects++);
  effect.kind = Draw(2) == 0 ? EffectKind::kLlm : EffectKind::kTool;
  effect.finished_after = model_.last();
  const Body request{"request " + std::string(Draw(300), 'r'), "text/plain"};
  const Body response =
      say ? say(&random_) : Body{"response " + std::string(Draw(300), 's'), "text/plain"};
  REQUIRE(writer_->PutEffect(&effect, &request, &response).ok());
  model_.effects.push_back(effect);
}

void RandomLog::TakeEarly(Running* step) {
  for (size_t i = 0; i < on_the_way_.size(); ++i) {
    const MessageId id = on_the_way_[i].first;
    if (StepRef(id.sender, id.clock) == StepRef(step->record.agent, step->record.clock)) continue;
    if (!reserved_.insert(id).second) continue;
    step->record.took.push_back({id, true});
    on_the_way_.erase(on_the_way_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void RandomLog::CommitOne() {
  const size_t index = Draw(open_.size());
  StepRecord record = std::move(open_[index].record);
  record.effect_count = static_cast<uint32_t>(open_[index].effects);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  record.number = model_.last().Next();
  record.duration = DurationNs{static_cast<int64_t>(Draw(100))};
  const std::string text = "{\"at\":" + std::to_string(record.number.value) + ",\"text\":\"" +
                           std::string(100 + Draw(50), 'x') + "\"}";
  if (Draw(6) == 0) {
    record.error = StepError{"exception", "random"};
    REQUIRE(writer_->Commit(&record, std::monostate()).ok());
  } else {
    REQUIRE(writer_->Commit(&record, Body{text, "application/json"}).ok());
    model_.states[record.number] = text;
  }
  std::erase_if(on_the_way_, [&](const auto& message) {
    return StepRef(message.first.sender, message.first.clock) ==
           StepRef(record.agent, record.clock);
  });
  model_.Add(std::move(record));
}

void RandomLog::SendFromOutside() {
  MessageRecord message;
  message.id = {kOutside, AgentClock{}, outside_++, 0};
  message.to = AgentId{static_cast<uint32_t>(1 + Draw(kRandomAgents))};
  message.sent_virtual = TimeNs{static_cast<int64_t>(Draw(1000))};
  if (Draw(4) == 0) message.delay = DurationNs{static_cast<int64_t>(1 + Draw(500))};
  message.sent_after = model_.last();
  if (Draw(5) == 0 && model_.steps.size() > 3) {
    message.sent_after = StepNumber{message.sent_after.value - 1 - Draw(3)};
  }
  const Body body = say ? say(&random_) : Body{"from outside", "text/plain"};
  REQUIRE(writer_->PutMessage(&message, &body).ok());
  model_.Add(message);
}

void RandomLog::Write(uint64_t steps) {
  const uint64_t target = model_.steps.size() + steps;
  while (model_.steps.size() < target) {
    const uint64_t what = Draw(20);
    if (what == 0) SendFromOutside();
    if (what == 1) REQUIRE(writer_->Flush().ok());
    if (open_.empty() || (what < 7 && open_.size() < 6)) {
      BeginStep();
      continue;
    }
    Running* step = &open_[Draw(open_.size())];
    if (what < 11) Send(step);
    if (what == 11 || what == 12) Effect(step);
    if (what == 13) TakeEarly(step);
    if (what > 13) CommitOne();
  }
}

void RandomLog::Close(bool seal) {
  if (seal) {
    REQUIRE(writer_->Seal(LogEnd{}) == Status());
  }
  writer_.reset();
}

}  // namespace backstep::testing
