// The times of an imported run: virtual ones that never go backwards, whatever the source's clocks
// say, and wall times where the source has none.
#pragma once

#include <vector>

#include "backstep/base/time.h"
#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {

// Asked about parts in the order in which they happen. One thread.
//
// A step begins when the source says, but not before its agent's last step has ended, its parent
// has begun and what it takes has been sent: where these say that its clock is early, its end is
// moved with its begin. It ends when the source says, but not before what happened in it. Where no
// step of the run has a time each takes a millisecond, one after the other.
class StepTimes {
 public:
  // `now`: when a run without times is said to have begun. `base`: of the run it branches from; 0:
  // of none.
  StepTimes(const SessionDraft& draft, TimeNs now, TimeNs base);

  TimeNs base() const { return base_; }  // wall; the virtual times count from it
  const char* source() const { return source_; }  // "all", "some" or "none" of the steps have one

  // The times of a step that begins, or of an effect or message, now. Virtual.
  TimeNs Begin(uint32_t step, TimeNs latest_arrival);
  TimeNs Inside(uint32_t step, TimeNs wall);
  TimeNs Outside(TimeNs wall);
  // Of a message that the source gives no time, to a step that began at `taken`; 0: not known.
  TimeNs Sent(uint32_t step, TimeNs taken) const;
  // The step ends; its duration.
  DurationNs End(uint32_t step);
  void AddCall(uint32_t step, DurationNs duration);

  // What was told of it by Begin and End.
  TimeNs began(uint32_t step) const { return steps_[step].began; }
  // Of its duration: what was neither spent in calls nor in steps nested in it. After End.
  DurationNs own(uint32_t step) const { return steps_[step].own; }
  TimeNs WallOr(TimeNs wall, TimeNs virtual_time) const;

 private:
  struct Times {
    TimeNs began, reached;  // the latest moment that lies in it so far
    DurationNs elsewhere, own;
    DurationNs shift;  // how far its clock was early, as its causes tell
  };
  TimeNs Virtual(TimeNs wall) const;

  const SessionDraft& draft_;
  TimeNs base_;
  const char* source_;
  std::vector<Times> steps_;
  std::vector<TimeNs> agents_;  // when each was last free
  TimeNs newest_;               // of any step
};

}  // namespace backstep::adapters
