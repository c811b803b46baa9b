// Re-execution: a program's real agents, run again from a moment of a recording with edits and
// faults, recorded as a new branch. DESIGN of the semantics: docs/concepts.md.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/cut_off.h"
#include "backstep/replay/program.h"
#include "backstep/schemas/experiment.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

// A difference where none may be: the program is not faithful there.
struct Divergence {
  StepNumber step;             // in the branch
  StepNumber recorded_step;    // 0: the recording has none
  std::string agent;
  AgentClock clock;
  // "activation" "request" "message" "state" "error" "missing_step" "extra_step" "delivered"
  std::string what;
  std::string expected;        // of the recording; bounded excerpt around the first difference
  std::string actual;          // of this run
  // One stable line: "step 12 planner/3: llm request 0 differs at byte 41: recorded … here …".
  std::string ToString() const;
};

// Why a paused branch stands still, and what would let it go on.
struct Miss {
  StepNumber step;             // that would have been
  std::string agent;
  AgentClock clock;
  uint32_t ordinal = 0;        // of the call within its step
  EffectKind kind = EffectKind::kLlm;
  std::string name;
  std::string request_excerpt;
  std::string hint;            // the flag that continues and what it would cost
};

struct ReplayResult {
  LogId branch;
  std::string branch_name;
  // "finished" "paused" "limit" "cancelled" "stuck" "crashed" (the last one by the launcher only)
  std::string result;
  std::string detail;
  Outcome outcome;
  StepNumber fork, last;
  ReplaySummary summary;
  std::vector<Divergence> divergences;  // at most 100; summary has the count
  std::optional<Miss> miss;
  std::vector<std::string> unreached;   // edits and faults that never took effect
  std::vector<std::string> live_calls;  // what ran live, at most 100 lines
  std::vector<std::string> warnings;
  Hash128 digest;                       // of the branch's whole line; zero: not asked for
  // Where its process stood when it died or was killed (by the launcher only).
  std::optional<Position> died_at;
};

// "reused=12 exact=40 edited=1 fault=0 live=3 miss=0 divergences=0".
std::string FormatSummary(const ReplaySummary& summary);

struct Progress {
  uint64_t steps_done = 0;
  uint64_t steps_expected = 0;          // of the parent after the fork; a guess once it differs
  ReplaySummary summary;
};

struct ReexecuteOptions {
  std::function<void(const Progress&)> progress;  // called at most every 50 ms; may be empty
  const std::atomic<bool>* cancel = nullptr;      // not owned
  LogHeader header;                               // command, executable, hash of this process
  // Where the run stands, told whenever an activation begins or a step has its number, on the
  // thread that runs it: be brief. May be empty.
  std::function<void(const Position&)> position;
  // A call begins (true) or ends (false) to run live, on the thread that makes it: be brief. They
  // nest. May be empty.
  std::function<void(bool)> live_call;
  // Whether the result has the digest, for which the whole line is read, the prefix that is shared
  // included.
  bool digest = true;
  // What the program has printed so far, bounded: asked once at the end, kept in LogEnd::output.
  // May be empty.
  std::function<std::string()> output;
};

// Checks an experiment against its parent line: ids exist, an edit does not reach the prefix or an
// open step, fault file parses. InvalidArgument / NotFound name the nearest valid thing or moment.
Status CheckExperiment(store::Recording& recording, const Experiment& experiment);

// The latest moment of `line` at which the experiment still takes full effect: just before the
// first step it could reach began. For faults: before the first step that any of them can match.
// InvalidArgument: nothing it names can happen.
Result<StepNumber> LatestFork(store::Recording& recording, const Experiment& experiment);

// Runs on the calling thread, in this process, and writes the branch's log. A divergence, a miss
// or a limit is a result. Fails (Status) when nothing could be run: see CheckExperiment; Io.
Result<ReplayResult> Reexecute(Program& program, store::Recording& recording,
                               const Experiment& experiment, const ReexecuteOptions& options);

}  // namespace backstep::replay
