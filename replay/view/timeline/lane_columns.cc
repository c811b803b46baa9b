#include "backstep/replay/view/timeline/lane_columns.h"

#include <algorithm>

namespace backstep::replay {

TimeShares StepSum::Shares() const {
  const float whole = time_ns();
  if (whole <= 0) return {0, 0, 255, 0};
  const float scale = 255 / whole;
  TimeShares shares;
  shares.model = static_cast<uint8_t>(model_ns * scale + 0.5f);
  shares.tool = static_cast<uint8_t>(tool_ns * scale + 0.5f);
  shares.waiting = static_cast<uint8_t>(waiting_ns * scale + 0.5f);
  shares.own = static_cast<uint8_t>(std::max(255 - shares.model - shares.tool - shares.waiting, 0));
  return shares;
}

StepGroup LaneChunk::GroupOf(uint32_t from, uint32_t count) const {
  StepSum sum;
  uint32_t messages = 0;
  for (uint32_t i = from; i < from + count; ++i) {
    sum.Add(steps[i]);
    messages += steps[i].sent;
  }
  return {sum.Shares(), sum.time_ns(), sum.flags, static_cast<uint16_t>(messages)};
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
