#include <algorithm>
#include <map>
#include <unordered_map>

#include "backstep/base/hash.h"
#include "backstep/base/utf8.h"
#include "backstep/recorder/adapters/export/export.h"
#include "backstep/recorder/adapters/export/out_span.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"

namespace backstep::adapters {
namespace {

constexpr size_t kSpansPerPiece = 256;
using StepRef = std::pair<AgentId, AgentClock>;

std::string BytesOf(uint64_t number) {
  std::string bytes;
  for (int i = 7; i >= 0; --i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

class OtlpExport {
 public:
  OtlpExport(store::Line& line, const ExportOptions& options, const ByteSink& out)
      : line_(line), from_(options.from), to_(std::min(options.to, line.last())), out_(out),
        proto_(options.format == ExportFormat::kOtlpProto) {
    const std::string name = line.session_header().name + "\n" + line.header().name + "\n" +
                             std::to_string(line.header().began_wall.ns);
    trace_ = HashBytes(name);
    resource_ = {{"service.name", line.session_header().name},
                 {"telemetry.sdk.name", std::string("backstep")}};
  }

  Status Run() {
    if (!proto_) {
      BACKSTEP_RETURN_IF_ERROR(out_("{\"resourceSpans\":[{\"resource\":" + ResourceJson(resource_) +
                                    ",\"scopeSpans\":[{\"scope\":{\"name\":\"backstep\"},"
                                    "\"spans\":["));
    }
    BACKSTEP_RETURN_IF_ERROR(Root());
    BACKSTEP_RETURN_IF_ERROR(Segments());
    BACKSTEP_RETURN_IF_ERROR(ReadEvents());
    Status failure;
    const Status scanned = line_.ScanStepsInFull(
        std::max(from_, StepNumber(1)), to_,
        [&](const auto& step, const auto& effects, const auto& sent) {
          failure = Step(step, effects, sent);
          return failure.ok();
        });
    BACKSTEP_RETURN_IF_ERROR(failure);
    BACKSTEP_RETURN_IF_ERROR(scanned);
    BACKSTEP_RETURN_IF_ERROR(FlushPiece());
    return proto_ ? Status() : out_("\n]}]}]}\n");
  }

 private:
  // Ids are made of what a span stands for: the same export twice gives the same.
  std::string IdOf(uint64_t what, uint64_t a, uint64_t b, uint64_t c) const {
    return BytesOf(MixSeed(trace_.low + what, a, b, c) | 1);
  }
  std::string RootId() const { return IdOf(0, 0, 0, 0); }
  std::string StepId(const StepRef& step) const {
    return IdOf(1, step.first.value, step.second.value, 0);
  }
  std::string SegmentSpanId(SegmentId id) const { return IdOf(2, id.value, 0, 0); }

  OutSpan NewSpan(const std::string& name, std::string id, std::string parent, TimeNs began,
                  TimeNs ended) const {
    OutSpan span;
    span.trace_id = BytesOf(trace_.high) + BytesOf(trace_.low);
    span.span_id = std::move(id);
    span.parent_id = std::move(parent);
    span.name = name;
    span.began = began;
    span.ended = std::max(began, ended);
    return span;
  }

  Status Put(OutSpan span) {
    if (!proto_) {
      const char* before = first_ ? "\n" : ",\n";
      first_ = false;
      return out_(before + SpanJson(span));
    }
    piece_.push_back(std::move(span));
    return piece_.size() < kSpansPerPiece ? Status() : FlushPiece();
  }

  Status FlushPiece() {
    if (piece_.empty()) return {};
    const std::string bytes = SpansProto(resource_, piece_);
    piece_.clear();
    return out_(bytes);
  }

  Status Root() {
    const LogHeader& header = line_.header();
    const auto end = line_.end();
    TimeNs ended = end ? end->ended_wall : header.began_wall;
    OutSpan span = NewSpan("llmmas.session", RootId(), {}, header.began_wall, ended);
    span.Text("backstep.span.kind", "session");
    span.Text("llmmas.session.id", header.name);
    span.Text("session.id", header.name);
    span.Text("user.id", header.user_id);
    for (const auto& [key, value] : header.metadata) span.Text(("metadata." + key).c_str(), value);
    if (end) {
      span.Text("backstep.outcome", OutcomeName(end->outcome.kind));
      span.Text("backstep.outcome.reason", end->outcome.reason);
      if (end->outcome.score) {
        span.attributes.emplace_back("backstep.outcome.score", *end->outcome.score);
      }
    }
    return Put(std::move(span));
  }

  Status Segments() {
    BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line_.Segments());
    for (const SegmentRecord& segment : segments) {
      OutSpan span = NewSpan(
          "llmmas.workflow.segment", SegmentSpanId(segment.id),
          segment.parent.value == 0 ? RootId() : SegmentSpanId(segment.parent), segment.began_wall,
          segment.ended_wall.value_or(segment.began_wall));
      span.Text("backstep.span.kind", "segment");
      span.Text("llmmas.segment.name", segment.name);
      span.attributes.emplace_back("llmmas.segment.order", int64_t{segment.order});
      BACKSTEP_RETURN_IF_ERROR(Put(std::move(span)));
    }
    return {};
  }

  Status ReadEvents() {
    return line_.ScanEvents([this](const EventRecord& event) {
      if (event.step) events_[*event.step].push_back(event);
      return true;
    });
  }

  Result<std::string> TextOf(const BodyRef& ref) {
    if (ref.where == BodyRef::Where::kNone || ref.where == BodyRef::Where::kDropped) {
      return std::string();
    }
    BACKSTEP_ASSIGN_OR_RETURN(const Body body, line_.ReadBody(ref));
    return IsUtf8(body.bytes) ? body.bytes : Base64Of(body.bytes);
  }

  void AddFaults(const StepRecord& step, OutSpan* span) {
    for (const FaultRecord& fault : step.faults) {
      OutEvent event{"fault.applied", step.began_wall, {}};
      event.attributes = {{"llmmas.fault.injected", true},
                          {"llmmas.fault.spec_id", fault.spec_id},
                          {"llmmas.fault.type", fault.type},
                          {"llmmas.fault.decision", fault.decision},
                          {"backstep.fault.hook", fault.hook}};
      if (!fault.before.empty()) event.attributes.emplace_back("backstep.fault.before", fault.before);
      if (!fault.after.empty()) event.attributes.emplace_back("backstep.fault.after", fault.after);
      span->events.push_back(std::move(event));
    }
  }

  void AddEvents(const StepRef& step, OutSpan* span) {
    const auto found = events_.find(step);
    if (found == events_.end()) return;
    for (const EventRecord& event : found->second) {
      OutEvent out{event.name, event.began_wall, {}};
      if (!event.category.empty()) out.attributes.emplace_back("backstep.category", event.category);
      if (!event.data.empty()) out.attributes.emplace_back("backstep.data", event.data);
      span->events.push_back(std::move(out));
    }
    events_.erase(found);
  }

  static void AddFailure(const std::string& kind, const std::string& message, OutSpan* span) {
    span->failed = true;
    span->status_message = message;
    span->Text("error.type", kind);
    span->events.push_back({"exception", span->ended,
                            {{"exception.type", kind}, {"exception.message", message}}});
  }

  Status Step(const StepRecord& step, const std::vector<EffectRecord>& effects,
              const std::vector<MessageRecord>& sent) {
    const StepRef ref(step.agent, step.clock);
    const std::string parent = step.caller              ? StepId(*step.caller)
                               : step.segment.value != 0 ? SegmentSpanId(step.segment)
                                                         : RootId();
    OutSpan span = NewSpan("agent_step", StepId(ref), parent, step.began_wall, step.ended_wall);
    const std::string agent = line_.AgentName(step.agent);
    span.Text("backstep.span.kind", "step");
    span.Text("openinference.span.kind", "AGENT");
    span.Text("backstep.agent.name", agent);
    span.Text("llmmas.agent.id", agent);
    span.Text("gen_ai.agent.name", agent);
    for (const AgentRecord& record : line_.agents()) {
      if (record.id == step.agent) span.Text("llmmas.agent.role", record.role);
    }
    span.attributes.emplace_back(
        "llmmas.step.index",
        static_cast<int64_t>(step.program_index.value_or(step.clock.value)));
    span.Number("backstep.step.number", step.number.value);
    span.Number("backstep.agent.clock", step.clock.value);
    span.Text("backstep.step.name", step.name);
    AddFaults(step, &span);
    AddEvents(ref, &span);
    if (step.error) AddFailure(step.error->kind, step.error->message, &span);
    BACKSTEP_RETURN_IF_ERROR(Put(std::move(span)));
    for (const TakenMessage& taken : step.took) BACKSTEP_RETURN_IF_ERROR(Took(step, taken));
    for (const EffectRecord& effect : effects) BACKSTEP_RETURN_IF_ERROR(Effect(effect));
    for (const MessageRecord& message : sent) BACKSTEP_RETURN_IF_ERROR(Sent(ref, message));
    return {};
  }

  Status AddMessage(const MessageRecord& message, OutSpan* span) {
    span->Text("llmmas.source_agent.id", line_.AgentName(message.id.sender));
    span->Text("llmmas.target_agent.id", line_.AgentName(message.to));
    span->Text("llmmas.message.id", line_.FormatMessageId(message.id));
    span->Text("llmmas.edge.id", message.edge_id);
    span->Text("llmmas.channel", message.channel);
    span->Text("messaging.message.type", message.kind);
    span->Text("backstep.message.program_id", message.program_id);
    if (message.dropped) span->attributes.emplace_back("llmmas.message.dropped", true);
    BACKSTEP_ASSIGN_OR_RETURN(const std::string body, TextOf(message.body));
    span->Text("llmmas.message.body", body);
    return {};
  }

  Status Sent(const StepRef& step, const MessageRecord& message) {
    OutSpan span = NewSpan("send " + line_.AgentName(message.to),
                           IdOf(3, step.first.value, step.second.value,
                                uint64_t{message.id.ordinal} << 32 | message.id.copy),
                           StepId(step), message.sent_wall, message.sent_wall);
    span.kind = OutSpan::kProducer;
    span.Text("messaging.operation.type", "send");
    BACKSTEP_RETURN_IF_ERROR(AddMessage(message, &span));
    return Put(std::move(span));
  }

  Status Took(const StepRecord& step, const TakenMessage& taken) {
    const auto message = line_.FindMessage(taken.id);
    if (!message.ok()) return {};
    const bool activated =
        std::find(step.taken.begin(), step.taken.end(), taken.id) != step.taken.end();
    const StepRef ref(step.agent, step.clock);
    const TimeNs at = activated ? step.began_wall : std::max(step.began_wall, message->sent_wall);
    OutSpan span = NewSpan("process " + line_.AgentName(message->to),
                           IdOf(4, std::hash<MessageId>()(taken.id), step.number.value, 0),
                           StepId(ref), at, at);
    span.kind = OutSpan::kConsumer;
    span.Text("messaging.operation.type", "process");
    BACKSTEP_RETURN_IF_ERROR(AddMessage(*message, &span));
    return Put(std::move(span));
  }

  void AddModel(const EffectRecord& effect, const std::string& request,
                const std::string& response, OutSpan* span) {
    span->kind = OutSpan::kClient;
    span->Text("backstep.span.kind", "llm");
    span->Text("gen_ai.operation.name", "chat");
    span->Text("openinference.span.kind", "LLM");
    span->Text("gen_ai.request.model", effect.name);
    span->Text("llm.model_name", effect.name);
    span->Text("gen_ai.provider.name", effect.provider);
    span->Text("llm.provider", effect.provider);
    span->Text("llm.invocation_parameters", effect.parameters);
    span->Text("gen_ai.response.finish_reasons", effect.finish_reason);
    const Usage& usage = effect.usage;
    span->Number("gen_ai.usage.input_tokens", usage.input_tokens);
    span->Number("gen_ai.usage.output_tokens", usage.output_tokens);
    span->Number("llm.token_count.prompt", usage.input_tokens);
    span->Number("llm.token_count.completion", usage.output_tokens);
    span->Number("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
    span->Number("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens);
    if (usage.cost_usd != 0) span->attributes.emplace_back("llm.cost.total", usage.cost_usd);
    span->Text("input.value", request);
    span->Text("output.value", response);
  }

  void AddTool(const EffectRecord& effect, const std::string& request,
               const std::string& response, OutSpan* span) {
    span->Text("backstep.span.kind", "tool");
    span->Text("gen_ai.operation.name", "execute_tool");
    span->Text("openinference.span.kind", "TOOL");
    span->Text("llmmas.tool.name", effect.name);
    span->Text("gen_ai.tool.name", effect.name);
    span->Text("llmmas.tool.type", effect.tool_type);
    span->Text("gen_ai.tool.call.id", effect.tool_call_id);
    span->Text("gen_ai.tool.call.arguments", request);
    span->Text("gen_ai.tool.call.result", response);
    span->Text("input.value", request);
    span->Text("output.value", response);
  }

  Status Effect(const EffectRecord& effect) {
    BACKSTEP_ASSIGN_OR_RETURN(const std::string request, TextOf(effect.request));
    BACKSTEP_ASSIGN_OR_RETURN(const std::string response, TextOf(effect.response));
    const StepRef step(effect.agent, effect.clock);
    const TimeNs ended{effect.began_wall.ns + std::max<int64_t>(0, effect.duration.ns)};
    const char* verb = effect.kind == EffectKind::kLlm    ? "chat "
                       : effect.kind == EffectKind::kTool ? "execute_tool "
                                                          : "call ";
    OutSpan span = NewSpan(verb + effect.name,
                           IdOf(5, step.first.value, step.second.value, effect.ordinal),
                           StepId(step), effect.began_wall, ended);
    if (effect.kind == EffectKind::kLlm) {
      AddModel(effect, request, response, &span);
    } else if (effect.kind == EffectKind::kTool) {
      AddTool(effect, request, response, &span);
    } else {
      span.Text("backstep.effect.kind", EffectKindName(effect.kind));
      span.Text("backstep.input", request);
      span.Text("backstep.output", response);
    }
    if (effect.error) AddFailure(effect.error->kind, effect.error->message, &span);
    return Put(std::move(span));
  }

  store::Line& line_;
  const StepNumber from_, to_;
  const ByteSink& out_;
  const bool proto_;
  Hash128 trace_;
  OutAttributes resource_;
  bool first_ = true;
  std::vector<OutSpan> piece_;
  std::map<StepRef, std::vector<EventRecord>> events_;
};

}  // namespace

Status ExportOtlp(store::Line& line, const ExportOptions& options, const ByteSink& out) {
  return OtlpExport(line, options, out).Run();
}

}  // namespace backstep::adapters
