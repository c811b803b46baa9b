#include "backstep/replay/engine/result_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "backstep/store/line.h"

namespace backstep::replay {
namespace {

constexpr size_t kJsonBytesMax = 64 << 10;
constexpr size_t kNameBytesMax = 100;

// The main line the line descends from, and the names its branches have.
Result<std::set<std::string>> TakenNames(store::Recording& recording, const store::Line& line) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto logs, recording.Logs());
  LogId session = line.id();
  for (const store::LogInfo& log : logs) {
    if (log.id == line.id() && log.session.value != 0) session = log.session;
  }
  std::set<std::string> names = {"main"};
  for (const store::LogInfo& log : logs) {
    if (log.session == session && log.header.origin) names.insert(log.header.name);
  }
  return names;
}

}  // namespace

std::string Divergence::ToString() const {
  const std::string at = step.value != 0            ? "step " + std::to_string(step.value)
                         : recorded_step.value != 0 ? "recorded step " +
                                                          std::to_string(recorded_step.value)
                                                    : std::string("at the end");
  return at + " " + agent + "/" + std::to_string(clock.value) + ": " + what +
         " differs: recorded " + expected + ", here " + actual;
}

std::string FormatSummary(const ReplaySummary& s) {
  const auto field = [](const char* name, uint64_t value) {
    return std::string(name) + "=" + std::to_string(value);
  };
  return field("reused", s.reused) + " " + field("exact", s.exact) + " " +
         field("edited", s.edited) + " " + field("fault", s.fault) + " " + field("live", s.live) +
         " " + field("miss", s.miss) + " " + field("divergences", s.divergences);
}

std::string DivergencesToJson(const std::vector<Divergence>& divergences) {
  std::string out = "[";
  for (const Divergence& d : divergences) {
    const nlohmann::ordered_json object = {{"step", d.step.value},
                                           {"recorded_step", d.recorded_step.value},
                                           {"agent", d.agent},
                                           {"clock", d.clock.value},
                                           {"what", d.what},
                                           {"expected", d.expected},
                                           {"actual", d.actual}};
    const std::string text =
        object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (out.size() + text.size() + 2 > kJsonBytesMax) break;
    out += (out.size() > 1 ? "," : "") + text;
  }
  return out + "]";
}

Result<std::string> FreeBranchName(store::Recording& recording, const store::Line& line) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto taken, TakenNames(recording, line));
  for (uint64_t n = 1;; ++n) {
    const std::string name = "b" + std::to_string(n);
    if (taken.count(name) == 0) return name;
  }
}

Status CheckBranchName(store::Recording& recording, const store::Line& line,
                       const std::string& name) {
  const bool valid = !name.empty() && name.size() <= kNameBytesMax &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                     });
  const bool number = std::all_of(name.begin(), name.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!valid || number || name == "first" || name == "last") {
    return Status::InvalidArgument("'" + name +
                                   "' is no name for a branch: letters, digits, '-', '_' and '.', "
                                   "at most 100, not a number alone");
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto taken, TakenNames(recording, line));
  if (taken.count(name) == 0) return {};
  return Status::InvalidArgument("there is a branch '" + name + "' already");
}

}  // namespace backstep::replay
