#include "backstep/replay/view/fork/replay_report.h"

#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"
#include "backstep/store/line.h"

namespace backstep::replay {
namespace {

Status CompareWithParent(const store::Recording& recording, const Experiment& experiment,
                         ReplayReport* report) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto parent, recording.OpenLine(experiment.parent));
  report->continues = report->baseline && experiment.from == parent->last() &&
                      experiment.from.value != 0;
  report->baseline &= !report->continues;
  if (const auto end = parent->end()) report->before = end->outcome;
  if (report->result.branch.value == 0) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const auto branch, recording.OpenLine(report->result.branch));
  BACKSTEP_ASSIGN_OR_RETURN(report->comparison, Compare(*parent, *branch));
  return {};
}

Status FindProof(const store::Recording& recording, const Experiment& experiment,
                 ReplayReport* report) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  LogId session;
  std::string hash;
  for (const store::LogInfo& info : logs) {
    if (info.id == experiment.parent) session = info.session;
    if (info.id == report->result.branch && !info.header.executable_hash.IsZero()) {
      hash = info.header.executable_hash.ToHex();
    }
  }
  if (session.value == 0 || hash.empty()) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const auto rows, ViewBranches(recording, session));
  report->proved = BaselineState{hash, hash == rows.front().executable_hash, {}, {}};
  for (const BaselineState& state : Baselines(rows)) {
    if (state.executable_hash == hash) report->proved = state;
  }
  return {};
}

void AddWarnings(ReplayReport* report) {
  report->warnings = report->result.warnings;
  if (!report->proved) return;
  if (!report->proved->recorded_build) {
    report->warnings.push_back("this is not the build that made the recording: differences may "
                               "come from the program itself");
  }
  if (report->baseline || report->proved->faithful()) return;
  const bool failed = report->proved->served == false || report->proved->free == false;
  report->warnings.push_back(
      failed ? "this build did not reproduce the recording: what follows may be its own doing"
             : "this build has no faithful baseline yet: what follows may be the program's own "
               "doing and not the experiment's");
}

Json DivergencesJson(const std::vector<Divergence>& divergences) {
  Json json = Json::array();
  for (const Divergence& divergence : divergences) {
    Json item;
    item["step"] = divergence.step.value;
    item["recorded_step"] = divergence.recorded_step.value;
    item["agent"] = divergence.agent;
    item["clock"] = divergence.clock.value;
    item["what"] = divergence.what;
    item["expected"] = divergence.expected;
    item["actual"] = divergence.actual;
    item["text"] = divergence.ToString();
    json.push_back(std::move(item));
  }
  return json;
}

Json MissJson(const std::optional<Miss>& miss) {
  if (!miss) return nullptr;
  Json json;
  json["step"] = miss->step.value;
  json["agent"] = miss->agent;
  json["clock"] = miss->clock.value;
  json["ordinal"] = miss->ordinal;
  json["kind"] = EffectKindName(miss->kind);
  json["name"] = miss->name;
  json["request_excerpt"] = miss->request_excerpt;
  json["hint"] = miss->hint;
  return json;
}

Json ReportJson(const ReplayReport& report) {
  const ReplayResult& result = report.result;
  Json json;
  json["branch"] = OrNull(result.branch_name);
  json["log"] = result.branch.value;
  json["parent"] = report.parent;
  json["fork"] = report.fork;
  json["schedule"] = report.schedule;
  json["experiment"] = report.experiment;
  json["baseline"] = report.baseline;
  json["continues"] = report.continues;
  json["result"] = result.result;
  json["detail"] = OrNull(result.detail);
  json["died_at"] = PositionJson(result.died_at);
  json["good"] = report.good();
  json["outcome_before"] = OutcomeJson(report.before);
  json["outcome_after"] = OutcomeJson(report.after);
  json["last"] = result.last.value;
  json["summary"] = SummaryJson(result.summary);
  json["divergences"] = DivergencesJson(result.divergences);
  json["miss"] = MissJson(result.miss);
  json["unreached"] = result.unreached;
  json["live_calls"] = result.live_calls;
  json["warnings"] = report.warnings;
  json["digest"] = result.digest.IsZero() ? Json(nullptr) : Json(result.digest.ToHex());
  json["comparison"] = report.comparison ? ComparisonJson(*report.comparison) : Json(nullptr);
  return json;
}

}  // namespace

bool ReplayReport::good() const {
  for (const char* bad : {"crashed", "cancelled", "paused", "stuck"}) {
    if (result.result == bad) return false;
  }
  if (result.summary.divergences != 0 || !result.unreached.empty()) return false;
  // A limit may be what an experiment leads to; a baseline has to arrive.
  return !baseline || result.result == "finished";
}

Result<ReplayReport> MakeReplayReport(const store::Recording& recording,
                                      const Experiment& experiment, ReplayResult result) {
  ReplayReport report;
  report.result = std::move(result);
  report.parent = recording.BranchName(experiment.parent);
  report.fork = recording.FormatMoment({experiment.parent, experiment.from});
  report.schedule = experiment.free_schedule ? "free" : "served";
  report.experiment = DescribeExperiment(experiment);
  report.baseline = !ChangesAnything(experiment);
  report.after = report.result.outcome;
  BACKSTEP_RETURN_IF_ERROR(CompareWithParent(recording, experiment, &report));
  BACKSTEP_RETURN_IF_ERROR(FindProof(recording, experiment, &report));
  AddWarnings(&report);
  return report;
}

std::string ExplainReplay(const ReplayReport& report) {
  const ReplayResult& result = report.result;
  if (result.result == "crashed") {
    return "The program did not get through: " + OneLine(result.detail);
  }
  if (result.result == "cancelled") {
    const std::string where = result.died_at ? FormatActivation(*result.died_at) : "";
    return "Cancelled" + (where.empty() ? "" : " in " + OneLine(where)) +
           "; what ran until then is kept.";
  }
  std::string text;
  if (result.summary.divergences != 0) {
    text = "NOT faithful: " + FormatCount(result.summary.divergences, "difference") +
           " where nothing was changed.";
  }
  if (result.result == "paused") {
    return text + (text.empty() ? "" : " ") + "Paused after step " +
           std::to_string(result.last.value) +
           ": a call has no recorded answer and no policy lets it run.";
  }
  if (!text.empty()) return text;
  if (!result.unreached.empty()) return "Something that was asked never took effect.";
  if (report.baseline && result.result == "finished") {
    return report.schedule == "free"
               ? "Faithful: asked for its own schedule, the program did exactly what was recorded."
               : "Faithful: every state, message and request came out as recorded.";
  }
  if (report.continues && result.result == "finished") {
    return "Went on to the end: " +
           FormatCount(result.last.value - result.fork.value, "new step") + ".";
  }
  if (result.result != "finished") {
    return "Ended by " + result.result +
           (result.detail.empty() ? "." : ": " + OneLine(result.detail));
  }
  return result.summary.changes == 0
             ? "It took effect, and nothing else came out differently."
             : "It took effect: " + FormatCount(result.summary.changes, "step") +
                   " came out differently, all of them because of it.";
}

std::string ToJson(const std::vector<ReplayReport>& reports) {
  Json json = Json::array();
  for (const ReplayReport& report : reports) json.push_back(ReportJson(report));
  Json whole;
  whole["replays"] = std::move(json);
  return Dump(whole, true);
}

}  // namespace backstep::replay
