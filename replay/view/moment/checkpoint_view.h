// A checkpoint as a person sees it: every agent, every mailbox, open steps, and the step itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/replay/view/rows/call_row.h"
#include "backstep/replay/view/rows/step_row.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

struct AgentStateRow {
  std::string name, role, model;
  AgentClock clock;              // of its newest step; 0: none yet
  StepNumber last_step;          // 0: none yet
  TimeNs virtual_time;
  BodyView state;
  uint64_t waiting = 0;          // messages in its mailbox
  bool busy = false;             // a step of it is open
};

struct MessageRow {
  std::string id, from, to, channel, kind, program_id, reply_to;
  std::string sent_by;           // planner/12; empty: from outside
  TimeNs sent_virtual, arrival_virtual;
  DurationNs delay;              // injected
  bool edited = false, dropped = false, early = false;
  BodyView body;
};

struct OpenStepRow {
  std::string step, agent, caller;  // coder/4; caller may be empty
  std::vector<std::string> took;
  StepNumber began_after;           // the latest moment before it began
  std::optional<StepNumber> commits_as;
  std::vector<CallRow> finished;    // its calls that had finished by this moment
};

// What one step did.
struct StepDetail {
  StepRow row;
  std::vector<MessageRow> took, sent;
  std::vector<CallRow> calls;
  std::vector<ValueDiff> state_changes;   // by JSON path, else by line
  std::vector<FaultRow> faults;
  DurationNs own;
};

struct CheckpointView {
  std::string moment, branch;
  StepNumber step, last;         // `last`: of the branch
  store::LogState log_state = store::LogState::kSealed;
  TimeNs virtual_time;
  std::optional<Outcome> outcome;
  std::vector<AgentStateRow> agents;
  std::vector<MessageRow> mailboxes;  // in delivery order; the first of them
  uint64_t waiting_total = 0;         // messages in all mailboxes
  std::vector<OpenStepRow> open;
  std::optional<StepDetail> detail;   // none at step 0
  std::vector<std::string> notes;     // what is missing, and why
};

struct CheckpointOptions {
  size_t text_bytes_max = 400;   // of each body
  bool detail = true;            // read the step itself
  size_t changes_max = 50;       // entries of a state's differences
  bool state_texts = true;       // of the agents; else the sizes alone
  size_t waiting_max = SIZE_MAX; // messages of the mailboxes that are read
};

// NotFound: no such step. Corruption, Io: as of store::Line.
Result<CheckpointView> ViewCheckpoint(const store::Recording& recording, store::Line& line,
                                      StepNumber step, const CheckpointOptions& options = {});

Result<StepDetail> ViewStep(const store::Recording& recording, store::Line& line, StepNumber step,
                            const CheckpointOptions& options = {});

std::string ToJson(const CheckpointView& view);
// Only the agents and their states.
std::string StatesToJson(const CheckpointView& view);

}  // namespace backstep::replay
