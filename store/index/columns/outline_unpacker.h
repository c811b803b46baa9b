// Gives the outlines of a chunk back. Private to store/index.
#pragma once

#include <array>
#include <string_view>

#include "backstep/base/status.h"
#include "backstep/store/index/columns/byte_planes.h"
#include "backstep/store/index/columns/outline_columns.h"
#include "backstep/store/index/columns/outline_history.h"
#include "backstep/store/step_outline.h"

namespace backstep::store {

// One thread. What it reads is not trusted: bounded, checked.
class OutlineUnpacker {
 public:
  // Corruption: the bytes are not what Finish gave for that log and step.
  Status Open(LogId log, StepNumber first, std::string_view chunk);
  uint64_t steps() const { return steps_; }
  // The next of `steps()` outlines, good until the next call. Corruption: columns that contradict
  // each other; nothing can be had any more.
  Result<const StepOutline*> Next();

 private:
  uint64_t Take(OutlineColumn column) {
    size_t& at = at_[column];
    if (at < columns_[column].size()) return columns_[column][at++];
    short_ = true;
    return 0;
  }
  void TakeSpans();
  void TakeTook();
  void TakeTaken();
  void TakeSent();

  LogId log_;
  StepNumber next_;
  uint64_t steps_ = 0;
  SpanBase wall_base_{}, virtual_base_{};
  PlaneReader planes_;
  OutlineColumns columns_;
  std::array<size_t, kOutlineColumns> at_{};
  bool short_ = false, wrong_ = false;   // a column ended early; a number that cannot be
  OutlineHistory history_;
  StepOutline step_;
};

}  // namespace backstep::store
