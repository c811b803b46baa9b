// Random logs and what their cuts must be, computed from the definitions and nothing else.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/line.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"

namespace backstep::testing {

using StepRef = std::pair<AgentId, AgentClock>;

// What was put into one log, and where the log leaves its parent.
struct LogModel {
  const LogModel* parent = nullptr;
  StepNumber fork;
  LogId id;
  std::vector<StepRecord> steps;  // own, in commit order
  std::map<StepNumber, std::string> states;
  std::vector<StepBegin> begun;   // own, committed or not
  std::vector<MessageRecord> messages;
  std::vector<EffectRecord> effects;
  std::map<MessageId, size_t> message_at;      // in `messages`
  std::map<StepRef, StepNumber> committed_as;

  void Add(const MessageRecord& message) {
    message_at[message.id] = messages.size();
    messages.push_back(message);
  }
  void Add(StepRecord record) {
    committed_as[{record.agent, record.clock}] = record.number;
    steps.push_back(std::move(record));
  }
  StepNumber last() const { return StepNumber{fork.value + steps.size()}; }
};

struct CutModel {
  std::map<AgentId, const StepRecord*> newest;
  std::map<AgentId, AgentClock> clock_max;
  std::vector<MessageId> mailbox;  // in delivery order
  std::set<StepRef> open;
  std::map<StepRef, uint32_t> finished;  // of open steps
};

// The steps of a line, 1..n.
std::vector<const StepRecord*> StepsOf(const LogModel& log, StepNumber n);
CutModel CutOf(const LogModel& log, StepNumber n);

// Writes a random log and remembers it. Agents 1..4; steps overlap, nest, fail, send early.
class RandomLog {
 public:
  RandomLog(uint64_t seed, store::Recording* recording, const LogModel* parent, StepNumber fork);

  // Writes until the log has `steps` more steps.
  void Write(uint64_t steps);
  // What is said; by default letters in a row that mean nothing.
  std::function<Body(RandomStream*)> say;

  store::LogWriter* writer() { return writer_.get(); }
  const LogModel& model() const { return model_; }
  void Close(bool seal);

 private:
  struct Running {
    StepRecord record;
    uint64_t effects = 0;
  };

  uint64_t Draw(uint64_t below) { return random_.Next() % below; }
  void BeginStep();
  void BeginAgain(const StepBegin& begin);
  void Send(Running* step);
  void Effect(Running* step);
  void TakeEarly(Running* step);
  void CommitOne();
  void SendFromOutside();

  RandomStream random_;
  store::Recording* recording_;
  LogModel model_;
  std::unique_ptr<store::LogWriter> writer_;
  std::vector<Running> open_;
  std::map<AgentId, AgentClock> clocks_;
  std::map<AgentId, bool> busy_;
  std::set<MessageId> reserved_;   // taken by a step that is open
  std::vector<std::pair<MessageId, AgentId>> on_the_way_;  // sent by open steps
  uint32_t outside_ = 0;
  int64_t time_ = 1000;
};

inline constexpr uint32_t kRandomAgents = 4;
inline std::string RandomAgentName(uint32_t id) { return "agent " + std::to_string(id); }

}  // namespace backstep::testing
