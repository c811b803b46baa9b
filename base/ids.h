// Distinct integer types, one per kind of id, so that ids cannot be mixed. Immutable values.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace backstep {

// An integer that only equals and orders against its own kind. `Tag` is never defined.
template <typename Tag, typename Rep>
struct StrongInt {
  using Value = Rep;
  Rep value = 0;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongInt&) const = default;

  // The id that follows this one.
  constexpr StrongInt Next() const { return StrongInt(static_cast<Rep>(value + 1)); }
};

// A step's place in its line, dense from 1 in commit order. 0 is the start, before any step.
using StepNumber = StrongInt<struct StepNumberTag, uint64_t>;
// The count of an agent's own steps, from 1, given when a step begins. 0: before its first step.
using AgentClock = StrongInt<struct AgentClockTag, uint64_t>;
// An agent's number in its session; equal in all branches of a session. 0 is `@outside`.
using AgentId = StrongInt<struct AgentIdTag, uint32_t>;
// The number N of `logs/N/` in a recording: a session's main line, or one branch.
// A session is named by the LogId of its main line, a branch by its own. From 1; 0 is "none".
using LogId = StrongInt<struct LogIdTag, uint32_t>;
// A segment's number in its session. 0 is "none".
using SegmentId = StrongInt<struct SegmentIdTag, uint32_t>;

// The participant for whatever comes from outside the system; recorded, never run.
inline constexpr AgentId kOutside{0};
inline constexpr char kOutsideName[] = "@outside";

}  // namespace backstep

template <typename Tag, typename Rep>
struct std::hash<backstep::StrongInt<Tag, Rep>> {
  size_t operator()(backstep::StrongInt<Tag, Rep> id) const {
    return std::hash<Rep>()(id.value);
  }
};
