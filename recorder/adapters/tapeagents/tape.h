// One tape as a run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/conversations/talk.h"
#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/tapeagents/tape_calls.h"

namespace backstep::adapters {

struct TapeDraft {
  std::string path, id, parent_id;
  SessionDraft draft;
  std::vector<std::string> prompt_ids;  // of each step; empty: none
  std::vector<std::string> items;       // of each step, a digest of it
  std::vector<Hash128> deeds;           // likewise with what it sent and called; see SharedSteps
};

// Tells a tape: one step each of its steps; calls, answers and broadcasts as messages; actions as
// tool calls answered by the observation that follows. The model calls are joined later.
TapeDraft TellTape(const Json& tape, const std::string& path, Sink& sink);

// Joins the model calls, each with the first step that names its prompt.
void JoinCalls(TapeData* data, TapeDraft* tape);

// How many steps from the front are the same in both, with what they sent and called. Finds the
// deeds of each but once: a tape may have as many forks as an import has files.
uint64_t SharedSteps(TapeDraft* one, TapeDraft* other, Sink& sink);

}  // namespace backstep::adapters
