// Random interleavings of a session's steps on several threads, and what a recording of one must
// hold: computed in memory from what the words mean (docs/concepts.md), with nothing of the
// recorder or the store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backstep/recorder/session.h"

namespace backstep::testing {

std::string NameOf(const MessageId& id);  // "2/7.0"

// One thing that one thread does; the list of them is the interleaving.
struct Move {
  enum class Kind { kOutside, kBegin, kSend, kReceive, kTool, kCallAgent, kReply, kFlush, kEnd };
  enum class Change { kNone, kWhole, kEdit, kFail };
  Kind kind = Kind::kFlush;
  int thread = 0;
  uint32_t agent = 0;              // whose step it is, or begins
  uint32_t to = 0;                 // receiver, or the agent that is called
  std::vector<MessageId> messages; // taken
  Change change = Change::kNone;   // of kEnd
  std::string text;                // sent, or the new state, or what is appended to it
};

struct ModelStep {
  uint32_t agent = 0;
  uint64_t clock = 0;
  uint64_t begin_after = 0;
  uint64_t number = 0;             // 0: never ended
  std::vector<MessageId> took;
  std::vector<MessageId> sent;
  std::vector<uint64_t> tools_after;  // steps committed when each call finished
  bool failed = false;
  std::string state;               // the agent's, once it has ended
};

struct ModelMessage {
  MessageId id;
  uint32_t to = 0;
  uint64_t sent_after = 0;
};

// Values. The same seed gives the same interleaving.
class Interleaving {
 public:
  static constexpr int kThreads = 4;
  static constexpr uint32_t kAgents = 7;   // ids 1 to 7
  static constexpr const char* kInitialState = "nothing yet";
  static std::string AgentName(uint32_t id) { return "agent" + std::to_string(id); }

  // With `all_end` every step ends; else some are open after the last move.
  Interleaving(uint64_t seed, size_t moves, bool all_end);

  const std::vector<Move>& moves() const { return moves_; }
  uint64_t last() const { return by_number_.size(); }
  const ModelStep& step(uint64_t number) const { return steps_[by_number_[number - 1]]; }
  const std::vector<ModelMessage>& messages() const { return messages_; }
  // Whether a message was early in the step of that number that took it.
  bool Early(const MessageId& id, uint64_t number) const;
  // The cut just after a step as text: states, clocks, mailboxes, open steps.
  std::string CutText(uint64_t number) const;

 private:
  class Maker;
  std::vector<Move> moves_;
  std::vector<ModelStep> steps_;          // in order of beginning
  std::vector<size_t> by_number_;
  std::vector<ModelMessage> messages_;
};

// Does the moves with a session, each on its thread and in their order; what of two threads may
// happen at once does. `session` has no agents yet. With `abandon` the process ends where the moves
// end, its steps open.
void Perform(const Interleaving& interleaving, recorder::Session* session, bool abandon);

}  // namespace backstep::testing
