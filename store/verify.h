// Checks a recording: file checksums, WAL records, hashes of every body, order, log against index.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/recording.h"

namespace backstep::store {

struct Finding {
  LogId log;            // 0: the recording itself
  std::string where;    // file or "step 12, agent planner"
  std::string what;     // one line
};

struct VerifyReport {
  std::vector<Finding> findings;  // empty: sound. At most 1000.
  uint64_t files = 0, bytes = 0, steps = 0, bodies = 0;
};

// `progress(done, total)` in bytes; may be empty; returning false cancels (Cancelled).
// Fails only when the recording cannot be looked at at all; damage is a finding.
Result<VerifyReport> Verify(const Recording& recording,
                            const std::function<bool(uint64_t, uint64_t)>& progress);

}  // namespace backstep::store
