#include "backstep/replay/view/timeline/lane_columns.h"

#include <algorithm>

namespace backstep::replay {

void StepSum::Add(const StepSum& other) {
  model_ns += other.model_ns;
  tool_ns += other.tool_ns;
  own_ns += other.own_ns;
  waiting_ns += other.waiting_ns;
  sent += other.sent;
  flags |= other.flags;
}

StepSum LaneChunk::Of(uint32_t at) const {
  const float part = static_cast<float>(ended_ns[at] - began_ns[at]) * (1.0f / 255);
  const TimeShares s = shares[at];
  return {part * s.model, part * s.tool, part * s.own, part * s.waiting, sent[at], flags[at]};
}

void OverviewBins::Add(int64_t began, int64_t ended, bool error, bool fault, float busy_ns) {
  while (ended / bin_width >= kBins) {
    for (uint32_t i = 0; i < kBins / 2; ++i) {
      Bin both = bins[2 * i];
      const Bin& second = bins[2 * i + 1];
      both.began += second.began;
      both.ended += second.ended;
      both.errors += second.errors;
      both.faults += second.faults;
      both.busy_ns += second.busy_ns;
      bins[i] = both;
    }
    std::fill(bins.begin() + kBins / 2, bins.end(), Bin{});
    bin_width *= 2;
  }
  ++bins[static_cast<size_t>(began / bin_width)].began;
  Bin& bin = bins[static_cast<size_t>(ended / bin_width)];
  ++bin.ended;
  bin.errors += error;
  bin.faults += fault;
  bin.busy_ns += busy_ns;
}

}  // namespace backstep::replay
