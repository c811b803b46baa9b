#include "backstep/replay/view/fork/check_view.h"

#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {

std::string ToJson(const store::VerifyReport& report) {
  Json json;
  json["sound"] = report.findings.empty();
  json["files"] = report.files;
  json["bytes"] = report.bytes;
  json["steps"] = report.steps;
  json["bodies"] = report.bodies;
  json["findings"] = Json::array();
  for (const store::Finding& finding : report.findings) {
    json["findings"].push_back(
        {{"log", finding.log.value}, {"where", finding.where}, {"what", finding.what}});
  }
  return Dump(json, true);
}

std::string DescribeFault(const recorder::FaultSpec& fault) {
  std::string out = fault.action + " on ";
  for (size_t i = 0; i < fault.hooks.size(); ++i) {
    out += (i == 0 ? "" : ", ") + std::string(recorder::FaultHookName(fault.hooks[i]));
  }
  for (size_t i = 0; i < fault.selectors.size(); ++i) {
    out +=
        (i == 0 ? " where " : " and ") + fault.selectors[i].key + "=" + fault.selectors[i].pattern;
  }
  for (const auto& [key, value] : fault.params) out += ", " + key + "=" + value;
  if (fault.probability < 1) {
    out += ", probability " + Json(fault.probability).dump();
  }
  if (fault.times_max) out += ", at most " + FormatCount(*fault.times_max, "time");
  return OneLine(out);
}

std::string ToJson(const recorder::FaultPlan& plan, const std::vector<std::string>& warnings) {
  Json json;
  json["origin"] = plan.origin();
  json["faults"] = Json::array();
  for (const recorder::FaultSpec& fault : plan.faults()) {
    Json item;
    item["id"] = fault.id;
    item["line"] = fault.line;
    item["action"] = fault.action;
    item["hooks"] = Json::array();
    for (const auto hook : fault.hooks) item["hooks"].push_back(recorder::FaultHookName(hook));
    item["selectors"] = Json::array();
    for (const auto& selector : fault.selectors) {
      item["selectors"].push_back({{"key", selector.key}, {"pattern", selector.pattern}});
    }
    item["params"] = fault.params;
    item["probability"] = fault.probability;
    item["times_max"] = fault.times_max ? Json(*fault.times_max) : Json(nullptr);
    item["hidden"] = fault.hidden;
    json["faults"].push_back(std::move(item));
  }
  json["warnings"] = warnings;
  return Dump(json, true);
}

std::string DigestToJson(const std::string& branch, const Hash128& digest) {
  Json json;
  json["branch"] = branch;
  json["digest"] = digest.ToHex();
  return Dump(json, true);
}

}  // namespace backstep::replay
