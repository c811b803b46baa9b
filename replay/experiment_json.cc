#include <limits>

#include <nlohmann/json.hpp>

#include "backstep/replay/experiment_file.h"

namespace backstep::replay {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kFormat = 1;

// Leaves the reading of one experiment; never leaves this file.
struct WrongShape {
  std::string what;
};

const Json& At(const Json& json, const char* key) {
  auto found = json.find(key);
  if (!json.is_object() || found == json.end()) throw WrongShape{std::string("no '") + key + "'"};
  return *found;
}

std::string TextAt(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_string()) throw WrongShape{std::string("'") + key + "' is no text"};
  return value.get<std::string>();
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw WrongShape{"'hex' holds other than hex digits"};
}

// Text that is no UTF-8 stands as {"hex": "..."}.
std::string BytesAt(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_object()) return TextAt(json, key);
  const std::string hex = TextAt(value, "hex");
  if (hex.size() % 2 != 0) throw WrongShape{"'hex' of odd length"};
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(HexDigit(hex[i]) * 16 + HexDigit(hex[i + 1])));
  }
  return bytes;
}

template <typename Number>
Number NumberAt(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<Number>::max()) {
    throw WrongShape{std::string("'") + key + "' is no such number"};
  }
  return value.get<Number>();
}

bool FlagAt(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_boolean()) throw WrongShape{std::string("'") + key + "' is neither true nor false"};
  return value.get<bool>();
}

const Json& ListAt(const Json& json, const char* key) {
  const Json& value = At(json, key);
  if (!value.is_array()) throw WrongShape{std::string("'") + key + "' is no list"};
  return value;
}

Edit::Kind EditKindAt(const Json& json) {
  const std::string name = TextAt(json, "kind");
  for (Edit::Kind kind : {Edit::Kind::kReplaceMessage, Edit::Kind::kDropMessage,
                          Edit::Kind::kReplaceResponse}) {
    if (name == EditKindName(kind)) return kind;
  }
  throw WrongShape{"unknown kind of edit '" + name + "'"};
}

MissPolicy PolicyAt(const Json& json) {
  const std::string name = TextAt(json, "policy");
  for (MissPolicy policy : {MissPolicy::kFail, MissPolicy::kLive, MissPolicy::kSubstitute}) {
    if (name == MissPolicyName(policy)) return policy;
  }
  throw WrongShape{"unknown policy '" + name + "'"};
}

Limits LimitsFrom(const Json& json) {
  Limits limits;
  limits.steps_max = NumberAt<uint64_t>(json, "steps_max");
  limits.live_calls_max = NumberAt<uint64_t>(json, "live_calls_max");
  const Json& cost = At(json, "cost_usd_max");
  if (!cost.is_number()) throw WrongShape{"'cost_usd_max' is no number"};
  limits.cost_usd_max = cost.get<double>();
  limits.wall_max.ns = NumberAt<int64_t>(json, "wall_max_ns");
  return limits;
}

Experiment ExperimentFrom(const Json& json) {
  Experiment experiment;
  experiment.name = TextAt(json, "name");
  experiment.parent = LogId(NumberAt<uint32_t>(json, "parent"));
  experiment.from = StepNumber(NumberAt<uint64_t>(json, "from"));
  for (const Json& edit : ListAt(json, "edits")) {
    experiment.edits.push_back({EditKindAt(edit), TextAt(edit, "target"), BytesAt(edit, "text"),
                                TextAt(edit, "media_type"), TextAt(edit, "origin")});
  }
  const Json& faults = At(json, "faults");
  experiment.faults_text = BytesAt(faults, "text");
  experiment.faults_origin = TextAt(faults, "origin");
  for (const Json& rule : ListAt(json, "on_miss")) {
    experiment.on_miss.push_back({TextAt(rule, "match"), PolicyAt(rule), BytesAt(rule, "text")});
  }
  experiment.seed = NumberAt<uint64_t>(json, "seed");
  experiment.limits = LimitsFrom(At(json, "limits"));
  experiment.free_schedule = FlagAt(json, "free_schedule");
  experiment.check_restore = FlagAt(json, "check_restore");
  return experiment;
}

}  // namespace

Result<Experiment> ExperimentFromJson(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    const uint64_t format = NumberAt<uint64_t>(json, "format");
    if (format > kFormat) {
      return Status::VersionMismatch("the experiment was written by a newer Backstep (form " +
                                     std::to_string(format) + ", known " +
                                     std::to_string(kFormat) + ")");
    }
    return ExperimentFrom(json);
  } catch (const WrongShape& wrong) {
    return Status::Corruption("the experiment's JSON: " + wrong.what);
  } catch (const Json::exception& e) {
    return Status::Corruption(std::string("the experiment's JSON: ") + e.what());
  }
}

}  // namespace backstep::replay
