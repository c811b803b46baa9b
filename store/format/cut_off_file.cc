#include "backstep/store/format/cut_off_file.h"

#include <utility>

#include "backstep/store/format/checked_json.h"
#include "backstep/store/format/files.h"
#include "backstep/store/format/log_files.h"

namespace backstep::store {
namespace {

using nlohmann::json;

constexpr uint64_t kCutOffBytesMax = 256 << 10;
constexpr size_t kCutOffDetailBytesMax = 16 << 10;
constexpr size_t kCutOffListMax = 64;

// The counts of a summary and their names.
constexpr std::pair<const char*, uint64_t ReplaySummary::*> kSummaryCounts[] = {
    {"reused", &ReplaySummary::reused},           {"exact", &ReplaySummary::exact},
    {"edited", &ReplaySummary::edited},           {"fault", &ReplaySummary::fault},
    {"live", &ReplaySummary::live},               {"miss", &ReplaySummary::miss},
    {"divergences", &ReplaySummary::divergences}, {"changes", &ReplaySummary::changes}};

OpenActivation ActivationOf(const json& object) {
  OpenActivation activation{JsonText(object, "agent"), AgentClock(JsonNumber(object, "clock")), {}};
  const auto took = object.find("took");
  if (took == object.end() || !took->is_array()) return activation;
  for (const json& id : *took) {
    if (activation.took.size() == kCutOffListMax) break;
    if (id.is_string()) activation.took.push_back(id.get<std::string>());
  }
  return activation;
}

CutOff ParseCutOff(const json& object) {
  CutOff cut_off;
  cut_off.result = JsonText(object, "result");
  if (cut_off.result != "cancelled" && cut_off.result != "limit") cut_off.result = "crashed";
  cut_off.detail = JsonText(object, "detail");
  const auto summary = object.find("summary");
  if (summary != object.end() && summary->is_object()) {
    for (const auto& [name, count] : kSummaryCounts) {
      cut_off.summary.*count = JsonNumber(*summary, name);
    }
  }
  cut_off.position.committed = StepNumber(JsonNumber(object, "committed"));
  const auto open = object.find("open");
  if (open == object.end() || !open->is_array()) return cut_off;
  for (const json& activation : *open) {
    if (cut_off.position.open.size() == kCutOffListMax) break;
    if (activation.is_object()) cut_off.position.open.push_back(ActivationOf(activation));
  }
  return cut_off;
}

}  // namespace

Status WriteCutOff(const std::string& log_path, const CutOff& cut_off) {
  json object = {{"result", cut_off.result},
                 {"detail", cut_off.detail.substr(0, kCutOffDetailBytesMax)},
                 {"summary", json::object()},
                 {"committed", cut_off.position.committed.value},
                 {"open", json::array()}};
  for (const auto& [name, count] : kSummaryCounts) object["summary"][name] = cut_off.summary.*count;
  for (const OpenActivation& activation : cut_off.position.open) {
    object["open"].push_back({{"agent", activation.agent},
                              {"clock", activation.clock.value},
                              {"took", activation.took}});
  }
  // As it will be read: what is no UTF-8 is replaced before it is hashed.
  object = json::parse(JsonLine(object), nullptr, false);
  object["checksum"] = ChecksumOf(object);
  return CreateFileWhole(log_path + "/" + kCutOffName, JsonLine(object) + "\n").status();
}

Result<std::optional<CutOff>> ReadCutOff(const std::string& log_path) {
  const std::string path = log_path + "/" + kCutOffName;
  const Result<std::string> text = ReadFile(path, kCutOffBytesMax);
  if (text.status().code() == StatusCode::kNotFound) return std::optional<CutOff>();
  if (!text.ok()) return text.status();
  const json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return Status::Corruption(path + ": damaged: not a JSON object");
  if (JsonText(object, "checksum") != ChecksumOf(object)) {
    return Status::Corruption(path + ": damaged: its checksum does not fit");
  }
  return std::optional<CutOff>(ParseCutOff(object));
}

}  // namespace backstep::store
