#include "backstep/replay/view/rows/branch_row.h"

#include <map>

#include "backstep/replay/experiment_file.h"
#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr int kDepthMax = 1000;

void FillOrigin(const store::Recording& recording, const BranchOrigin& origin, BranchRow* row) {
  row->parent = origin.parent;
  row->fork = recording.FormatMoment({origin.parent, origin.fork});
  row->schedule = origin.schedule;
  auto experiment = ExperimentFromJson(origin.experiment);
  if (!experiment.ok()) {
    row->experiment = "unreadable";
    return;
  }
  row->experiment = DescribeExperiment(*experiment);
  row->check_restore = experiment->check_restore;
  row->baseline = origin.fork.value == 0 && !ChangesAnything(*experiment);
}

BranchRow MakeRow(const store::Recording& recording, const store::LogInfo& info) {
  BranchRow row;
  row.id = info.id;
  row.name = recording.BranchName(info.id);
  if (!info.error.ok()) {
    row.error = info.error.message();
    row.result = "unreadable";
    return row;
  }
  row.state = info.state;
  row.last = info.last;
  row.began_wall = info.header.began_wall;
  if (!info.header.executable_hash.IsZero()) {
    row.executable_hash = info.header.executable_hash.ToHex();
  }
  if (info.header.origin) FillOrigin(recording, *info.header.origin, &row);
  if (info.end) {
    row.outcome = info.end->outcome;
    row.result = info.header.origin ? info.end->result : "recorded";
    row.detail = info.end->result_detail;
    row.summary = info.end->summary;
  } else if (info.cut_off) {
    row.result = info.cut_off->result;
    row.detail = info.cut_off->detail;
    row.summary = info.cut_off->summary;
    row.outcome.reason = CutOffReason(row.result, info.cut_off->position);
    if (info.cut_off->position != Position()) row.died_at = info.cut_off->position;
  } else {
    row.result = store::LogStateName(info.state);
  }
  return row;
}

void AppendTree(const std::multimap<LogId, BranchRow>& children, const BranchRow& row, int depth,
                std::vector<BranchRow>* out) {
  out->push_back(row);
  out->back().depth = depth;
  if (depth >= kDepthMax) return;
  const auto [first, last] = children.equal_range(row.id);
  // A child's log is younger than its parent's: anything else is damage and would not end.
  for (auto it = first; it != last; ++it) {
    if (it->second.id > row.id) AppendTree(children, it->second, depth + 1, out);
  }
}

}  // namespace

Result<std::vector<BranchRow>> ViewBranches(const store::Recording& recording, LogId session) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  std::optional<BranchRow> root;
  std::multimap<LogId, BranchRow> children;
  std::vector<BranchRow> unreadable;
  for (const store::LogInfo& info : logs) {
    BranchRow row = MakeRow(recording, info);
    if (info.id == session) root = std::move(row);
    else if (!info.error.ok()) unreadable.push_back(std::move(row));
    else if (info.session == session) children.emplace(row.parent, std::move(row));
  }
  if (!root) return Status::NotFound("no session with log " + std::to_string(session.value));
  std::vector<BranchRow> rows;
  AppendTree(children, *root, 0, &rows);
  rows.insert(rows.end(), unreadable.begin(), unreadable.end());
  return rows;
}

std::string ToJson(const std::vector<BranchRow>& rows) {
  Json json = Json::array();
  for (const BranchRow& row : rows) json.push_back(BranchJson(row));
  Json whole;
  whole["branches"] = std::move(json);
  return Dump(whole, true);
}

bool ChangesAnything(const Experiment& experiment) {
  return !experiment.edits.empty() || !experiment.faults_text.empty();
}

std::string DescribeExperiment(const Experiment& experiment) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : "; ") + part; };
  for (const Edit& edit : experiment.edits) {
    switch (edit.kind) {
      case Edit::Kind::kReplaceMessage: add("replace message " + edit.target); break;
      case Edit::Kind::kDropMessage: add("drop message " + edit.target); break;
      case Edit::Kind::kReplaceResponse: add("replace response " + edit.target); break;
    }
  }
  if (!experiment.faults_text.empty()) {
    add("faults" + (experiment.faults_origin.empty() ? "" : " " + experiment.faults_origin));
  }
  if (out.empty()) out = "no change";
  for (const MissRule& rule : experiment.on_miss) {
    const char* policy = rule.policy == MissPolicy::kLive   ? "live"
                         : rule.policy == MissPolicy::kFail ? "fail"
                                                            : "substitute";
    add("on miss " + rule.match + "=" + policy);
  }
  if (experiment.check_restore) add("checking restore");
  return out;
}

std::vector<BaselineState> Baselines(const std::vector<BranchRow>& rows) {
  std::vector<BaselineState> states;
  if (rows.empty()) return states;
  states.push_back({rows.front().executable_hash, true, std::nullopt, std::nullopt});
  for (const BranchRow& row : rows) {
    const bool sealed = row.error.empty() && row.state == store::LogState::kSealed;
    if (!row.baseline || !sealed || row.depth != 1) continue;
    // What was cancelled, or came to a limit, says nothing about the program.
    if (row.result == "cancelled" || row.result == "limit") continue;
    BaselineState* state = nullptr;
    for (BaselineState& known : states) {
      if (known.executable_hash == row.executable_hash) state = &known;
    }
    if (state == nullptr) {
      states.push_back({row.executable_hash, false, std::nullopt, std::nullopt});
      state = &states.back();
    }
    // Of a recording that was cut off there is no more to reproduce than there is.
    const bool all_there_is = rows.front().state == store::LogState::kCrashed &&
                              row.result == "paused" && row.last >= rows.front().last;
    const bool passed =
        (row.result == "finished" || all_there_is) && row.summary.divergences == 0;
    // The newest try of a kind stands.
    (row.schedule == "free" ? state->free : state->served) = passed;
  }
  return states;
}

}  // namespace backstep::replay
