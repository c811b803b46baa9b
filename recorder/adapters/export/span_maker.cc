#include "backstep/recorder/adapters/export/span_maker.h"

#include <algorithm>

#include "backstep/base/hash.h"
#include "backstep/base/utf8.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/recorder/adapters/own_traces/keys.h"

namespace backstep::adapters {
namespace {

std::string BytesOf(uint64_t number) {
  std::string bytes;
  for (int i = 7; i >= 0; --i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

void AddEventFields(const EventRecord& event, OutAttributes* attributes) {
  attributes->emplace_back(own::kEventKind, std::string(EventKindName(event.kind)));
  if (!event.category.empty()) attributes->emplace_back(own::kCategory, event.category);
  if (!event.data.empty()) attributes->emplace_back(own::kData, event.data);
  if (event.duration.ns != 0) attributes->emplace_back(own::kDurationNs, event.duration.ns);
}

void AddEvents(const Events& events, OutSpan* span) {
  for (const EventRecord& event : events) {
    OutEvent out{event.name, event.began_wall, {}};
    AddEventFields(event, &out.attributes);
    span->events.push_back(std::move(out));
  }
}

void AddFaults(const StepRecord& step, OutSpan* span) {
  for (const FaultRecord& fault : step.faults) {
    OutEvent event{"fault.applied", step.began_wall, {}};
    event.attributes = {{"llmmas.fault.injected", true},
                        {"llmmas.fault.spec_id", fault.spec_id},
                        {"llmmas.fault.type", fault.type},
                        {"llmmas.fault.decision", fault.decision},
                        {own::kFaultHook, fault.hook}};
    if (!fault.before.empty()) event.attributes.emplace_back(own::kFaultBefore, fault.before);
    if (!fault.after.empty()) event.attributes.emplace_back(own::kFaultAfter, fault.after);
    span->events.push_back(std::move(event));
  }
}

void AddOutcome(const Outcome& outcome, OutSpan* span) {
  span->Text(own::kOutcome, OutcomeName(outcome.kind));
  span->Text(own::kOutcomeReason, outcome.reason);
  if (outcome.score) span->attributes.emplace_back(own::kOutcomeScore, *outcome.score);
}

void AddFailure(const std::string& kind, const std::string& message, OutSpan* span) {
  span->failed = true;
  span->status_message = message;
  span->Text("error.type", kind);
  span->events.push_back(
      {"exception", span->ended, {{"exception.type", kind}, {"exception.message", message}}});
}

bool IsGone(const BodyRef& ref) {
  return ref.where == BodyRef::Where::kNone || ref.where == BodyRef::Where::kDropped;
}

// Where it came from stays known, once: an import says anew what it read.
TextPairs MetadataOf(const LogHeader& header) {
  TextPairs pairs;
  const bool twice = std::any_of(header.metadata.begin(), header.metadata.end(), [](const auto& m) {
    return m.first.starts_with("source.import.");
  });
  for (const auto& [key, value] : header.metadata) {
    const bool import = key.starts_with("import.");
    if (!import) pairs.emplace_back(key, value);
    if (import && !twice) pairs.emplace_back("source." + key, value);
  }
  return pairs;
}

}  // namespace

SpanMaker::SpanMaker(store::Line& line) : line_(line) {
  const std::string name = line.session_header().name + "\n" + line.header().name + "\n" +
                           std::to_string(line.header().began_wall.ns);
  trace_ = HashBytes(name);
}

OutAttributes SpanMaker::Resource() const {
  return {{"service.name", line_.session_header().name},
          {"telemetry.sdk.name", std::string("backstep")}};
}

std::string SpanMaker::IdOf(uint64_t what, uint64_t a, uint64_t b, uint64_t c) const {
  return BytesOf(MixSeed(trace_.low + what, a, b, c) | 1);
}

std::string SpanMaker::StepId(AgentId agent, AgentClock clock) const {
  return IdOf(1, agent.value, clock.value, 0);
}

OutSpan SpanMaker::NewSpan(const char* kind, const std::string& name, std::string id,
                           std::string parent, TimeNs began, TimeNs ended) const {
  OutSpan span;
  span.trace_id = BytesOf(trace_.high) + BytesOf(trace_.low);
  span.span_id = std::move(id);
  span.parent_id = std::move(parent);
  span.name = name;
  span.began = began;
  span.ended = std::max(began, ended);
  span.Text(own::kKind, kind);
  return span;
}

OutSpan SpanMaker::Session(const Events& events) const {
  const LogHeader& header = line_.header();
  const auto end = line_.end();
  OutSpan span = NewSpan("session", "llmmas.session", SessionId(), {}, header.began_wall,
                         end ? end->ended_wall : header.began_wall);
  span.Number(own::kExport, own::kExportVersion);
  span.Text("llmmas.session.id", header.name);
  span.Text("session.id", header.name);
  span.Text("user.id", header.user_id);
  span.Text(own::kGroup, header.group_id);
  if (!header.tags.empty()) span.Text(own::kTags, JsonText(Json(header.tags)));
  const TextPairs metadata = MetadataOf(header);
  std::string last;
  for (const auto& [key, value] : metadata) {
    if (key != last) span.Text(("metadata." + key).c_str(), value);
    last = key;
  }
  if (!metadata.empty()) span.Text(own::kMetadata, JsonText(PairsJson(metadata)));
  if (end) AddOutcome(end->outcome, &span);
  AddEvents(events, &span);
  return span;
}

OutSpan SpanMaker::Agent(const AgentRecord& agent) const {
  const TimeNs began = line_.header().began_wall;
  OutSpan span = NewSpan("agent", "create_agent " + agent.name, IdOf(6, agent.id.value, 0, 0),
                         SessionId(), began, began);
  span.Text("gen_ai.operation.name", "create_agent");
  span.Text("gen_ai.agent.name", agent.name);
  span.Text(own::kAgentName, agent.name);
  span.Text("llmmas.agent.id", agent.name);
  span.Text("llmmas.agent.role", agent.role);
  span.Text("gen_ai.request.model", agent.model);
  span.Text(own::kImplementation, agent.implementation);
  span.Text(own::kAgentAttributes, agent.attributes);
  return span;
}

OutSpan SpanMaker::Segment(const SegmentRecord& segment) const {
  OutSpan span = NewSpan(
      "segment", "llmmas.workflow.segment", SegmentSpanId(segment.id),
      segment.parent.value == 0 ? SessionId() : SegmentSpanId(segment.parent), segment.began_wall,
      segment.ended_wall.value_or(segment.began_wall));
  span.Text("llmmas.segment.name", segment.name);
  span.attributes.emplace_back("llmmas.segment.order", int64_t{segment.order});
  span.Number(own::kSegment, segment.id.value);
  return span;
}

OutSpan SpanMaker::Step(const StepRecord& step, const Events& events) const {
  const std::string parent = step.caller ? StepId(step.caller->first, step.caller->second)
                             : step.segment.value != 0 ? SegmentSpanId(step.segment)
                                                       : SessionId();
  OutSpan span = NewSpan("step", "agent_step", StepId(step.agent, step.clock), parent,
                         step.began_wall, step.ended_wall);
  const std::string agent = line_.AgentName(step.agent);
  span.Text("openinference.span.kind", "AGENT");
  span.Text(own::kAgentName, agent);
  span.Text("llmmas.agent.id", agent);
  span.Text("gen_ai.agent.name", agent);
  const auto& agents = line_.agents();
  if (step.agent.value < agents.size()) {
    span.Text("llmmas.agent.role", agents[step.agent.value].role);
  }
  const uint64_t index = step.program_index.value_or(step.clock.value);
  span.attributes.emplace_back("llmmas.step.index", static_cast<int64_t>(index));
  if (step.program_index) {
    span.attributes.emplace_back(own::kIndex, static_cast<int64_t>(*step.program_index));
  }
  span.Number(own::kNumber, step.number.value);
  span.Number(own::kBeginAfter, step.begin_after.value);
  span.Number("backstep.agent.clock", step.clock.value);
  span.Number(own::kSegment, step.segment.value);
  span.Text(own::kStepName, step.name);
  if (step.outcome) AddOutcome(*step.outcome, &span);
  AddFaults(step, &span);
  AddEvents(events, &span);
  if (step.error) AddFailure(step.error->kind, step.error->message, &span);
  return span;
}

Status SpanMaker::AddBody(const BodyRef& ref, const char* key, const char* media_key,
                          OutSpan* span) const {
  if (IsGone(ref)) return {};
  BACKSTEP_ASSIGN_OR_RETURN(Body body, line_.ReadBody(ref));
  const bool text = IsUtf8(body.bytes);
  if (!text || !body.media_type.empty()) {
    span->attributes.emplace_back(media_key, body.media_type + (text ? "" : ";base64"));
  }
  span->attributes.emplace_back(key, text ? std::move(body.bytes) : Base64Of(body.bytes));
  return {};
}

Status SpanMaker::AddMessage(const MessageRecord& message, OutSpan* span) const {
  span->Text("llmmas.source_agent.id", line_.AgentName(message.id.sender));
  span->Text("llmmas.target_agent.id", line_.AgentName(message.to));
  span->Text("llmmas.message.id", line_.FormatMessageId(message.id));
  span->Text("llmmas.edge.id", message.edge_id);
  span->Text("llmmas.channel", message.channel);
  span->Text("messaging.message.type", message.kind);
  span->Text(own::kProgramId, message.program_id);
  if (message.dropped) span->attributes.emplace_back("llmmas.message.dropped", true);
  return AddBody(message.body, "llmmas.message.body", own::kMessageMedia, span);
}

Result<OutSpan> SpanMaker::Sent(const MessageRecord& message) const {
  const MessageId& id = message.id;
  const std::string parent = id.sender == kOutside ? SessionId() : StepId(id.sender, id.clock);
  OutSpan span = NewSpan("send", "send " + line_.AgentName(message.to),
                         IdOf(3, id.sender.value, id.clock.value,
                              uint64_t{id.ordinal} << 32 | id.copy),
                         parent, message.sent_wall, message.sent_wall);
  span.kind = OutSpan::kProducer;
  span.Text("messaging.operation.type", "send");
  if (!message.attributes.empty()) {
    span.Text(own::kMessageAttributes, JsonText(PairsJson(message.attributes)));
  }
  if (message.reply_to) span.Text(own::kReplyTo, line_.FormatMessageId(*message.reply_to));
  BACKSTEP_RETURN_IF_ERROR(AddMessage(message, &span));
  return span;
}

Result<OutSpan> SpanMaker::Took(const StepRecord& step, const MessageRecord& message) const {
  const bool activates =
      std::find(step.taken.begin(), step.taken.end(), message.id) != step.taken.end();
  const TimeNs at = activates ? step.began_wall : std::max(step.began_wall, message.sent_wall);
  OutSpan span = NewSpan("process", "process " + line_.AgentName(message.to),
                         IdOf(4, std::hash<MessageId>()(message.id), step.number.value, 0),
                         StepId(step.agent, step.clock), at, at);
  span.kind = OutSpan::kConsumer;
  span.Text("messaging.operation.type", "process");
  if (activates) span.attributes.emplace_back(own::kActivates, true);
  BACKSTEP_RETURN_IF_ERROR(AddMessage(message, &span));
  return span;
}

void SpanMaker::AddModel(const EffectRecord& effect, OutSpan* span) const {
  span->kind = OutSpan::kClient;
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
  if (usage.time_to_first_token.ns != 0) {
    const int64_t ns = usage.time_to_first_token.ns;
    span->attributes.emplace_back("gen_ai.response.time_to_first_chunk",
                                  static_cast<double>(ns) / 1e9);
    span->attributes.emplace_back(own::kFirstTokenNs, ns);
  }
}

Result<OutSpan> SpanMaker::Effect(const EffectRecord& effect) const {
  const TimeNs ended{effect.began_wall.ns + std::max<int64_t>(0, effect.duration.ns)};
  const char* verb = effect.kind == EffectKind::kLlm    ? "chat "
                     : effect.kind == EffectKind::kTool ? "execute_tool "
                                                        : "call ";
  OutSpan span = NewSpan(EffectKindName(effect.kind), verb + effect.name,
                         IdOf(5, effect.agent.value, effect.clock.value, effect.ordinal),
                         StepId(effect.agent, effect.clock), effect.began_wall, ended);
  if (effect.kind == EffectKind::kLlm) {
    AddModel(effect, &span);
  } else {
    span.Text("llmmas.tool.name", effect.name);
    span.Text("llmmas.tool.type", effect.tool_type);
    span.Text("gen_ai.tool.call.id", effect.tool_call_id);
  }
  if (effect.kind == EffectKind::kTool) {
    span.Text("gen_ai.operation.name", "execute_tool");
    span.Text("openinference.span.kind", "TOOL");
    span.Text("gen_ai.tool.name", effect.name);
  }
  const bool tool = effect.kind == EffectKind::kTool;
  const char* const keys[] = {"gen_ai.tool.call.arguments", "gen_ai.tool.call.result"};
  BACKSTEP_RETURN_IF_ERROR(AddBody(effect.request, "input.value", own::kInputMedia, &span));
  if (tool && !IsGone(effect.request)) span.Again(keys[0]);
  BACKSTEP_RETURN_IF_ERROR(AddBody(effect.response, "output.value", own::kOutputMedia, &span));
  if (tool && !IsGone(effect.response)) span.Again(keys[1]);
  if (!effect.error) return span;
  if (effect.error->code != 0) span.attributes.emplace_back(own::kErrorCode, effect.error->code);
  if (effect.error->retry_after) {
    span.attributes.emplace_back(own::kRetryAfterNs, effect.error->retry_after->ns);
  }
  AddFailure(effect.error->kind, effect.error->message, &span);
  return span;
}

OutSpan SpanMaker::Event(const EventRecord& event) const {
  OutSpan span = NewSpan("event", event.name, IdOf(7, event.sequence, event.after.value, 0),
                         event.step ? StepId(event.step->first, event.step->second) : SessionId(),
                         event.began_wall, event.began_wall);
  AddEventFields(event, &span.attributes);
  return span;
}

}  // namespace backstep::adapters
