#include "backstep/replay/view/session/session_view.h"

#include "backstep/replay/view/rows/step_row.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/line.h"

namespace backstep::replay {
namespace {

using ProgressFunction = std::function<bool(uint64_t, uint64_t)>;

SessionRow MakeRow(const store::LogInfo& info) {
  SessionRow row;
  row.id = info.id;
  row.name = info.header.name;
  row.program = info.header.program_name;
  row.state = info.state;
  row.last = info.last;
  row.began_wall = info.header.began_wall;
  row.tags = info.header.tags;
  if (info.end) {
    row.outcome = info.end->outcome;
    row.ended_wall = info.end->ended_wall;
  } else if (info.cut_off) {
    row.outcome.reason = CutOffReason(info.cut_off->result, info.cut_off->position);
    row.ending = info.cut_off->detail;
  }
  return row;
}

std::string CrashNote(const SessionView& view) {
  std::string note = "the recorder ended without closing: " + FormatCount(view.steps, "step") +
                     " are committed, the outcome is not known";
  if (!view.open_steps.empty()) {
    note += "; " + FormatCount(view.open_steps.size(), "step") + " had begun and never ended";
  }
  if (!view.row.ending.empty()) note += "; " + OneLine(view.row.ending);
  return note;
}

void AddNotes(SessionView* view) {
  if (view->row.state == store::LogState::kCrashed) view->notes.push_back(CrashNote(*view));
  if (view->row.state == store::LogState::kLive) {
    view->notes.push_back("still being written: counts are of this moment");
  }
  const std::string format = MetadataOf(view->header, "import.format");
  if (!format.empty()) {
    view->notes.push_back("imported from " + OneLine(MetadataOf(view->header, "import.file")) +
                          " (" + OneLine(format) + ")");
    const std::string states = StatesNote(view->header);
    if (!states.empty()) view->notes.push_back(states);
    return;
  }
  if (view->header.program_name.empty()) {
    view->notes.push_back(
        "recorded with scopes alone: it can be inspected and compared; to re-execute "
        "it, implement backstep::replay::Program");
  }
  if (!view->end) return;
  if (view->end->dropped_bodies != 0) {
    view->notes.push_back(std::to_string(view->end->dropped_bodies) +
                          " bodies or states were dropped under overload");
  }
  if (!view->end->first_failure.empty()) {
    view->notes.push_back("the recorder failed: " + OneLine(view->end->first_failure));
  }
}

void CountStep(const StepRecord& step, AgentSummary* agent, SessionView* view) {
  ++view->steps;
  view->failed_steps += step.error.has_value();
  view->messages += step.sent.size();
  view->faults += step.faults.size();
  const DurationNs end = step.began_virtual + step.duration - TimeNs{};
  view->virtual_time = std::max(view->virtual_time, end);
  ++agent->steps;
  agent->failed_steps += step.error.has_value();
  agent->sent += step.sent.size();
  agent->state_bytes = step.state.size;
}

Status CountSteps(store::Line& line, const ProgressFunction& progress, SessionView* view) {
  std::map<AgentId, AgentSummary> agents;
  for (const AgentRecord& agent : line.agents()) {
    if (agent.id == kOutside) continue;
    agents[agent.id] = {agent.name, agent.role, agent.implementation, agent.model,
                        0, 0, 0, agent.initial_state.size};
  }
  bool cancelled = false;
  BACKSTEP_RETURN_IF_ERROR(line.ScanSteps(StepNumber(1), line.last(), [&](const StepRecord& step) {
    AgentSummary& agent = agents[step.agent];
    if (agent.name.empty()) agent.name = line.AgentName(step.agent);
    CountStep(step, &agent, view);
    const bool report = progress && step.number.value % 4096 == 0;
    cancelled = report && !progress(step.number.value, line.last().value);
    return !cancelled;
  }));
  if (cancelled) return Status::Cancelled("counting was cancelled");
  for (auto& [id, agent] : agents) view->agents.push_back(std::move(agent));
  return {};
}

Status CountCalls(store::Line& line, SessionView* view) {
  return line.ScanEffects(StepNumber(0), [&](const EffectRecord& effect) {
    ++view->calls[EffectKindName(effect.kind)];
    view->failed_calls += effect.error.has_value();
    view->usage += effect.usage;
    return true;
  });
}

Status ListSegments(const store::Recording& recording, store::Line& line, SessionView* view) {
  StepRowReader reader(recording, line);
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line.Segments());
  for (const SegmentRecord& segment : segments) {
    SegmentSummary summary;
    BACKSTEP_ASSIGN_OR_RETURN(summary.path, reader.SegmentPath(segment.id));
    summary.began_after = segment.began_after;
    summary.ended_after = segment.ended_after;
    summary.ended = segment.ended_wall.has_value();
    if (summary.ended) summary.wall = *segment.ended_wall - segment.began_wall;
    view->segments.push_back(std::move(summary));
  }
  return {};
}

Status ListOpenSteps(const store::Recording& recording, store::Line& line, SessionView* view) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, line.OpenSteps());
  for (const store::OpenStep& step : open) {
    view->open_steps.push_back(FormatStep(line, step.begin.agent, step.begin.clock) +
                               " (began after " +
                               FormatMomentOf(recording, line, step.begin.begin_after) + ")");
  }
  return {};
}

}  // namespace

RecordingRow ViewRecording(const store::Recording& recording) {
  RecordingRow row;
  row.path = recording.path();
  auto logs = recording.Logs();
  if (!logs.ok()) {
    row.error = logs.status().message();
    return row;
  }
  std::map<LogId, uint64_t> branches;
  for (const store::LogInfo& info : *logs) {
    if (!info.error.ok()) row.damaged.emplace_back(info.id, info.error.message());
    else if (info.header.origin) ++branches[info.session];
    else row.sessions.push_back(MakeRow(info));
  }
  for (SessionRow& session : row.sessions) session.branches = branches[session.id];
  return row;
}

Result<SessionView> ViewSession(const store::Recording& recording, LogId session,
                                const ProgressFunction& progress) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto sessions, recording.Sessions());
  SessionView view;
  for (const store::LogInfo& info : sessions) {
    if (info.id == session) view.row = MakeRow(info);
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto line, recording.OpenLine(session));
  view.header = line->header();
  view.end = line->end();
  view.row.state = line->state();
  view.row.last = line->last();
  BACKSTEP_RETURN_IF_ERROR(CountSteps(*line, progress, &view));
  BACKSTEP_RETURN_IF_ERROR(CountCalls(*line, &view));
  BACKSTEP_RETURN_IF_ERROR(ListSegments(recording, *line, &view));
  BACKSTEP_RETURN_IF_ERROR(ListOpenSteps(recording, *line, &view));
  BACKSTEP_ASSIGN_OR_RETURN(view.annotations, ReadAnnotations(*line));
  BACKSTEP_ASSIGN_OR_RETURN(view.branches, ViewBranches(recording, session));
  view.baselines = Baselines(view.branches);
  view.row.branches = view.branches.size() - 1;
  view.branches.erase(view.branches.begin());
  AddNotes(&view);
  return view;
}

}  // namespace backstep::replay
