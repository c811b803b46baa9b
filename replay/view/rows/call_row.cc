#include "backstep/replay/view/rows/call_row.h"

#include "backstep/replay/view/text.h"

namespace backstep::replay {

Result<CallRow> ViewCall(store::Line& line, const EffectRecord& effect, size_t text_bytes_max) {
  CallRow row;
  row.id = FormatEffect(line, effect.agent, effect.clock, effect.ordinal);
  row.kind = effect.kind;
  row.name = effect.name;
  row.provider = effect.provider;
  row.parameters = effect.parameters;
  row.tool_type = effect.tool_type;
  row.tool_call_id = effect.tool_call_id;
  row.finish_reason = effect.finish_reason;
  row.status = effect.status;
  row.moved = effect.moved;
  row.substituted = effect.substituted;
  if (!effect.request_hash.IsZero()) row.request_hash = effect.request_hash.ToHex();
  BACKSTEP_ASSIGN_OR_RETURN(row.request, ViewBody(line, effect.request, text_bytes_max));
  BACKSTEP_ASSIGN_OR_RETURN(row.response, ViewBody(line, effect.response, text_bytes_max));
  row.error = effect.error;
  row.duration = effect.duration;
  row.injected_delay = effect.injected_delay;
  row.measured = effect.measured;
  row.usage = effect.usage;
  return row;
}

FaultRow ViewFault(const store::Line& line, const StepBegin& step, const FaultRecord& fault) {
  FaultRow row{fault.spec_id, fault.type, fault.hook, fault.decision, fault.before, fault.after,
               {}, fault.hidden};
  if (fault.message) row.target = line.FormatMessageId(*fault.message);
  if (fault.effect_ordinal) {
    row.target = FormatEffect(line, step.agent, step.clock, *fault.effect_ordinal);
  }
  return row;
}

}  // namespace backstep::replay
