// How a run that never closed its log ended, as the process that had started it saw it.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/schemas/records.h"

namespace backstep {

// An activation of an agent that has begun and not ended.
struct OpenActivation {
  std::string agent;
  AgentClock clock;
  std::vector<std::string> took;  // the messages it was given, as "planner/12.0"
  bool operator==(const OpenActivation&) const = default;
};

// Where a run stands.
struct Position {
  StepNumber committed;              // newest step that has its number; the log may hold fewer
  std::vector<OpenActivation> open;  // outermost first; empty: between two activations
  bool operator==(const Position&) const = default;
};

// "writer/2, which took critic/1.0", of the innermost; empty: none is open.
std::string FormatActivation(const Position& position);

// "crashed in writer/2, which took critic/1.0": the reason of the outcome that nobody could give.
std::string CutOffReason(const std::string& result, const Position& position);

// Of a log without a seal whose process is gone. The log itself cannot say it any more.
struct CutOff {
  std::string result;                // "crashed" "cancelled" "limit"
  std::string detail;                // why, one line, redacted
  ReplaySummary summary;             // as far as it was told
  Position position;                 // committed 0 and nothing open: not known
  bool operator==(const CutOff&) const = default;
};

}  // namespace backstep
