#include "backstep/replay/view/json.h"

#include "backstep/replay/json_depth.h"

namespace backstep::replay {

Json OutcomeJson(const Outcome& outcome) {
  Json json;
  json["kind"] = OutcomeName(outcome.kind);
  json["score"] = outcome.score ? Json(*outcome.score) : Json(nullptr);
  json["reason"] = outcome.reason;
  return json;
}

Json UsageJson(const Usage& usage) {
  Json json;
  json["input_tokens"] = usage.input_tokens;
  json["output_tokens"] = usage.output_tokens;
  json["cached_tokens"] = usage.cached_tokens;
  json["reasoning_tokens"] = usage.reasoning_tokens;
  json["cost_usd"] = usage.cost_usd;
  return json;
}

Json BodyJson(const BodyView& body) {
  if (!body.present) return nullptr;
  Json json;
  json["size_bytes"] = body.size_bytes;
  json["media_type"] = body.media_type;
  json["hash"] = OrNull(body.hash);
  json["dropped"] = body.dropped;
  json["binary"] = body.binary;
  json["whole"] = body.whole;
  json["text"] = body.binary || body.dropped ? Json(nullptr) : Json(body.text);
  return json;
}

Json CallJson(const CallRow& call) {
  Json json;
  json["id"] = call.id;
  json["kind"] = EffectKindName(call.kind);
  json["name"] = call.name;
  json["status"] = CallStatusName(call.status);
  json["moved"] = call.moved;
  json["substituted"] = call.substituted;
  json["provider"] = OrNull(call.provider);
  json["parameters"] = call.parameters.empty() ? Json(nullptr) : Embedded(call.parameters);
  json["tool_type"] = OrNull(call.tool_type);
  json["tool_call_id"] = OrNull(call.tool_call_id);
  json["finish_reason"] = OrNull(call.finish_reason);
  json["request_hash"] = OrNull(call.request_hash);
  json["request"] = BodyJson(call.request);
  json["response"] = BodyJson(call.response);
  json["error"] = nullptr;
  if (call.error) {
    Json error;
    error["kind"] = call.error->kind;
    error["code"] = call.error->code;
    error["message"] = call.error->message;
    const auto& after = call.error->retry_after;
    error["retry_after_ns"] = after ? Json(after->ns) : Json(nullptr);
    json["error"] = std::move(error);
  }
  json["duration_ns"] = call.duration.ns;
  json["injected_delay_ns"] = call.injected_delay.ns;
  json["measured_ns"] = call.measured.ns;
  json["usage"] = call.kind == EffectKind::kLlm ? UsageJson(call.usage) : Json(nullptr);
  return json;
}

Json FaultJson(const FaultRow& fault) {
  Json json;
  json["id"] = fault.spec_id;
  json["type"] = fault.type;
  json["hook"] = fault.hook;
  json["decision"] = fault.decision;
  json["target"] = OrNull(fault.target);
  json["before"] = fault.before;
  json["after"] = fault.after;
  json["hidden"] = fault.hidden;
  return json;
}

Json SummaryJson(const ReplaySummary& summary) {
  Json json;
  json["reused"] = summary.reused;
  json["exact"] = summary.exact;
  json["edited"] = summary.edited;
  json["fault"] = summary.fault;
  json["live"] = summary.live;
  json["miss"] = summary.miss;
  json["divergences"] = summary.divergences;
  json["changes"] = summary.changes;
  return json;
}

Json PositionJson(const std::optional<Position>& position) {
  if (!position) return nullptr;
  Json json;
  json["committed"] = position->committed.value;
  json["open"] = Json::array();
  for (const OpenActivation& activation : position->open) {
    json["open"].push_back(Json{{"agent", activation.agent},
                                {"clock", activation.clock.value},
                                {"took", activation.took}});
  }
  return json;
}

Json Embedded(const std::string& text) {
  if (NestsDeeperThan(text, 100)) return text;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(text) : json;
}

}  // namespace backstep::replay
