// One call of a step, and one fault that hit it, as a person sees them.
#pragma once

#include <optional>
#include <string>

#include "backstep/base/status.h"
#include "backstep/replay/view/rows/body_view.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"

namespace backstep::replay {

struct CallRow {
  std::string id;                  // planner/12#1
  EffectKind kind = EffectKind::kTool;
  std::string name;                // tool, variable or model
  std::string provider, parameters, tool_type, tool_call_id, finish_reason;
  CallStatus status = CallStatus::kRecorded;
  bool moved = false, substituted = false;
  std::string request_hash;        // what matching compares
  BodyView request, response;
  std::optional<CallError> error;
  DurationNs duration, injected_delay, measured;
  Usage usage;
};

// `text_bytes_max`: of request and response each; 0 reads neither.
Result<CallRow> ViewCall(store::Line& line, const EffectRecord& effect, size_t text_bytes_max);

struct FaultRow {
  std::string spec_id, type, hook, decision, before, after;
  std::string target;              // id of the message or effect it hit; may be empty
  bool hidden = false;
};

FaultRow ViewFault(const store::Line& line, const StepBegin& step, const FaultRecord& fault);

}  // namespace backstep::replay
