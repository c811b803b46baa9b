#include "backstep/tests/property/interleaving.h"

#include <algorithm>
#include <map>
#include <set>

#include "backstep/base/hash.h"

namespace backstep::testing {
namespace {

constexpr size_t kDepthMax = 3;

MessageId IdOf(uint32_t agent, uint64_t clock, size_t ordinal) {
  return {AgentId(agent), AgentClock(clock), static_cast<uint32_t>(ordinal), 0};
}

// Large ones too: of those the recorder queues what changed.
std::string Filler(RandomStream& random) {
  std::string text(1 + random.Next() % (random.Next() % 6 == 0 ? 30000 : 300), ' ');
  for (char& c : text) c = static_cast<char>('a' + random.Next() % 26);
  return text;
}

}  // namespace

std::string NameOf(const MessageId& id) {
  return std::to_string(id.sender.value) + "/" + std::to_string(id.clock.value) + "." +
         std::to_string(id.ordinal);
}

class Interleaving::Maker {
 public:
  Maker(Interleaving* out, uint64_t seed) : out_(*out), random_(seed) {
    for (uint32_t agent = 1; agent <= kAgents; ++agent) {
      states_[agent] = Interleaving::kInitialState;
    }
  }

  void Make(size_t moves, bool all_end) {
    while (out_.moves_.size() < moves) MoveOf(static_cast<int>(Draw(kThreads)));
    for (int thread = 0; all_end && thread < kThreads; ++thread) {
      while (!open_[thread].empty()) End(thread);
    }
  }

 private:
  struct Open {
    size_t step;
    bool called = false;       // through CallAgent: it may reply
    bool replied = false;
    MessageId reply;
  };

  uint64_t Draw(uint64_t below) { return random_.Next() % below; }
  uint64_t committed() const { return out_.by_number_.size(); }
  ModelStep& Top(int thread) { return out_.steps_[open_[thread].back().step]; }

  Move& Add(Move::Kind kind, int thread) {
    Move& move = out_.moves_.emplace_back();
    move.kind = kind;
    move.thread = thread;
    if (!open_[thread].empty()) move.agent = Top(thread).agent;
    return move;
  }

  void MoveOf(int thread) {
    if (Draw(40) == 0) {
      Add(Move::Kind::kFlush, thread);
    } else if (open_[thread].empty()) {
      Draw(6) == 0 ? Outside(thread) : Begin(thread);
    } else {
      MoveInside(thread);
    }
  }

  void MoveInside(int thread) {
    switch (Draw(8)) {
      case 0: case 1: return Send(thread, static_cast<uint32_t>(1 + Draw(kAgents)));
      case 2: return Receive(thread);
      case 3: return Tool(thread);
      case 4: return CallAgent(thread);
      case 5: return Reply(thread);
      default: return End(thread);
    }
  }

  bool IsFree(uint32_t agent) const {
    for (const auto& open : open_) {
      for (const Open& step : open) {
        if (out_.steps_[step.step].agent == agent) return false;
      }
    }
    return true;
  }

  // Messages for an agent that no step has taken, early ones too.
  std::vector<MessageId> TakeSome(uint32_t agent, size_t most) {
    std::vector<MessageId> some;
    for (const ModelMessage& message : out_.messages_) {
      if (some.size() == most) break;
      if (message.to != agent || taken_.count(message.id) > 0 || Draw(2) == 0) continue;
      some.push_back(message.id);
      taken_.insert(message.id);
    }
    return some;
  }

  void AddMessage(Move& move, const MessageId& id, uint32_t to) {
    move.to = to;
    move.text = "message " + NameOf(id);
    out_.messages_.push_back({id, to, committed()});
  }

  void Outside(int thread) {
    Move& move = Add(Move::Kind::kOutside, thread);
    AddMessage(move, IdOf(0, 0, outside_++), static_cast<uint32_t>(1 + Draw(kAgents)));
  }

  void Push(int thread, uint32_t agent, std::vector<MessageId> took, bool called) {
    ModelStep step;
    step.agent = agent;
    step.clock = ++clocks_[agent];
    step.begin_after = committed();
    step.took = std::move(took);
    open_[thread].push_back({out_.steps_.size(), called});
    out_.steps_.push_back(std::move(step));
  }

  void Begin(int thread) {
    const auto agent = static_cast<uint32_t>(1 + Draw(kAgents));
    if (!IsFree(agent)) return;
    Move& move = Add(Move::Kind::kBegin, thread);
    move.agent = agent;
    move.messages = TakeSome(agent, 1 + Draw(3));
    Push(thread, agent, move.messages, false);
  }

  MessageId Sent(Move& move, int thread, uint32_t to) {
    ModelStep& step = Top(thread);
    const MessageId id = IdOf(step.agent, step.clock, step.sent.size());
    AddMessage(move, id, to);
    step.sent.push_back(id);
    return id;
  }

  void Send(int thread, uint32_t to) { Sent(Add(Move::Kind::kSend, thread), thread, to); }

  void Receive(int thread) {
    const auto some = TakeSome(Top(thread).agent, 1);
    if (some.empty()) return;
    Add(Move::Kind::kReceive, thread).messages = some;
    Top(thread).took.push_back(some[0]);
  }

  void Tool(int thread) {
    Add(Move::Kind::kTool, thread);
    Top(thread).tools_after.push_back(committed());
  }

  void CallAgent(int thread) {
    const auto agent = static_cast<uint32_t>(1 + Draw(kAgents));
    if (!IsFree(agent) || open_[thread].size() >= kDepthMax) return;
    Move& move = Add(Move::Kind::kCallAgent, thread);
    const MessageId request = Sent(move, thread, agent);
    taken_.insert(request);
    Push(thread, agent, {request}, true);
  }

  void Reply(int thread) {
    Open& top = open_[thread].back();
    if (!top.called || top.replied) return;
    const uint32_t caller = out_.steps_[open_[thread][open_[thread].size() - 2].step].agent;
    top.reply = Sent(Add(Move::Kind::kReply, thread), thread, caller);
    top.replied = true;
    taken_.insert(top.reply);
  }

  void End(int thread) {
    Move& move = Add(Move::Kind::kEnd, thread);
    const Open top = open_[thread].back();
    ModelStep& step = out_.steps_[top.step];
    std::string& state = states_[step.agent];
    // A called step that has replied does not fail: what its caller takes then is another test's.
    const uint64_t kind = Draw(top.replied ? 6 : 7);
    if (kind < 3) {
      move.change = Move::Change::kWhole;
      const size_t kept = Draw(3) == 0 ? 0 : state.size();
      state = move.text = state.substr(0, kept) + Filler(random_);
    } else if (kind < 5) {
      move.change = Move::Change::kEdit;
      move.text = Filler(random_);
      state += move.text;
    } else if (kind == 6) {
      move.change = Move::Change::kFail;
      step.failed = true;
    }
    step.state = state;
    out_.by_number_.push_back(top.step);
    step.number = committed();
    open_[thread].pop_back();
    if (top.replied) Top(thread).took.push_back(top.reply);
  }

  Interleaving& out_;
  RandomStream random_;
  std::vector<Open> open_[kThreads];
  std::map<uint32_t, uint64_t> clocks_;
  std::map<uint32_t, std::string> states_;
  std::set<MessageId> taken_;
  size_t outside_ = 0;
};

Interleaving::Interleaving(uint64_t seed, size_t moves, bool all_end) {
  Maker(this, seed).Make(moves, all_end);
}

bool Interleaving::Early(const MessageId& id, uint64_t number) const {
  if (id.sender == AgentId(0)) return false;
  for (const ModelStep& sender : steps_) {
    if (sender.agent != id.sender.value || sender.clock != id.clock.value) continue;
    return sender.number == 0 || sender.number > number;
  }
  return false;
}

std::string Interleaving::CutText(uint64_t number) const {
  struct AgentCut {
    uint64_t clock = 0, clock_max = 0, last = 0;
    std::string state = Interleaving::kInitialState;
  };
  std::map<uint32_t, AgentCut> agents;
  for (uint32_t agent = 1; agent <= kAgents; ++agent) agents[agent];
  std::set<std::string> open, waiting;
  std::set<MessageId> sent, taken;
  const bool at_end = number == last();
  for (const ModelStep& step : steps_) {
    AgentCut& agent = agents[step.agent];
    if (step.number != 0 && step.number <= number) {
      if (step.number > agent.last) {
        agent = {step.clock, agent.clock_max, step.number, step.state};
      }
      agent.clock_max = std::max(agent.clock_max, step.clock);
      sent.insert(step.sent.begin(), step.sent.end());
      taken.insert(step.took.begin(), step.took.end());
    } else if (step.begin_after < number || (step.number == 0 && at_end)) {
      agent.clock_max = std::max(agent.clock_max, step.clock);
      const auto finished = std::count_if(
          step.tools_after.begin(), step.tools_after.end(),
          [&](uint64_t after) { return after < number || (step.number == 0 && at_end); });
      open.insert(std::to_string(step.agent) + "/" + std::to_string(step.clock) + " tools " +
                  std::to_string(finished));
    }
  }
  for (const ModelMessage& message : messages_) {
    if (message.id.sender == AgentId(0) && message.sent_after <= number) sent.insert(message.id);
  }
  for (const MessageId& id : sent) {
    if (taken.count(id) == 0) waiting.insert(NameOf(id));
  }
  std::string text;
  for (const auto& [id, agent] : agents) {
    text += std::to_string(id) + ": clock " + std::to_string(agent.clock) + " of " +
            std::to_string(agent.clock_max) + ", step " + std::to_string(agent.last) + ", state " +
            HashBytes(agent.state).ToHex() + "\n";
  }
  for (const std::string& message : waiting) text += "waits " + message + "\n";
  for (const std::string& step : open) text += "open " + step + "\n";
  return text;
}

}  // namespace backstep::testing
