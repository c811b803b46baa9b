#include "backstep/replay/view/json.h"
#include "backstep/replay/view/moment/checkpoint_view.h"

namespace backstep::replay {
namespace {

Json AgentJson(const AgentStateRow& agent) {
  Json json;
  json["name"] = agent.name;
  json["role"] = OrNull(agent.role);
  json["model"] = OrNull(agent.model);
  json["clock"] = agent.clock.value;
  json["last_step"] = agent.last_step.value;
  json["virtual_time_ns"] = agent.virtual_time.ns;
  json["state"] = BodyJson(agent.state);
  json["waiting"] = agent.waiting;
  json["busy"] = agent.busy;
  return json;
}

Json MessageJson(const MessageRow& message) {
  Json json;
  json["id"] = message.id;
  json["from"] = message.from;
  json["to"] = message.to;
  json["channel"] = OrNull(message.channel);
  json["kind"] = OrNull(message.kind);
  json["program_id"] = OrNull(message.program_id);
  json["reply_to"] = OrNull(message.reply_to);
  json["sent_by"] = OrNull(message.sent_by);
  json["sent_virtual_ns"] = message.sent_virtual.ns;
  json["arrival_virtual_ns"] = message.arrival_virtual.ns;
  json["delay_ns"] = message.delay.ns;
  json["edited"] = message.edited;
  json["dropped"] = message.dropped;
  json["early"] = message.early;
  json["body"] = BodyJson(message.body);
  return json;
}

Json OpenJson(const OpenStepRow& open) {
  Json json;
  json["step"] = open.step;
  json["agent"] = open.agent;
  json["caller"] = OrNull(open.caller);
  json["took"] = open.took;
  json["began_after"] = open.began_after.value;
  json["commits_as"] = open.commits_as ? Json(open.commits_as->value) : Json(nullptr);
  json["finished_calls"] = Json::array();
  for (const CallRow& call : open.finished) json["finished_calls"].push_back(CallJson(call));
  return json;
}

Json DetailJson(const StepDetail& detail) {
  Json json = StepRowJson(detail.row);
  json["took"] = Json::array();
  for (const MessageRow& message : detail.took) json["took"].push_back(MessageJson(message));
  json["sent"] = Json::array();
  for (const MessageRow& message : detail.sent) json["sent"].push_back(MessageJson(message));
  json["calls"] = Json::array();
  for (const CallRow& call : detail.calls) json["calls"].push_back(CallJson(call));
  json["state_changes"] = ValuesJson(detail.state_changes);
  json["faults"] = Json::array();
  for (const FaultRow& fault : detail.faults) json["faults"].push_back(FaultJson(fault));
  json["own_ns"] = detail.own.ns;
  return json;
}

Json HeadJson(const CheckpointView& view) {
  Json json;
  json["moment"] = view.moment;
  json["branch"] = view.branch;
  json["number"] = view.step.value;
  json["last"] = view.last.value;
  json["log_state"] = store::LogStateName(view.log_state);
  json["virtual_time_ns"] = view.virtual_time.ns;
  json["outcome"] = view.outcome ? OutcomeJson(*view.outcome) : Json(nullptr);
  json["agents"] = Json::array();
  for (const AgentStateRow& agent : view.agents) json["agents"].push_back(AgentJson(agent));
  return json;
}

}  // namespace

Json ValuesJson(const std::vector<ValueDiff>& values) {
  Json json = Json::array();
  for (const ValueDiff& value : values) {
    json.push_back({{"path", value.path}, {"before", value.before}, {"after", value.after}});
  }
  return json;
}

std::string StatesToJson(const CheckpointView& view) {
  Json json = HeadJson(view);
  json["notes"] = view.notes;
  return Dump(json, true);
}

std::string ToJson(const CheckpointView& view) {
  Json json = HeadJson(view);
  json["mailboxes"] = Json::array();
  for (const MessageRow& message : view.mailboxes) {
    json["mailboxes"].push_back(MessageJson(message));
  }
  json["open"] = Json::array();
  for (const OpenStepRow& open : view.open) json["open"].push_back(OpenJson(open));
  json["step"] = view.detail ? DetailJson(*view.detail) : Json(nullptr);
  json["notes"] = view.notes;
  return Dump(json, true);
}

}  // namespace backstep::replay
