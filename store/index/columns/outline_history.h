// What the outlines before one tell of it, within a chunk: packing stores only what is not as they
// had it expected. Private to store/index.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "backstep/store/step_outline.h"

namespace backstep::store {

// Where a time is told from; each chunk has one of these for either clock.
enum class SpanBase : uint8_t {
  kBeganAfterLast,   // the begin, from the end of the step before
  kEndedAfterLast,   // the end, from there
  kBeganAfterOwn,    // the begin, from the end of the agent's step before
  kBeganByWall,      // the begin, from the wall clock's as it was with the step before
};
inline constexpr size_t kSpanBases = 4;
inline bool IsFromEnd(SpanBase base) { return base == SpanBase::kEndedAfterLast; }

// One thread.
class OutlineHistory {
 public:
  uint64_t last_clock(AgentId agent) { return Of(agent).clock; }
  // `wall`: the step's own span by the wall clock.
  int64_t WallBase(SpanBase base, AgentId agent);
  int64_t VirtualBase(SpanBase base, AgentId agent, const StepSpan& wall);

  // Messages that steps of this chunk sent and that nobody has taken, in order of sending. Places
  // beyond kPlaces are not looked at.
  static constexpr size_t kPlaces = 255;
  size_t Waiting(AgentId agent) { return Of(agent).waiting(); }
  MessageId WaitingAt(AgentId agent, size_t place) {
    const Agent& of = Of(agent);
    return of.box[of.head + place];
  }
  std::optional<size_t> PlaceOf(AgentId agent, const MessageId& message);
  // Takes the one at that place out.
  MessageId TakeAt(AgentId agent, size_t place);
  // One that does not wait has been taken.
  void TakeEarly(const MessageId& message) { early_.insert(message); }

  // The step, all it took taken already; its spans as they are packed.
  void Add(const StepOutline& step);

 private:
  struct Agent {
    uint64_t clock = 0;
    std::optional<int64_t> wall_end, virtual_end;
    std::vector<MessageId> box;
    size_t head = 0;
    size_t waiting() const { return box.size() - head; }
  };

  // Good until the next call.
  Agent& Of(AgentId agent) {
    constexpr uint32_t kNear = 1024;   // ids are small but for those of a hostile chunk
    if (agent.value >= kNear) return far_[agent];
    if (agent.value >= near_.size()) near_.resize(agent.value + 1);
    return near_[agent.value];
  }

  std::vector<Agent> near_;   // by id
  std::unordered_map<AgentId, Agent> far_;
  std::set<MessageId> early_;   // its sender's step is still open
  int64_t wall_end_ = 0, virtual_end_ = 0, wall_to_virtual_ = 0;
};

}  // namespace backstep::store
