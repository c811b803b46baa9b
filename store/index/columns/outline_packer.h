// Packs the outlines of a chunk as they come. Private to store/index.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "backstep/store/index/columns/byte_planes.h"
#include "backstep/store/index/columns/outline_columns.h"
#include "backstep/store/index/columns/outline_history.h"
#include "backstep/store/step_outline.h"

namespace backstep::store {

// One thread.
class OutlinePacker {
 public:
  // Of steps that follow each other, from `first` on.
  explicit OutlinePacker(StepNumber first) : first_(first), next_(first) {}

  StepNumber first() const { return first_; }
  StepNumber next() const { return next_; }  // to be added
  bool full() const { return next_.value - first_.value == kChunkSteps; }
  void Add(const StepOutline& step);
  // The chunk; nullopt: it is left to the log, whose steps are not as a recorder writes them.
  std::optional<std::string> Finish(LogId log);

 private:
  // Where spans are, told from each SpanBase; the one that comes out smallest is kept.
  struct Places {
    std::array<std::vector<uint64_t>, kSpanBases> from;
    std::array<uint64_t, kSpanBases> bits{};
    void Add(size_t base, int64_t place);
    size_t Smallest() const;
  };

  void Put(OutlineColumn column, uint64_t number) { columns_[column].push_back(number); }
  void AddSpans(const StepOutline& step, StepOutline* packed);
  void AddTook(const StepOutline& step);
  void AddTaken(AgentId taker, const StepOutline::Taken& taken);
  void AddSent(const StepOutline& step);

  const StepNumber first_;
  StepNumber next_;
  bool packable_ = true;
  OutlineColumns columns_;
  Places wall_, virtual_;
  OutlineHistory history_;
  StepOutline packed_;
};

}  // namespace backstep::store
