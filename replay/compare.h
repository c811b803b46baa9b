// Two lines (of one recording or of two) side by side, aligned by (agent, agent clock).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// One difference inside a value: a JSON pointer (or "line N" for text) and both sides' excerpts.
struct ValueDiff {
  std::string path;
  std::string before, after;   // bounded; empty: absent on that side
};

// JSON of at most 4 MiB by path, other text by line, other bytes from the first that differs
// ("byte N"). JSON that differs in form alone is shown by line; another media type is an entry
// "media type". In an array or a text a changed or inserted element is named by its place in
// `after`, a removed one by its place in `before`. At most `most` entries, then one with path "…"
// that counts.
std::vector<ValueDiff> DiffBodies(const Body& before, const Body& after, size_t most = 50);

struct StepDiff {
  std::string agent;
  AgentClock clock;
  StepNumber a, b;                     // 0: that side has no such step
  // In this order: "activation" "request" "response" "message" "state" "error" "fault"; or alone
  // "only in A", "only in B".
  std::vector<std::string> kinds;
  std::vector<std::string> lines;      // one a difference, in words, bounded
};

struct CallCounts {
  uint64_t recorded = 0, exact = 0, edited = 0, fault = 0, live = 0, miss = 0;
};

// `steps`, `outcome` and `virtual_time` are of the whole side; everything else counts what comes
// after the shared steps, so that comparing costs what differs and not what exists.
struct SideSummary {
  std::string moment;
  Outcome outcome;
  uint64_t steps = 0, failed_steps = 0, messages = 0;
  CallCounts calls;
  Usage usage;                         // sums
  DurationNs virtual_time;
};

struct Comparison {
  SideSummary a, b;
  uint64_t steps_shared = 0;           // common prefix, not compared
  uint64_t steps_same = 0;
  std::vector<StepDiff> differing;     // by branch order of b, then what only a has; at most `most`
  uint64_t differing_count = 0;
  std::vector<std::string> agents_touched;
  std::vector<ValueDiff> first_values; // inside the first difference
  bool identical() const { return differing_count == 0; }
};

// `progress(done, total)`, of no unit; may be empty; returning false ends it with Cancelled.
using CompareProgress = std::function<bool(uint64_t, uint64_t)>;

struct CompareOptions {
  StepNumber a_until, b_until;         // 0: to the end
  size_t most = 200;
  CompareProgress progress = {};       // asked at every step and every body that differs
};

// `a` and `b` may be lines of different recordings; agents are matched by name.
Result<Comparison> Compare(store::Line& a, store::Line& b, const CompareOptions& options = {});

// Two checkpoints: mailboxes and states of every agent, as differences by path.
struct AgentStateDiff {
  std::string agent;
  std::vector<ValueDiff> values;
  std::vector<std::string> only_a, only_b;  // messages waiting on one side only
};
// Only agents that differ; `progress` is asked at every agent and every waiting message. A message
// that waits on both sides with different bodies is an entry of `values` with path "message
// planner/12.0 …".
Result<std::vector<AgentStateDiff>> CompareMoments(store::Line& a, StepNumber at_a,
                                                   store::Line& b, StepNumber at_b,
                                                   const CompareProgress& progress = {});

}  // namespace backstep::replay
