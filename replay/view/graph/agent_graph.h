// Who told whom how often, and how each agent fares, at any moment of a line.
//
// The builder reads a line once and keeps, per agent and per pair of agents, ascending step numbers
// of four bytes each; a moment's graph is then a few binary searches per agent and edge, whatever
// the length of the recording.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/step_outline.h"

namespace backstep::replay {

enum class AgentCondition : uint8_t {
  kIdle,
  kRunning,  // it has just run, or a step of it is open
  kWaiting,  // a step of it is open and has called another agent
  kFailed,   // its newest step failed
  kHit,      // a fault or an edit hit its newest step
};
const char* AgentConditionName(AgentCondition condition);  // "idle", "running", ...

struct GraphNode {
  AgentId id;
  std::string name, role, model;   // role and model may be empty
  AgentCondition condition = AgentCondition::kIdle;
  bool present = true;             // false: not yet named at this moment
  bool outside = false;            // it is @outside
  bool touched = false;            // one of the names given to At
  uint64_t mailbox = 0;            // messages waiting; 0 for @outside, which never takes any
  uint64_t steps = 0;              // committed so far
  uint64_t failed_steps = 0;       // of these
  StepNumber newest;               // 0: none yet
};

// One direction between two participants. A message counts from the moment at which the step that
// sent it has committed, or has been taken before that; from outside, from when it arrived.
struct GraphEdge {
  size_t from = 0, to = 0;         // indices into the nodes
  uint64_t count = 0;              // messages sent so far; may be 0 early in the line
  uint64_t dropped = 0;            // of these, never carried: an edit or a fault dropped them
  StepNumber newest;               // where the newest of these counts from
  StepNumber first;                // where the first of the whole line counts from
};

// A message that the step at the cursor took or sent.
struct GraphMessage {
  std::string id, kind;            // kind may be empty
  size_t from = 0, to = 0;         // indices into the nodes
  bool taken = false;              // false: sent
  bool dropped = false, edited = false, early = false;
  BodyView body;                   // the beginning of it
};

struct AgentGraph {
  StepNumber step;
  std::vector<GraphNode> nodes;    // by id, @outside first; the same order at every moment
  std::vector<GraphEdge> edges;    // every edge of the whole line, by (from, to)
  std::vector<GraphMessage> messages;  // of the step at the cursor, taken ones first; bounded
  uint64_t messages_total = 0;     // of that step
};

std::string ToJson(const AgentGraph& graph);

// One thread. `line` is not owned and outlives it.
class AgentGraphBuilder {
 public:
  explicit AgentGraphBuilder(store::Line& line) : line_(line) {}
  AgentGraphBuilder(const AgentGraphBuilder&) = delete;
  AgentGraphBuilder& operator=(const AgentGraphBuilder&) = delete;

  // Reads what the line has and this has not yet; call it first, and again after Line::Refresh.
  // `progress(done, total)` in steps, some hundred times a second at most; may be empty; returning
  // false ends it with Cancelled. Corruption, Io: as of store::Line. What was read before a failure
  // stands, and Update goes on from there.
  Status Update(const std::function<bool(uint64_t, uint64_t)>& progress = {});
  // The same where somebody else reads the steps: Begin, each step after read_to() in order, End.
  // Without End the graph stands as far as it was read; Begin then goes on from there.
  Status Begin();
  void Add(const store::StepOutline& step);
  Status End();
  StepNumber read_to() const { return StepNumber{read_}; }
  // What it keeps, in bytes.
  size_t MemoryBytes() const;

  // The graph just after `step`; `touched`: names of agents to mark. NotFound: not read that far.
  // Corruption, Io: the step's messages cannot be read.
  Result<AgentGraph> At(StepNumber step, const std::vector<std::string>& touched = {}) const;

 private:
  // Step numbers, ascending. Four bytes each: Update refuses longer lines.
  using Steps = std::vector<uint32_t>;
  // Spans (begin, end] of steps; none lies inside another, so both ends ascend.
  using Spans = std::vector<std::pair<uint32_t, uint32_t>>;
  struct Agent {
    Steps steps, failed, hit;      // committed; of these failed; of these hit
    Steps arrived, left;           // messages that came to its mailbox, and left it
    Spans open;                    // moments at which a step of it was open, ends excluded
    Spans called;                  // moments at which a step nested in one of its own was open
  };
  struct Edge {
    Steps sent, dropped;
  };
  // A message from outside; it counts from moment `since`.
  struct Arrival {
    MessageId id;
    AgentId to;
    bool dropped = false;
    uint32_t since = 0;
  };

  Status ReadOutside();
  void ArriveUpTo(uint32_t moment);
  void AddStep(const store::StepOutline& step);
  void AddSent(const MessageId& id, AgentId to, bool dropped, uint32_t at);
  void AddTaken(const MessageId& id, AgentId taker);
  void AddSpans(const store::StepOutline& step);
  AgentCondition ConditionOf(AgentId id, const Agent& agent, uint32_t at) const;
  GraphNode NodeOf(const AgentRecord& record, uint32_t at) const;
  Status FillMessages(const StepRecord& step, AgentGraph* graph) const;
  size_t IndexOf(AgentId id) const;
  Edge& EdgeOf(AgentId from, AgentId to);

  store::Line& line_;
  uint32_t read_ = 0;                                   // steps read
  MessageId outside_read_;                              // newest message from outside read
  bool any_outside_ = false;
  std::unordered_map<AgentId, Agent> agents_;
  std::map<std::pair<AgentId, AgentId>, Edge> edges_;
  std::unordered_map<uint64_t, Edge*> edge_of_;         // of edges_, by both ids
  std::unordered_map<MessageId, AgentId> pending_;      // sent and not taken, and to whom
  std::unordered_set<MessageId> early_;                 // taken before its sender committed
  std::deque<Arrival> arrivals_;                        // after the steps read, in order
  std::vector<store::OpenStep> open_;                   // begun and not committed, at the end
};

}  // namespace backstep::replay
