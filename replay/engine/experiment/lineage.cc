#include "backstep/replay/engine/experiment/lineage.h"

#include <algorithm>

#include "backstep/replay/experiment_file.h"

namespace backstep::replay {
namespace {

constexpr size_t kAncestorsMax = 10'000;

Status AddFaults(const std::string& text, const std::string& origin, uint64_t seed,
                 Lineage* lineage) {
  if (text.empty()) return {};
  std::vector<std::string> warnings;
  auto plan = recorder::FaultPlan::Parse(text, origin, &warnings);
  if (!plan.ok()) {
    return Status::Corruption("recorded fault plan: " + plan.status().message());
  }
  if (!plan->empty()) lineage->faults.push_back({std::move(*plan), seed, {}});
  return {};
}

// Of the line and its ancestors, the main line first.
Result<std::vector<LogHeader>> Headers(store::Recording& recording, store::Line& line) {
  std::vector<LogHeader> headers = {line.header()};
  while (headers.back().origin) {
    if (headers.size() > kAncestorsMax) return Status::Corruption("a branch has no end of parents");
    BACKSTEP_ASSIGN_OR_RETURN(const auto parent,
                              recording.OpenLine(headers.back().origin->parent));
    headers.push_back(parent->header());
  }
  std::reverse(headers.begin(), headers.end());
  return headers;
}

// Whether the branch will not apply it again.
bool IsDone(const Recorded& recorded, const StepRecord& step, const FaultRecord& fault) {
  return step.number <= recorded.fork() || fault.hook == "llm_call" ||
         fault.hook == "tool_call" || (fault.message && recorded.Delivered(*fault.message));
}

Status CountApplied(const Recorded& recorded, Lineage* lineage) {
  if (lineage->faults.empty()) return {};
  store::Line& line = recorded.line();
  return line.ScanSteps(StepNumber{1}, line.last(), [&](const StepRecord& step) {
    for (const FaultRecord& fault : step.faults) {
      if (!IsDone(recorded, step, fault)) continue;
      for (InheritedFaults& faults : lineage->faults) ++faults.applied_before[fault.spec_id];
    }
    return true;
  });
}

}  // namespace

Result<Lineage> ReadLineage(store::Recording& recording, const Recorded& recorded) {
  Lineage lineage;
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<LogHeader> headers,
                            Headers(recording, recorded.line()));
  for (const LogHeader& header : headers) {
    if (!header.origin) {
      BACKSTEP_RETURN_IF_ERROR(
          AddFaults(header.faults_text, header.faults_origin, header.seed, &lineage));
      continue;
    }
    BACKSTEP_ASSIGN_OR_RETURN(const Experiment experiment,
                              ExperimentFromJson(header.origin->experiment));
    BACKSTEP_RETURN_IF_ERROR(AddFaults(experiment.faults_text, experiment.faults_origin,
                                       experiment.seed, &lineage));
    lineage.edits.insert(lineage.edits.end(), experiment.edits.begin(), experiment.edits.end());
  }
  BACKSTEP_RETURN_IF_ERROR(CountApplied(recorded, &lineage));
  return lineage;
}

}  // namespace backstep::replay
