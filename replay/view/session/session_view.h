// A recording and its sessions, for listings and for the page about one recording.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/rows/annotation_row.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/schemas/records.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

struct SessionCounts {
  uint64_t errors = 0;            // steps and calls that failed
  double cost_usd = 0;
};

// What a listing shows of one session; needs no look at its steps, but for `counts`.
struct SessionRow {
  LogId id;
  std::string name, program;      // program: its name; empty: scopes only
  store::LogState state = store::LogState::kSealed;
  Outcome outcome;
  StepNumber last;
  TimeNs began_wall;
  std::optional<TimeNs> ended_wall;
  std::string ending;             // of one that crashed: what was seen of it; empty: nothing
  uint64_t branches = 0;
  std::vector<std::string> tags;
  std::optional<SessionCounts> counts;  // empty: not read (folder_view.h)
};

struct RecordingRow {
  std::string path;
  std::vector<SessionRow> sessions;                  // by id
  std::vector<std::pair<LogId, std::string>> damaged;// logs that cannot be read, and why
  std::string error;                                 // not empty: nothing of it can be read
};

RecordingRow ViewRecording(const store::Recording& recording);
std::string ToJson(const std::vector<RecordingRow>& rows);

struct AgentSummary {
  std::string name, role, implementation, model;
  uint64_t steps = 0, failed_steps = 0, sent = 0;
  uint64_t state_bytes = 0;        // newest
};

struct SegmentSummary {
  std::string path;                // "plan/write"
  StepNumber began_after, ended_after;
  bool ended = false;
  DurationNs wall;                 // 0 while it lasts
};

// One session in full; counting reads every step once.
struct SessionView {
  SessionRow row;
  LogHeader header;
  std::optional<LogEnd> end;
  std::vector<AgentSummary> agents;
  std::vector<SegmentSummary> segments;
  uint64_t steps = 0, failed_steps = 0, messages = 0, faults = 0;
  std::map<std::string, uint64_t> calls;   // by kind
  uint64_t failed_calls = 0;
  Usage usage;
  DurationNs virtual_time;
  std::vector<std::string> open_steps;     // "coder/4 (began after main:11)"
  std::vector<BranchRow> branches;         // the main line left out
  std::vector<BaselineState> baselines;
  std::vector<AnnotationRow> annotations;
  std::vector<std::string> notes;          // what is missing, and why
};

// `progress(done, total)` in steps; may be empty; returning false cancels (Cancelled).
Result<SessionView> ViewSession(const store::Recording& recording, LogId session,
                                const std::function<bool(uint64_t, uint64_t)>& progress = {});

struct RecordingView {
  std::string path;
  std::vector<SessionView> sessions;
  std::vector<std::pair<LogId, std::string>> damaged;
};
std::string ToJson(const RecordingView& view);

}  // namespace backstep::replay
