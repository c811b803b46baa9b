#include "backstep/schemas/experiment.h"

#include <nlohmann/json.hpp>

#include "backstep/base/utf8.h"

namespace backstep {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json TextToJson(const std::string& text) {
  if (IsUtf8(text)) return text;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(text.size() * 2);
  for (const unsigned char c : text) {
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  return Json{{"hex", std::move(hex)}};
}

Json EditToJson(const Edit& edit) {
  return {{"kind", EditKindName(edit.kind)},
          {"target", edit.target},
          {"text", TextToJson(edit.text)},
          {"media_type", edit.media_type},
          {"origin", edit.origin}};
}

Json RuleToJson(const MissRule& rule) {
  return {{"match", rule.match},
          {"policy", MissPolicyName(rule.policy)},
          {"text", TextToJson(rule.text)}};
}

Json LimitsToJson(const Limits& limits) {
  return {{"steps_max", limits.steps_max},
          {"live_calls_max", limits.live_calls_max},
          {"cost_usd_max", limits.cost_usd_max},
          {"wall_max_ns", limits.wall_max.ns}};
}

}  // namespace

const char* EditKindName(Edit::Kind kind) {
  switch (kind) {
    case Edit::Kind::kReplaceMessage: return "replace_message";
    case Edit::Kind::kDropMessage: return "drop_message";
    case Edit::Kind::kReplaceResponse: return "replace_response";
  }
  return "unknown";
}

const char* MissPolicyName(MissPolicy policy) {
  switch (policy) {
    case MissPolicy::kFail: return "fail";
    case MissPolicy::kLive: return "live";
    case MissPolicy::kSubstitute: return "substitute";
  }
  return "unknown";
}

std::string ExperimentToJson(const Experiment& experiment) {
  Json edits = Json::array();
  for (const Edit& edit : experiment.edits) edits.push_back(EditToJson(edit));
  Json rules = Json::array();
  for (const MissRule& rule : experiment.on_miss) rules.push_back(RuleToJson(rule));
  Json json = Json::object();
  json["format"] = 1;
  json["name"] = experiment.name;
  json["parent"] = experiment.parent.value;
  json["from"] = experiment.from.value;
  json["edits"] = std::move(edits);
  json["faults"] = Json::object();
  json["faults"]["text"] = TextToJson(experiment.faults_text);
  json["faults"]["origin"] = experiment.faults_origin;
  json["on_miss"] = std::move(rules);
  json["seed"] = experiment.seed;
  json["limits"] = LimitsToJson(experiment.limits);
  json["free_schedule"] = experiment.free_schedule;
  json["check_restore"] = experiment.check_restore;
  return Dump(json);
}

}  // namespace backstep
