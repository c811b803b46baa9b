// What makes a branch differ: edits + faults + effect policy + seed + limits. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/schemas/message.h"
#include "backstep/schemas/records.h"

namespace backstep {

// One edit. Ids are text as printed (`planner/12.0`) until the line's agents are known.
struct Edit {
  enum class Kind : uint8_t { kReplaceMessage, kDropMessage, kReplaceResponse };
  Kind kind = Kind::kReplaceMessage;
  std::string target{};       // message id, or effect id `agent/clock#ordinal`
  std::string text{};         // the new body; unused by kDropMessage
  std::string media_type{};   // empty: the original's
  std::string origin{};       // "file:line" or the flag, for messages
};

// What happens on a miss. Per kind, and per tool by name ("tool:compile").
enum class MissPolicy : uint8_t { kFail, kLive, kSubstitute };

struct MissRule {
  std::string match{};        // "llm", "tool", "env", or "tool:NAME"
  MissPolicy policy = MissPolicy::kFail;
  std::string text{};         // kSubstitute: the answer; empty: the nearest recorded one
};

inline constexpr DurationNs kWallMaxDefault{600'000'000'000};  // 10 minutes

struct Limits {
  uint64_t steps_max = 0;        // 0: 10x the parent's steps + 1000
  uint64_t live_calls_max = 0;   // 0: no limit
  double cost_usd_max = -1;      // < 0: no limit
  DurationNs wall_max{};           // 0: kWallMaxDefault
};

struct Experiment {
  std::string name{};              // of the branch; empty: one is made
  LogId parent;
  StepNumber from{};               // the fork
  std::vector<Edit> edits{};
  std::string faults_text{};       // the fault file's text; empty: none
  std::string faults_origin{};     // its path, for messages
  std::vector<MissRule> on_miss{};
  uint64_t seed = 0;
  Limits limits;
  bool free_schedule = false;    // ask the program from the start instead of following the record
  bool check_restore = false;
};

const char* EditKindName(Edit::Kind kind);      // "replace_message", ...
const char* MissPolicyName(MissPolicy policy);  // "fail", "live", "substitute"

// JSON text of an Experiment, one line, keys in this order, every key always there:
//   {"format": 1, "name": "…", "parent": 1, "from": 812,
//    "edits": [{"kind": "replace_message" | "drop_message" | "replace_response",
//               "target": "planner/12.0", "text": TEXT, "media_type": "…", "origin": "…"}],
//    "faults": {"text": TEXT, "origin": "…"},
//    "on_miss": [{"match": "tool:compile", "policy": "fail" | "live" | "substitute",
//                 "text": TEXT}],
//    "seed": 7, "limits": {"steps_max": 0, "live_calls_max": 0, "cost_usd_max": -1.0,
//                          "wall_max_ns": 0},
//    "free_schedule": false, "check_restore": false}
// Numbers are integers but cost_usd_max. TEXT is a string, or {"hex": "c328"} for bytes that are
// not UTF-8; in other strings such bytes become U+FFFD. A reader ignores keys it does not know.
// The inverse is ExperimentFromJson in replay/experiment_file.h.
std::string ExperimentToJson(const Experiment& experiment);

}  // namespace backstep
