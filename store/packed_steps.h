// The outlines of a line's steps as the recording's index has them packed: the fast way to those of
// a long run. Derived data: what is missing, behind or damaged is to be read from the line.
#pragma once

#include <functional>
#include <memory>

#include "backstep/base/status.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/step_outline.h"

namespace backstep::store {

// One thread, the line's. Creates and changes no file inside the recording.
class PackedSteps {
 public:
  // `line` is one of `recording`; neither is owned. Never fails: without an index that can be used,
  // nothing is packed.
  PackedSteps(const Recording& recording, Line& line);
  ~PackedSteps();

  // Steps in a row, from `from` on, that are packed, or that are not.
  struct Stretch {
    StepNumber last;       // not before `from`
    bool packed = false;
  };
  // `from` <= `to` <= line.last(). Reads a chunk where there is one.
  Stretch At(StepNumber from, StepNumber to);
  // The packed stretch that At() found last, from `from` on: calls `visit` for each step up to
  // `last`, in order, until it returns false. Spans are a little shorter than the log has them
  // (PackedSpan). Corruption: the chunk contradicts itself; what was visited stands, and At() does
  // not find the rest of it packed.
  Status Visit(StepNumber from, StepNumber last,
               const std::function<bool(const StepOutline&)>& visit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace backstep::store
