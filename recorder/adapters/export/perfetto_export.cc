// The JSON form of traces that Perfetto and Chromium open ("Trace Event Format"): an agent is a
// track, a step and its calls are slices, a message is a flow. Virtual times, in microseconds.
#include <algorithm>
#include <map>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/export/export.h"
#include "backstep/recorder/adapters/export/outside.h"

namespace backstep::adapters {
namespace {

constexpr int kProcess = 1;
constexpr size_t kSpansKept = 1 << 16;
const std::string kMessage = "message";

double Microseconds(int64_t ns) { return static_cast<double>(ns) / 1000; }

class PerfettoExport {
  struct Span {
    TimeNs began, ended;
  };

 public:
  PerfettoExport(store::Line& line, const ExportOptions& options, const ByteSink& out)
      : line_(line), from_(std::max(options.from, StepNumber(1))),
        to_(std::min(options.to, line.last())), out_(out),
        outside_(line, StepNumber(from_.value - 1), to_) {}

  Status Run() {
    BACKSTEP_RETURN_IF_ERROR(out_("{\"displayTimeUnit\":\"ms\",\"traceEvents\":["));
    BACKSTEP_RETURN_IF_ERROR(Name("process_name", 0, line_.session_header().name));
    for (const AgentRecord& agent : line_.agents()) {
      BACKSTEP_RETURN_IF_ERROR(Name("thread_name", agent.id.value, agent.name));
    }
    BACKSTEP_RETURN_IF_ERROR(outside_.Find());
    Status failure;
    const Status scanned = line_.ScanStepsWithEffects(
        from_, to_, [&](const auto& step, const auto& effects) {
          failure = Step(step, effects);
          return failure.ok();
        });
    BACKSTEP_RETURN_IF_ERROR(failure);
    BACKSTEP_RETURN_IF_ERROR(scanned);
    BACKSTEP_RETURN_IF_ERROR(Outside(to_));
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

  // From where it was sent to where it was taken: both ends at once, so that none is without the
  // other. Each lies in the slice of its step.
  Status Flow(const MessageRecord& message, AgentId taker, TimeNs taken) {
    Span sender;
    if (message.id.sender != kOutside) {
      BACKSTEP_ASSIGN_OR_RETURN(const auto found, SpanOf(message.id.sender, message.id.clock));
      if (!found) return {};
      sender = *found;
    } else if (message.sent_after < StepNumber(from_.value - 1)) {
      return {};
    } else {
      sender = {message.sent_virtual, message.sent_virtual};
    }
    const TimeNs sent = std::clamp(message.sent_virtual, sender.began, sender.ended);
    Json event = Event("s", "message", message.id.sender, sent);
    event["id"] = ++flows_;
    BACKSTEP_RETURN_IF_ERROR(Put(event));
    event = Event("f", "message", taker, std::max(sent, taken));
    event["id"] = flows_;
    event["bp"] = "e";
    return Put(event);
  }

  // When a step was open; none: it is not among those that go out. The newest are at hand.
  Result<std::optional<Span>> SpanOf(AgentId agent, AgentClock clock) {
    const auto known = spans_.find({agent, clock});
    if (known != spans_.end()) return std::optional<Span>(known->second);
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, line_.StepOf(agent, clock));
    if (!number || *number < from_ || *number > to_) return std::optional<Span>();
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, line_.Step(*number));
    return std::optional<Span>(Span{step.began_virtual, step.began_virtual + step.duration});
  }

  void KeepSpan(const StepRecord& step) {
    if (spans_.size() >= kSpansKept) spans_.clear();
    spans_[{step.agent, step.clock}] = {step.began_virtual, step.began_virtual + step.duration};
  }

  // What was sent from there by the moment `by`, as slices without a length.
  Status Outside(StepNumber by) {
    return outside_.UpTo(by, [this](const MessageRecord& message) {
      const std::string& name = message.kind.empty() ? kMessage : message.kind;
      return Slice(name, kOutside, message.sent_virtual, 0, {{"to", line_.AgentName(message.to)}});
    });
  }

  // An answer that it waited for came when it was sent.
  static TimeNs TakenAt(const StepRecord& step, const MessageRecord& message) {
    const bool activates =
        std::find(step.taken.begin(), step.taken.end(), message.id) != step.taken.end();
    const TimeNs ended = step.began_virtual + step.duration;
    return activates ? step.began_virtual
                     : std::clamp(message.sent_virtual, step.began_virtual, ended);
  }

  Status Step(const StepRecord& step, const std::vector<EffectRecord>& effects) {
    BACKSTEP_RETURN_IF_ERROR(Outside(StepNumber(step.number.value - 1)));
    Json args = {{"step", step.number.value}, {"clock", step.clock.value}};
    if (step.error) args["error"] = step.error->kind + ": " + step.error->message;
    const std::string name = step.name.empty()
                                 ? "step " + std::to_string(step.clock.value)
                                 : step.name;
    BACKSTEP_RETURN_IF_ERROR(
        Slice(name, step.agent, step.began_virtual, step.duration.ns, std::move(args)));
    const TimeNs ended = step.began_virtual + step.duration;
    KeepSpan(step);
    for (const TakenMessage& taken : step.took) {
      const auto message = line_.FindMessage(taken.id);
      if (!message.ok()) continue;
      BACKSTEP_RETURN_IF_ERROR(Flow(*message, step.agent, TakenAt(step, *message)));
    }
    for (const EffectRecord& effect : effects) {
      BACKSTEP_RETURN_IF_ERROR(Effect(effect, ended));
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
  OutsideMessages outside_;
  uint64_t flows_ = 0;  // numbers given
  std::map<std::pair<AgentId, AgentClock>, Span> spans_;
};

}  // namespace

Status ExportPerfetto(store::Line& line, const ExportOptions& options, const ByteSink& out) {
  return PerfettoExport(line, options, out).Run();
}

}  // namespace backstep::adapters
