#include "backstep/replay/view/json.h"
#include "backstep/replay/view/session/session_view.h"

namespace backstep::replay {
namespace {

Json PairsJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::object();
  for (const auto& [key, value] : pairs) json[key] = value;
  return json;
}

Json DamagedJson(const std::vector<std::pair<LogId, std::string>>& damaged) {
  Json json = Json::array();
  for (const auto& [log, why] : damaged) json.push_back({{"log", log.value}, {"error", why}});
  return json;
}

Json RowJson(const SessionRow& row) {
  Json json;
  json["session"] = row.id.value;
  json["name"] = row.name;
  json["program"] = OrNull(row.program);
  json["state"] = store::LogStateName(row.state);
  json["outcome"] = OutcomeJson(row.outcome);
  json["steps"] = row.last.value;
  json["began_wall_ns"] = row.began_wall.ns;
  json["ended_wall_ns"] = row.ended_wall ? Json(row.ended_wall->ns) : Json(nullptr);
  json["branch_count"] = row.branches;
  json["tags"] = row.tags;
  if (row.counts) {
    json["error_count"] = row.counts->errors;
    json["cost_usd"] = row.counts->cost_usd;
  }
  return json;
}

Json BaselineJson(const BaselineState& state) {
  const auto passed = [](const std::optional<bool>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json json;
  json["executable_hash"] = OrNull(state.executable_hash);
  json["recorded_build"] = state.recorded_build;
  json["served"] = passed(state.served);
  json["free"] = passed(state.free);
  json["faithful"] = state.faithful();
  return json;
}

void AddAgents(const SessionView& view, Json* json) {
  Json agents = Json::array();
  for (const AgentSummary& agent : view.agents) {
    Json item;
    item["name"] = agent.name;
    item["role"] = OrNull(agent.role);
    item["implementation"] = OrNull(agent.implementation);
    item["model"] = OrNull(agent.model);
    item["steps"] = agent.steps;
    item["failed_steps"] = agent.failed_steps;
    item["sent"] = agent.sent;
    item["state_bytes"] = agent.state_bytes;
    agents.push_back(std::move(item));
  }
  (*json)["agents"] = std::move(agents);
}

void AddSegments(const SessionView& view, Json* json) {
  Json segments = Json::array();
  for (const SegmentSummary& segment : view.segments) {
    Json item;
    item["path"] = segment.path;
    item["began_after"] = segment.began_after.value;
    item["ended_after"] = segment.ended ? Json(segment.ended_after.value) : Json(nullptr);
    item["wall_ns"] = segment.ended ? Json(segment.wall.ns) : Json(nullptr);
    segments.push_back(std::move(item));
  }
  (*json)["segments"] = std::move(segments);
}

void AddHeader(const LogHeader& header, Json* json) {
  (*json)["metadata"] = PairsJson(header.metadata);
  (*json)["group_id"] = OrNull(header.group_id);
  (*json)["user_id"] = OrNull(header.user_id);
  (*json)["command"] = header.command;
  (*json)["executable"] = OrNull(header.executable);
  (*json)["executable_hash"] =
      header.executable_hash.IsZero() ? Json(nullptr) : Json(header.executable_hash.ToHex());
  (*json)["working_directory"] = OrNull(header.working_directory);
  (*json)["host"] = OrNull(header.host);
  (*json)["process_id"] = header.process_id;
  (*json)["writer_version"] = OrNull(header.writer_version);
  (*json)["seed"] = header.seed;
  (*json)["faults_origin"] = OrNull(header.faults_origin);
}

Json SessionJson(const SessionView& view) {
  Json json = RowJson(view.row);
  AddHeader(view.header, &json);
  json["failed_steps"] = view.failed_steps;
  json["messages"] = view.messages;
  json["faults"] = view.faults;
  json["calls"] = view.calls;
  json["failed_calls"] = view.failed_calls;
  json["usage"] = UsageJson(view.usage);
  json["virtual_time_ns"] = view.virtual_time.ns;
  AddAgents(view, &json);
  AddSegments(view, &json);
  json["open_steps"] = view.open_steps;
  json["branches"] = Json::array();
  for (const BranchRow& row : view.branches) json["branches"].push_back(BranchJson(row));
  json["baselines"] = Json::array();
  for (const BaselineState& state : view.baselines) {
    json["baselines"].push_back(BaselineJson(state));
  }
  json["dropped_bodies"] = view.end ? view.end->dropped_bodies : 0;
  json["annotations"] = Json::array();
  for (const AnnotationRow& said : view.annotations) {
    json["annotations"].push_back(AnnotationJson(said));
  }
  json["notes"] = view.notes;
  return json;
}

}  // namespace

Json BranchJson(const BranchRow& row) {
  Json json;
  json["log"] = row.id.value;
  json["name"] = row.name;
  json["fork"] = OrNull(row.fork);
  json["depth"] = row.depth;
  json["state"] = store::LogStateName(row.state);
  json["result"] = row.result;
  json["detail"] = OrNull(row.detail);
  json["died_at"] = PositionJson(row.died_at);
  json["outcome"] = OutcomeJson(row.outcome);
  json["steps"] = row.last.value;
  json["summary"] = row.fork.empty() ? Json(nullptr) : SummaryJson(row.summary);
  json["experiment"] = OrNull(row.experiment);
  json["schedule"] = OrNull(row.schedule);
  json["baseline"] = row.baseline;
  json["check_restore"] = row.check_restore;
  json["executable_hash"] = OrNull(row.executable_hash);
  json["began_wall_ns"] = row.began_wall.ns;
  json["error"] = OrNull(row.error);
  return json;
}

std::string ToJson(const std::vector<RecordingRow>& rows) {
  Json list = Json::array();
  for (const RecordingRow& row : rows) {
    Json json;
    json["path"] = row.path;
    json["error"] = OrNull(row.error);
    json["sessions"] = Json::array();
    for (const SessionRow& session : row.sessions) json["sessions"].push_back(RowJson(session));
    json["damaged"] = DamagedJson(row.damaged);
    list.push_back(std::move(json));
  }
  Json whole;
  whole["recordings"] = std::move(list);
  return Dump(whole, true);
}

std::string ToJson(const RecordingView& view) {
  Json json;
  json["path"] = view.path;
  json["sessions"] = Json::array();
  for (const SessionView& session : view.sessions) json["sessions"].push_back(SessionJson(session));
  json["damaged"] = DamagedJson(view.damaged);
  return Dump(json, true);
}

}  // namespace backstep::replay
