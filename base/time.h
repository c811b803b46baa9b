// Points and spans of time, and the clock as an interface that is passed in.
#pragma once

#include <compare>
#include <cstdint>

namespace backstep {

// A span of time in nanoseconds; may be negative only as the result of a subtraction.
struct DurationNs {
  int64_t ns = 0;
  constexpr auto operator<=>(const DurationNs&) const = default;
  constexpr DurationNs operator+(DurationNs o) const { return {ns + o.ns}; }
  constexpr DurationNs operator-(DurationNs o) const { return {ns - o.ns}; }
  constexpr DurationNs& operator+=(DurationNs o) { ns += o.ns; return *this; }
};

constexpr DurationNs Milliseconds(int64_t ms) { return {ms * 1000000}; }

// A point in time: nanoseconds since 1970-01-01 UTC for wall times, nanoseconds since the
// session's start for virtual times; the field's name says which (`*_wall`, `*_virtual`).
struct TimeNs {
  int64_t ns = 0;
  constexpr auto operator<=>(const TimeNs&) const = default;
  constexpr TimeNs operator+(DurationNs d) const { return {ns + d.ns}; }
  constexpr DurationNs operator-(TimeNs o) const { return {ns - o.ns}; }
};

// Where wall time and measured durations come from. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeNs Now() = 0;             // wall clock; may jump
  virtual DurationNs Monotonic() = 0;   // never goes backwards; only differences mean something
  virtual void SleepFor(DurationNs d) = 0;
};

// The operating system's clock. Lives for the whole process.
Clock& SystemClock();

}  // namespace backstep
