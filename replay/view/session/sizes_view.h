// What a recording's bytes are for, as rows.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/sizes.h"

namespace backstep::replay {

using KindSizes = std::array<store::KindBytes, store::kSizeKinds>;  // by store::SizeKind

struct SizesRow {
  LogId log;              // 0: over all logs
  std::string name;       // of the branch, or the agent
  uint64_t disk_bytes = 0;
  KindSizes kinds;
  uint64_t other_bytes = 0;  // of a log: files beside the data
  std::string error;
};

// Sums: disk = logs' disk + index + other; a log's disk = its kinds + other; agents' kinds = logs'
// kinds. What belongs to no agent is the agent "(no agent)".
struct SizesView {
  std::string path;
  uint64_t disk_bytes = 0, index_bytes = 0, other_bytes = 0;
  KindSizes kinds;
  std::vector<SizesRow> logs;
  std::vector<SizesRow> agents;  // by name; an agent of several logs counts in all of them
};

// As MeasureSizes.
Result<SizesView> ViewSizes(const store::Recording& recording,
                            const std::function<bool(uint64_t, uint64_t)>& progress);
std::string ToJson(const SizesView& view);

}  // namespace backstep::replay
