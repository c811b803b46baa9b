// Edit files (YAML or JSON) and the command-line forms of an experiment. docs/cli.md has the shape.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/schemas/experiment.h"

namespace backstep::replay {

// Parses the text of an edit file into `experiment`: edits, on_miss, limits, seed.
// InvalidArgument: origin:line, what is wrong and the nearest valid name.
Status ParseEditFile(const std::string& text, const std::string& origin, Experiment* experiment);

// "llm=live", "tool:compile=substitute", "env=fail", "llm=substitute:the answer".
Result<MissRule> ParseMissRule(const std::string& text);

// Inverse of ExperimentToJson. Corruption: not of that shape.
Result<Experiment> ExperimentFromJson(const std::string& json);

}  // namespace backstep::replay
