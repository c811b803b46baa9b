// The shapes of trajectory that MAST's files hold, each told into a draft.
#pragma once

#include <string>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// What each of them works on.
struct MastRun {
  const Json& file;
  std::string path;
  SessionDraft* draft;
  Sink* sink;
};

// AG2: a list of items with content, role and name.
void TellChat(const Json& trajectory, const MastRun& run);
// Whether a list of lines is a log of HyperAgent's; else it is one of MA-ToT's.
bool IsHyperAgent(const Json& trajectory);
// HyperAgent: lines of a log; an entry begins at a line with the logger's prefix.
void TellHyperAgent(const Json& trajectory, const MastRun& run);
// MetaGPT: one text of log entries.
void TellMetaGpt(const std::string& log, const MastRun& run);
// Peer review: several conversations at once, by the agent's number.
void TellPeerReview(const Json& trajectory, const MastRun& run);
// MA-ToT: lines in rounds; reasoners, then a verifier of each.
void TellTreeOfThoughts(const Json& trajectory, const MastRun& run);

}  // namespace backstep::adapters
