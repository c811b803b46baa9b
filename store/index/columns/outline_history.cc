#include "backstep/store/index/columns/outline_history.h"

#include <algorithm>

namespace backstep::store {
namespace {

// Times of a hostile log may lie anywhere; both directions wrap alike.
int64_t Sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

int64_t OutlineHistory::WallBase(SpanBase base, AgentId agent) {
  return base == SpanBase::kBeganAfterOwn ? Of(agent).wall_end.value_or(wall_end_) : wall_end_;
}

int64_t OutlineHistory::VirtualBase(SpanBase base, AgentId agent, const StepSpan& wall) {
  if (base == SpanBase::kBeganByWall) return Sum(wall.began_ns, wall_to_virtual_);
  if (base == SpanBase::kBeganAfterOwn) return Of(agent).virtual_end.value_or(virtual_end_);
  return virtual_end_;
}

std::optional<size_t> OutlineHistory::PlaceOf(AgentId agent, const MessageId& message) {
  const Agent& of = Of(agent);
  const size_t places = std::min(of.waiting(), kPlaces);
  for (size_t i = 0; i < places; ++i) {
    if (of.box[of.head + i] == message) return i;
  }
  return std::nullopt;
}

MessageId OutlineHistory::TakeAt(AgentId agent, size_t place) {
  Agent& of = Of(agent);
  const auto first = of.box.begin() + static_cast<ptrdiff_t>(of.head);
  const auto taken = first + static_cast<ptrdiff_t>(place);
  const MessageId message = *taken;
  std::move_backward(first, taken, taken + 1);
  ++of.head;
  if (of.head == of.box.size()) {
    of.box.clear();
    of.head = 0;
  }
  return message;
}

void OutlineHistory::Add(const StepOutline& step) {
  Agent& agent = Of(step.agent);
  agent.clock = step.clock.value;
  agent.wall_end = wall_end_ = step.wall.ended_ns;
  agent.virtual_end = virtual_end_ = step.in_virtual.ended_ns;
  wall_to_virtual_ = static_cast<int64_t>(static_cast<uint64_t>(step.in_virtual.began_ns) -
                                          static_cast<uint64_t>(step.wall.began_ns));
  for (const StepOutline::Sent& sent : step.sent) {
    if (sent.dropped || (!early_.empty() && early_.erase(sent.id) != 0)) continue;
    Of(sent.to).box.push_back(sent.id);
  }
}

}  // namespace backstep::store
