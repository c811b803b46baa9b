// What a window needs of every step of a line, and no more: when it was, how its time was spent,
// what went wrong, whom it heard and told. The index keeps it packed (docs/index.md, step_columns).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/base/time.h"
#include "backstep/schemas/records.h"

namespace backstep::store {

// How a step's time was spent, in 255ths of it; own work takes what rounding leaves.
struct TimeShares {
  uint8_t model = 0, tool = 0, own = 0, waiting = 0;
  bool operator==(const TimeShares&) const = default;
};
// Negative times count as none; of no time at all everything is own work.
TimeShares SharesOf(int64_t model_ns, int64_t tool_ns, int64_t own_ns, int64_t waiting_ns);

// From `began_ns` until `ended_ns`; of a clock that jumped the end may lie before.
struct StepSpan {
  int64_t began_ns = 0, ended_ns = 0;
  bool operator==(const StepSpan&) const = default;
};

// Of StepOutline::flags.
enum OutlineFlag : uint8_t {
  kOutlineFailed = 1,
  kOutlineCallFailed = 2,
  kOutlineHit = 4,            // by a fault or an edit
  kOutlineOutcome = 8,        // it set the run's outcome
  kOutlineOutcomeFailed = 16, // to failed
  kOutlineIncomplete = 32,
  kOutlineLive = 64,          // a call of it ran live in a re-execution
};

// Plain values; they copy.
struct StepOutline {
  struct Taken {
    MessageId id;
    bool early = false;       // its sender's step was still open
    bool hit = false;         // by a fault or an edit, as this step took it
    bool operator==(const Taken&) const = default;
  };
  struct Sent {
    MessageId id;
    AgentId to;
    bool dropped = false, hit = false;
    bool operator==(const Sent&) const = default;
  };

  StepNumber number;
  AgentId agent;
  AgentClock clock;
  StepNumber begin_after;     // steps committed when it began
  std::optional<AgentId> caller;  // whose step it is nested in
  StepSpan wall;              // since the session began; of no use where that is not known: 0
  StepSpan in_virtual;        // in virtual time
  TimeShares shares;
  uint8_t flags = 0;          // OutlineFlag
  std::vector<Taken> took;    // in order of reading
  std::vector<Sent> sent;     // in order of sending
  bool operator==(const StepOutline&) const = default;
};

// Fills `outline`, whose lists keep their memory. `effects`: the step's. `began`: of the session by
// the wall clock; nullopt: wall times are left out. Times that are too far apart for a number are
// cut at its ends.
void MakeOutline(const StepRecord& step, const std::vector<EffectRecord>& effects,
                 std::optional<TimeNs> began, StepOutline* outline);
// What wall times of a line's own steps are told from: nullopt in a branch, where virtual time is
// what counts, and where the session does not know when it began.
std::optional<TimeNs> OutlineOrigin(const LogHeader& header);

// A packed span is a little shorter than it was: each end by less than a 256th of its length by the
// wall clock, a 128th in virtual time. Short ones, below half a microsecond, lose nothing.
inline constexpr int kPackedWallBits = 9, kPackedVirtualBits = 8;
StepSpan PackedSpan(const StepSpan& span, int length_bits);
// How many of the low bits of its ends are zero then.
int PackedScale(const StepSpan& span, int length_bits);
// As it comes back after it was packed: equal but for its spans.
StepOutline PackedOutline(StepOutline outline);

}  // namespace backstep::store
