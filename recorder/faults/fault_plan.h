// Fault files: what may be injected where. YAML or JSON; every llmmas-otel spec file loads.
// docs/faults.md lists hooks, selectors, actions and parameters.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/status.h"

namespace backstep::recorder {

enum class FaultHookKind : uint8_t { kA2aSend, kA2aReceive, kToolCall, kLlmCall, kAgentStep };
const char* FaultHookName(FaultHookKind hook);  // "a2a_send", ...

// One condition of a selector: `key` equals, matches a glob, or lies in a range "3..7".
struct FaultSelector {
  std::string key;      // agent_id, step_index, ... (docs/faults.md)
  std::string pattern;  // text, glob with * ? [], or A..B for numbers
};

struct FaultSpec {
  std::string id;
  std::vector<FaultHookKind> hooks;           // empty: warned of and never injected
  std::string description;
  std::vector<FaultSelector> selectors;       // all must hold
  std::string action;                         // "a2a.drop", ...
  std::map<std::string, std::string> params;  // text; JSON for structured values
  double probability = 1;                     // drawn per match
  std::optional<uint64_t> times_max;
  bool hidden = false;
  int line = 0;                               // in its file, from 1
};

// Immutable value.
class FaultPlan {
 public:
  // Parses and checks a file's text. `origin` names it in messages ("faults.yaml:12: ...").
  // InvalidArgument: file, line and the nearest valid name. `warnings` gets what an llmmas-otel
  // file asks and cannot be honoured; in a file that starts `backstep: 1` that is an error.
  static Result<FaultPlan> Parse(const std::string& text, const std::string& origin,
                                 std::vector<std::string>* warnings);
  const std::vector<FaultSpec>& faults() const { return faults_; }
  bool empty() const { return faults_.empty(); }
  const std::string& text() const { return text_; }
  const std::string& origin() const { return origin_; }

 private:
  std::vector<FaultSpec> faults_;
  std::string text_, origin_;
};

}  // namespace backstep::recorder
