// What somebody said about a step, or about a run, after it was over: labels that came in with an
// import.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

struct AnnotationRow {
  std::optional<std::pair<AgentId, AgentClock>> of;  // none: of the whole run
  std::string step;              // planner/12; empty: of the whole run
  std::string author, kind;      // kind: "mistake", "failure", "label"
  std::string agent;             // whom the author blames, as the author names it; may be empty
  std::string reason;
  bool decisive = false;         // the author holds it for what decided the run
  std::string details;           // JSON; may be empty
};

// "who_when: mistake that decided the run, of planner: reason".
std::string FormatAnnotation(const AnnotationRow& row);

// Those of a line, in order; reads its events only where an import says that there are some.
Result<std::vector<AnnotationRow>> ReadAnnotations(store::Line& line);

// Whether it says that something was done wrong: kind "mistake" or "failure".
bool IsMistake(const AnnotationRow& row);
// The steps of a line that somebody says so of, in order, each once.
Result<std::vector<StepNumber>> StepsWithMistakes(store::Line& line);

// A key of a log's metadata, such as "import.states"; empty: it is not there.
std::string MetadataOf(const LogHeader& header, const std::string& key);
// How much of the agents' states an import could bring, in words; empty: they are as they were.
std::string StatesNote(const LogHeader& header);

}  // namespace backstep::replay
