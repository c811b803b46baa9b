// The rows of a log: one per step, with filters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/rows/annotation_row.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

struct TakenRow {
  std::string id, from, kind;   // from: agent name
  bool early = false;           // its sender was still open when this step committed
};

struct SentRow {
  std::string id, to;
  bool dropped = false;
  DurationNs delay;             // injected
};

struct StepRow {
  StepNumber number;
  std::string moment;           // main:812
  std::string step;             // planner/12
  std::string agent;
  AgentClock clock;
  std::string name;             // what the program calls the step; may be empty
  std::string segment;          // path of segment names, "plan/write"; may be empty
  std::string caller;           // coder/4 where nested; may be empty
  std::vector<TakenRow> took;
  std::vector<SentRow> sent;
  std::vector<std::pair<std::string, uint64_t>> calls;  // by kind ("llm"), then status where not
                                                        // "recorded": ("llm exact", 2)
  uint64_t failed_calls = 0;
  std::vector<std::string> faults;   // spec ids
  std::vector<AnnotationRow> annotations;
  uint64_t state_bytes = 0;
  int64_t state_delta_bytes = 0;
  bool state_changed = false;
  Usage usage;                  // sums of its model calls
  TimeNs began_virtual;
  DurationNs duration;          // virtual
  TimeNs ended_wall;
  std::optional<StepError> error;
  std::optional<Outcome> outcome;
  bool incomplete = false;      // something of it was dropped under overload
  bool inherited = false;       // a branch's prefix: the step belongs to an ancestor
  std::string status() const;   // "ok", "failed", "call failed", "incomplete"
};

// One JSON object, no line breaks.
std::string ToJson(const StepRow& row);

// Makes rows of one line. Cheapest in ascending order. One thread; `recording` and `line` are not
// owned and outlive it.
class StepRowReader {
 public:
  StepRowReader(const store::Recording& recording, store::Line& line);
  Result<StepRow> Row(const StepRecord& step);
  // "plan/write"; empty for none. Reads the line's segments again when it meets an unknown one.
  Result<std::string> SegmentPath(SegmentId segment);

 private:
  Status FillCalls(const StepRecord& step, StepRow* row);
  Status FillAnnotations(const StepRecord& step, StepRow* row);
  Result<uint64_t> StateSizeBefore(const StepRecord& step);

  const store::Recording& recording_;
  store::Line& line_;
  std::map<SegmentId, SegmentRecord> segments_;
  std::map<AgentId, std::pair<StepNumber, uint64_t>> newest_;  // (step, state size) of an agent
  std::optional<std::vector<AnnotationRow>> annotations_;      // by step; none: not read yet
};

struct StepFilter {
  StepNumber from{1}, to{UINT64_MAX};
  std::vector<AgentId> agents;  // empty: all
  std::string segment;          // a segment's name or path; steps inside nested ones count
  // failed steps, those with a failed call or a mistake somebody found
  bool errors = false;
  bool Accepts(const StepRow& row) const;            // segment and errors
  bool AcceptsAgent(const StepRecord& step) const;   // agents
};

// Calls `visit` with each row that passes until it returns false.
Status ScanRows(StepRowReader& reader, store::Line& line, const StepFilter& filter,
                const std::function<bool(const StepRow&)>& visit);

}  // namespace backstep::replay
