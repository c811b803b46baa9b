// All steps of one line as columns, made to be drawn: a lane an agent, messages between lanes,
// segments. A Timeline is an immutable snapshot; TimelineBuilder makes one from a line and follows
// it while it grows. timeline_view.h turns one into what a window of some pixels shows.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/base/time.h"
#include "backstep/replay/view/timeline/lane_columns.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/packed_steps.h"
#include "backstep/store/step_outline.h"

namespace backstep::replay {

// What is worth marking about a step; several may be set.
enum StepFlag : uint16_t {
  kStepFailed = 1,
  kStepCallFailed = 2,      // a call of it failed, whether or not the step did
  kStepHit = 4,             // a fault or an edit hit it
  kStepOutcome = 8,         // it set the run's outcome
  kStepIncomplete = 16,     // a body or state of it was dropped under overload
  kStepNested = 32,         // another agent's step called it and waited
  kStepInherited = 64,      // a branch's prefix: it belongs to an ancestor
  kStepLive = 128,          // a call of it ran live in a re-execution
  kStepSame = 256,          // of a branch: as the parent's step of that agent and clock
  kStepDifferent = 512,     // of a branch: not as the parent's, or the parent has no such step
  kStepOutcomeFailed = 1024,  // it set the run's outcome to failed
  kStepRounded = 2048,      // its begin and end are nearly, not exactly, those of the log
  kStepErrors = kStepFailed | kStepCallFailed | kStepOutcomeFailed,
};

enum MessageFlag : uint8_t {
  kMessageDropped = 1,      // sent by the agent, never carried
  kMessageEdited = 2,       // a fault or an edit hit it
  kMessageEarly = 4,        // taken while its sender's step was still open
  kMessageOutside = 8,      // from @outside
};

// The lane of @outside; agents have lanes from 0.
inline constexpr int kOutsideLane = -1;

struct MessageOnTimeline {
  uint32_t index = 0;       // in the timeline
  StepNumber sent_by;       // from outside: the newest step committed when it was sent
  StepNumber taken_by;      // 0: not taken
  int from_lane = kOutsideLane, to_lane = 0;
  uint32_t ordinal = 0, copy = 0;
  uint8_t flags = 0;        // MessageFlag
};

// A segment's extent. `depth` counts from 0 at the top level.
struct TimelineSegment {
  SegmentId id;
  std::string name;
  int depth = 0;
  StepNumber began_after, ended_after;   // `ended_after`: the last step while it is open
  int64_t began_ns = 0, ended_ns = 0;
  bool open = false;
};

// Immutable, thread-safe. Times are nanoseconds since the session began: wall time on a main line
// that has it recorded (`wall`), virtual time on a branch. On a lane ends never go backwards and no
// step begins before 0 or after its end: where a clock jumped, times are moved to make it so.
struct Timeline {
  struct Lane {
    AgentId agent;
    std::string name, role;
    uint32_t size = 0;                                     // steps
    std::vector<std::shared_ptr<const LaneChunk>> chunks;
    std::vector<EnclosingStep> enclosing;                  // by index

    // `index` counts the lane's steps from 0 in commit order.
    int64_t began_ns(uint32_t index) const { return cell(index).began_ns; }
    int64_t ended_ns(uint32_t index) const { return cell(index).ended_ns; }
    StepNumber number(uint32_t index) const { return StepNumber(cell(index).number); }
    AgentClock clock(uint32_t index) const { return AgentClock(cell(index).clock); }
    TimeShares shares(uint32_t index) const { return cell(index).shares; }
    uint16_t flags(uint32_t index) const { return cell(index).flags; }
    const StepCell& cell(uint32_t index) const { return At(index).steps[Place(index)]; }
    // The first step at or after `from` with that number or a greater one, with that end or a later
    // one; `size` when there is none.
    uint32_t IndexOfNumber(uint64_t number, uint32_t from = 0) const;
    uint32_t IndexOfEnd(double ended_ns, uint32_t from = 0) const;
    // Messages that the steps before `index` sent; a step counts at most 255.
    uint32_t SentBefore(uint32_t index) const;

    const LaneChunk& At(uint32_t index) const { return *chunks[index / LaneChunk::kSteps]; }
    static uint32_t Place(uint32_t index) { return index % LaneChunk::kSteps; }
  };

  bool wall = false;
  bool branch = false;
  StepNumber last, fork;               // fork: of a branch, else 0
  StepNumber total;                    // steps of the line; more than `last` while it is read
  int64_t end_ns = 0;                  // greatest end of a step
  uint32_t message_count = 0;
  std::vector<Lane> lanes;
  std::vector<TimelineSegment> segments;   // parents before their children
  int segment_depth = 0;                   // levels of them
  std::vector<std::shared_ptr<const LaneOfStepChunk>> lane_chunks;
  std::vector<std::shared_ptr<const MessageChunk>> message_chunks;
  OverviewBins time_bins, step_bins;

  // Of a step from 1 to `last`.
  int lane_of(StepNumber step) const;
  uint32_t index_of(StepNumber step) const;
  int64_t began_ns(StepNumber step) const;
  int64_t ended_ns(StepNumber step) const;
  // The newest step by whose number every step has ended at `ns`; 0: none.
  StepNumber StepAtTime(int64_t ns) const;
  // Where the cut after step n stands in time: the greatest end of a step up to n.
  int64_t TimeAfter(StepNumber step) const;

  MessageOnTimeline message(uint32_t index) const;
  const MessageCell& message_cell(uint32_t index) const {
    return message_chunks[index / MessageChunk::kMessages]->cells[index % MessageChunk::kMessages];
  }
  // The first message that was sent by that step or a later one; `message_count` when there is
  // none.
  uint32_t FirstMessageSentBy(uint64_t step) const;
  MessageId message_id(const MessageOnTimeline& message) const;
  // "planner/12", "planner/12.0"; "@outside/0.3".
  std::string StepText(StepNumber step) const;
  std::string MessageText(const MessageOnTimeline& message) const;

  // Bytes held, overview and names included.
  uint64_t bytes() const;
};

class ParentSteps;
class TimelineWriter;
struct StepEntry;

// Builds the timeline of a line. One thread, the line's; `line` is not owned and outlives it.
class TimelineBuilder {
 public:
  // `parent`: the line that a branch leaves, with whose steps those after the fork are compared;
  // not owned. Null, or unreadable: they carry neither kStepSame nor kStepDifferent. `recording`:
  // of which the line is, and whose index is asked for steps it has packed; not owned. Null: all
  // are read from the line.
  explicit TimelineBuilder(store::Line& line, store::Line* parent = nullptr,
                           const store::Recording* recording = nullptr);
  ~TimelineBuilder();

  // Adds the steps that the line has and the timeline has not: call it after Line::Refresh().
  // `progress(done, total)` in steps; may be empty; returning false cancels (Cancelled): what was
  // added stays and the next call goes on from there. InvalidArgument: more than 65,535 agents or
  // 2^32 steps. Corruption, Io: as of store::Line; the steps before stay. `added` is given each
  // step that was added, in order, for who needs them too; may be empty.
  using Progress = std::function<bool(uint64_t, uint64_t)>;
  using Added = std::function<void(const store::StepOutline&)>;
  Status Extend(const Progress& progress = {}, const Added& added = {});

  // What has been added so far; after a cancelled Extend, or from `progress`, the segments are
  // those of the last whole one. Costs a pointer for every 128 steps, not the steps: about a
  // millisecond at a million. Earlier snapshots stay as they are.
  std::shared_ptr<const Timeline> Snapshot() const;

 private:
  // `record`: null where the step was packed.
  Status AddStep(const store::StepOutline& step, const StepRecord* record);
  // Steps that follow each other, packed or not; at least one, unless there is a failure.
  Status AddStretch(StepNumber to, const std::function<Status()>& after_each, const Added& added);
  bool Compares(StepNumber step) const;
  Status AddAgents();
  Result<int> LaneOf(AgentId agent);
  void AddVerdict(const StepRecord& step, StepEntry* entry);
  Status AddMessages(const store::StepOutline& step, StepEntry* entry);
  Status FindOutside();
  Status AddOutside(StepNumber until);
  Status AddSegments();
  int64_t SinceOrigin(TimeNs wall) const;

  store::Line& line_;
  const store::Recording* const recording_;
  std::unique_ptr<TimelineWriter> writer_;
  std::unique_ptr<ParentSteps> parent_;  // null: nothing to compare with
  std::unique_ptr<store::PackedSteps> packed_;  // while many steps are added
  store::StepOutline outline_;
  std::unique_ptr<StepEntry> entry_;     // both kept for their memory
  std::vector<int> near_lanes_;         // by agent id, which are small; kOutsideLane: none yet
  std::map<AgentId, int> far_lanes_;
  std::deque<MessageRecord> outside_;   // found, and sent after steps that are yet to be added
  uint32_t outside_seen_ = 0;           // messages
};

}  // namespace backstep::replay
