// The JSON form of traces that Perfetto and Chromium open ("Trace Event Format"): an agent is a
// track, a step and its calls are slices, a message is a flow. Virtual times, in microseconds.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/export/export.h"

namespace backstep::adapters {
namespace {

constexpr int kProcess = 1;

double Microseconds(int64_t ns) { return static_cast<double>(ns) / 1000; }

class PerfettoExport {
 public:
  PerfettoExport(store::Line& line, const ExportOptions& options, const ByteSink& out)
      : line_(line), from_(std::max(options.from, StepNumber(1))),
        to_(std::min(options.to, line.last())), out_(out) {}

  Status Run() {
    BACKSTEP_RETURN_IF_ERROR(out_("{\"displayTimeUnit\":\"ms\",\"traceEvents\":["));
    BACKSTEP_RETURN_IF_ERROR(Name("process_name", 0, line_.session_header().name));
    for (const AgentRecord& agent : line_.agents()) {
      BACKSTEP_RETURN_IF_ERROR(Name("thread_name", agent.id.value, agent.name));
    }
    BACKSTEP_RETURN_IF_ERROR(Outside());
    Status failure;
    const Status scanned = line_.ScanStepsInFull(
        from_, to_, [&](const auto& step, const auto& effects, const auto& sent) {
          failure = Step(step, effects, sent);
          return failure.ok();
        });
    BACKSTEP_RETURN_IF_ERROR(failure);
    BACKSTEP_RETURN_IF_ERROR(scanned);
    return out_("\n]}\n");
  }

 private:
  Status Put(const Json& event) {
    const char* before = first_ ? "\n" : ",\n";
    first_ = false;
    return out_(before + JsonText(event));
  }

  Status Name(const char* what, uint32_t track, const std::string& name) {
    return Put({{"ph", "M"}, {"pid", kProcess}, {"tid", track}, {"name", what},
                {"args", {{"name", name}}}});
  }

  Json Event(const char* phase, const std::string& name, AgentId agent, TimeNs at) const {
    return {{"ph", phase}, {"pid", kProcess}, {"tid", agent.value}, {"name", name},
            {"cat", "backstep"}, {"ts", Microseconds(at.ns)}};
  }

  Status Slice(const std::string& name, AgentId agent, TimeNs began, int64_t duration, Json args) {
    Json event = Event("X", name, agent, began);
    event["dur"] = Microseconds(duration);
    event["args"] = std::move(args);
    return Put(event);
  }

  uint64_t FlowOf(const MessageId& id) {
    return flows_.emplace(id, flows_.size() + 1).first->second;
  }

  Status Flow(const char* phase, const MessageId& id, AgentId agent, TimeNs at) {
    Json event = Event(phase, "message", agent, at);
    event["id"] = FlowOf(id);
    if (*phase == 'f') event["bp"] = "e";
    return Put(event);
  }

  Status Outside() {
    Status failure;
    const Status scanned = line_.ScanMessages([&](const MessageRecord& message) {
      if (message.id.sender != kOutside) return false;
      if (message.sent_after > to_) return true;
      failure = Slice(message.kind.empty() ? "message" : message.kind, kOutside,
                      message.sent_virtual, 0, {{"to", line_.AgentName(message.to)}});
      if (failure.ok()) failure = Flow("s", message.id, kOutside, message.sent_virtual);
      return failure.ok();
    });
    return failure.ok() ? scanned : failure;
  }

  Status Step(const StepRecord& step, const std::vector<EffectRecord>& effects,
              const std::vector<MessageRecord>& sent) {
    Json args = {{"step", step.number.value}, {"clock", step.clock.value}};
    if (step.error) args["error"] = step.error->kind + ": " + step.error->message;
    const std::string name = step.name.empty()
                                 ? "step " + std::to_string(step.clock.value)
                                 : step.name;
    BACKSTEP_RETURN_IF_ERROR(
        Slice(name, step.agent, step.began_virtual, step.duration.ns, std::move(args)));
    const TimeNs ended = step.began_virtual + step.duration;
    for (const TakenMessage& taken : step.took) {
      if (flows_.count(taken.id) == 0 && taken.id.sender == kOutside) continue;
      BACKSTEP_RETURN_IF_ERROR(Flow("f", taken.id, step.agent, step.began_virtual));
    }
    for (const EffectRecord& effect : effects) {
      BACKSTEP_RETURN_IF_ERROR(Effect(effect, ended));
    }
    for (const MessageRecord& message : sent) {
      const TimeNs at = std::clamp(message.sent_virtual, step.began_virtual, ended);
      BACKSTEP_RETURN_IF_ERROR(Flow("s", message.id, step.agent, at));
    }
    for (const FaultRecord& fault : step.faults) {
      Json event = Event("i", "fault " + fault.spec_id, step.agent, step.began_virtual);
      event["s"] = "t";
      event["args"] = {{"type", fault.type}, {"decision", fault.decision}};
      BACKSTEP_RETURN_IF_ERROR(Put(event));
    }
    return {};
  }

  // Within its step: slices of one track lie in one another.
  Status Effect(const EffectRecord& effect, TimeNs ended) {
    const TimeNs began = std::min(effect.began_virtual, ended);
    const int64_t duration = std::clamp<int64_t>(effect.duration.ns, 0, (ended - began).ns);
    Json args = {{"kind", EffectKindName(effect.kind)}};
    if (effect.usage.input_tokens != 0) args["input_tokens"] = effect.usage.input_tokens;
    if (effect.usage.output_tokens != 0) args["output_tokens"] = effect.usage.output_tokens;
    if (effect.error) args["error"] = effect.error->kind + ": " + effect.error->message;
    return Slice(std::string(EffectKindName(effect.kind)) + " " + effect.name, effect.agent, began,
                 duration, std::move(args));
  }

  store::Line& line_;
  const StepNumber from_, to_;
  const ByteSink& out_;
  bool first_ = true;
  std::unordered_map<MessageId, uint64_t> flows_;
};

}  // namespace

Status ExportPerfetto(store::Line& line, const ExportOptions& options, const ByteSink& out) {
  return PerfettoExport(line, options, out).Run();
}

}  // namespace backstep::adapters
