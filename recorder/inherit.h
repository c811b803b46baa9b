// What a branch's recorder starts from: the parent's line at the fork. For the replay host.
#pragma once

#include <vector>

#include "backstep/recorder/session.h"
#include "backstep/store/line.h"

namespace backstep::recorder {

struct SessionOptions::Inherit {
  store::Cut cut;                          // at the fork; open steps begin again at their clock
  std::vector<AgentRecord> agents;         // of the parent, by id, @outside included
  std::vector<SegmentRecord> segments;     // begun at or before the fork
  uint32_t outside_messages = 0;           // next ordinal of @outside
};

}  // namespace backstep::recorder
