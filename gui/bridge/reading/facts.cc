#include "backstep/gui/bridge/reading/facts.h"

#include "backstep/replay/launch.h"
#include "backstep/replay/view/rows/annotation_row.h"
#include "backstep/replay/view/text.h"

namespace backstep::gui {
namespace {

std::string NoteOf(const store::Line& line) {
  switch (line.state()) {
    case store::LogState::kCrashed:
      return "The recorder ended without closing: " +
             replay::FormatCount(line.last().value, "step") +
             " are there, the outcome is not known.";
    case store::LogState::kLive:
      return "Still being written.";
    case store::LogState::kSealed:
      break;
  }
  const auto end = line.end();
  if (end && end->dropped_bodies != 0) {
    return replay::FormatCount(end->dropped_bodies, "body") +
           " were dropped: the disk could not keep up.";
  }
  return end && !end->first_failure.empty() ? "The recorder failed: " + end->first_failure : "";
}

void FillProgram(const replay::Explorer& explorer, const LogHeader& header, OpenFacts* facts) {
  facts->program = header.program_name;
  if (header.program_name.empty()) return;
  facts->command = replay::RecordedCommand(header);
  facts->working_directory = header.working_directory;
  const Status trusted = replay::CheckTrusted(explorer.recording().path(), header);
  if (trusted.ok()) return;
  facts->distrust = trusted.code() == StatusCode::kInvalidArgument
                        ? trusted.message()
                        : "This recording was not made by `backstep run` for you here.";
}

}  // namespace

std::string AgentAt(store::Line& line, StepNumber step) {
  if (step.value == 0) return {};
  const auto record = line.Step(step);
  return record.ok() ? line.AgentName(record->agent) : std::string();
}

Result<OpenFacts> GatherFacts(replay::Explorer& explorer) {
  store::Line& line = explorer.line();
  OpenFacts facts;
  facts.path = explorer.recording().path();
  facts.session = line.session_header().name;
  facts.session_id = explorer.session();
  facts.log = line.id();
  facts.branch = explorer.branch();
  facts.state = line.state();
  facts.last = line.last();
  facts.fork = line.fork();
  BACKSTEP_ASSIGN_OR_RETURN(facts.branches,
                            replay::ViewBranches(explorer.recording(), explorer.session()));
  const auto baselines = replay::Baselines(facts.branches);
  facts.faithful = !baselines.empty() && baselines.front().faithful();
  for (const AgentRecord& agent : line.agents()) {
    if (agent.id != kOutside) facts.agents.push_back(agent.name);
  }
  if (const auto end = line.end()) facts.outcome = end->outcome;
  BACKSTEP_ASSIGN_OR_RETURN(facts.mistakes, replay::StepsWithMistakes(line));
  facts.note = NoteOf(line);
  FillProgram(explorer, line.session_header(), &facts);
  return facts;
}

}  // namespace backstep::gui
