// Compares one step of each line, already aligned. Internal to the comparison.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/compare.h"
#include "backstep/store/line.h"

namespace backstep::replay {

// A step with what hangs on it, without bodies.
struct LoadedStep {
  StepRecord step;
  std::vector<EffectRecord> effects;    // by ordinal
  std::vector<MessageRecord> messages;  // of step.sent, in its order
};
Result<LoadedStep> LoadStep(store::Line& line, const StepRecord& step);

struct StepDifference {
  std::string kind;   // see StepDiff::kinds
  std::string words;
  std::optional<std::pair<BodyRef, BodyRef>> bodies;  // that differ
};

// Every difference, in the order of StepDiff::kinds. Reads no body: hashes decide.
Result<std::vector<StepDifference>> CompareSteps(store::Line& a, const LoadedStep& in_a,
                                                 store::Line& b, const LoadedStep& in_b);

// Inside the two bodies; where one was dropped under overload, an entry that says so.
Result<std::vector<ValueDiff>> DiffReferences(store::Line& a, const BodyRef& in_a, store::Line& b,
                                              const BodyRef& in_b, size_t most);

// What a step that only one side has does, in words: "takes planner/3.0; sends coder/2.0".
std::vector<std::string> DescribeStep(store::Line& line, const LoadedStep& loaded);

}  // namespace backstep::replay
