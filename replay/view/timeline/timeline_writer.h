// Appends steps and messages to a timeline, in memory. One thread; snapshots may be read on others
// meanwhile.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/schemas/message.h"

namespace backstep::replay {

// One step as it is added. Times in ns since the session began.
struct StepEntry {
  int lane = 0;
  AgentClock clock;
  int64_t began_ns = 0, ended_ns = 0;
  TimeShares shares;
  uint16_t flags = 0;
  struct Sent {
    uint32_t ordinal = 0, copy = 0;
    int to_lane = 0;
    uint8_t flags = 0;
  };
  std::vector<Sent> sent;
  struct Taken {
    int from_lane = kOutsideLane;
    AgentClock clock;
    uint32_t ordinal = 0, copy = 0;
    uint8_t flags = 0;
  };
  std::vector<Taken> taken;
};

class TimelineWriter {
 public:
  static constexpr size_t kLanesMax = 65535;

  void SetOrigin(bool wall, bool branch, StepNumber fork);
  // How many steps the line has.
  void SetTotal(StepNumber total) { timeline_.total = total; }
  // Returns its lane. At most kLanesMax.
  int AddLane(AgentId agent, std::string name, std::string role);
  size_t lanes() const { return timeline_.lanes.size(); }
  void RenameLane(int lane, std::string name, std::string role);
  // The next step; its number is last() + 1. Lanes must exist.
  void AddStep(const StepEntry& step);
  // A message from outside, sent after `after` (at most last()); before steps that take it.
  void AddOutside(uint32_t ordinal, uint32_t copy, int to_lane, StepNumber after, uint8_t flags);
  void SetSegments(std::vector<TimelineSegment> segments);

  StepNumber last() const { return timeline_.last; }
  const Timeline& timeline() const { return timeline_; }
  std::shared_ptr<const Timeline> Snapshot();

 private:
  struct MessageKey {
    int lane;
    uint64_t clock;
    uint32_t ordinal, copy;
    auto operator<=>(const MessageKey&) const = default;
  };
  struct TakenBy {
    uint32_t step;
    uint8_t flags;
  };
  // Where a lane's clocks are: most ascend with its steps.
  struct Clocks {
    uint32_t greatest = 0;
    std::unordered_map<uint32_t, uint32_t> late;  // clock -> index: ended after later ones
  };

  // What the writer may still write of a lane.
  struct Tail {
    LaneChunk* chunk = nullptr;
    Clocks clocks;
  };

  void AppendToLane(const StepEntry& step, int64_t began_ns, int64_t ended_ns);
  void NoteOrder(const StepEntry& step, uint32_t index, int64_t began_ns, int64_t ended_ns);
  static void CloseGroups(LaneChunk& chunk, uint32_t end);
  void AppendNumber(int lane);
  void AddToOverview(const StepEntry& step, int64_t began_ns, int64_t ended_ns);
  void AddSent(const StepEntry& step);
  void Take(const StepEntry::Taken& taken);
  void AppendMessage(const MessageCell& cell);
  // The chunk, copied first where a snapshot has it too.
  MessageChunk& Own(size_t chunk);
  void SetTaken(uint32_t message, TakenBy by);
  // The message's index; nullopt: its sender has not committed.
  std::optional<uint32_t> Find(const StepEntry::Taken& taken) const;
  std::optional<uint32_t> StepOf(int lane, uint64_t clock) const;
  // The first message that the step or a later one sent.
  uint32_t FirstMessageOf(uint32_t step) const;

  Timeline timeline_;
  std::vector<Tail> tails_;                           // by lane
  LaneOfStepChunk* lane_tail_ = nullptr;
  std::map<MessageKey, TakenBy> taken_early_;         // its sender's step is still open
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> outside_;  // (ordinal, copy) -> message
  std::vector<std::shared_ptr<MessageChunk>> messages_;
  std::vector<bool> message_chunk_shared_;            // with a snapshot
  static constexpr uint32_t kStepsApart = 64;
  std::vector<uint32_t> messages_before_;             // steps 1, 65, 129, ...
};

}  // namespace backstep::replay
