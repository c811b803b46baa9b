// The part of catching up that reads a log and writes rows, for the index itself and for the
// second opinion that CompareIndex forms. Private header of store/index.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/store/index/rows/row_writer.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::store {

struct CatchUpLimits {
  uint64_t steps_max = std::numeric_limits<uint64_t>::max();  // in one call
  StepNumber last{std::numeric_limits<uint64_t>::max()};      // none after it
  uint64_t events_max = std::numeric_limits<uint64_t>::max();
  uint32_t outside_messages_max = std::numeric_limits<uint32_t>::max();
  bool with_end = true;                                       // take the log's end into account
};

// Writes the rows of what lies after the watermark and moves it. Returns the steps indexed;
// `changed`: whether any row was written. Damage in the log ends the call at the step before it,
// and fails when that is where it began.
Result<uint64_t> IndexSteps(Line& line, RowWriter& rows, const CatchUpLimits& limits,
                            Watermark* watermark, bool* changed);

// Steps that lie in the logs themselves, not in the ones they branched from; of the sound ones.
uint64_t OwnSteps(const std::vector<LogInfo>& logs);

}  // namespace backstep::store
