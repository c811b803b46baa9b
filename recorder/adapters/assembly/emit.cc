#include <algorithm>
#include <utility>

#include "backstep/recorder/adapters/assembly/assembler.h"
#include "backstep/recorder/adapters/spans/attribute_json.h"
#include "backstep/recorder/adapters/spans/span_codec.h"

namespace backstep::adapters {
namespace {

constexpr size_t kBytesPerEvent = 64;  // of a span that make room for an event kept by itself
constexpr size_t kDecisionMax = 4096;  // bytes of what a fault decided
constexpr size_t kResourcesMax = 16;  // whose attributes stand in a session's metadata

const char* RoleName(SpanRole role) {
  switch (role) {
    case SpanRole::kOther: return "span";
    case SpanRole::kSession: return "session";
    case SpanRole::kSegment: return "segment";
    case SpanRole::kAgent: return "agent";
    case SpanRole::kLlm: return "llm";
    case SpanRole::kTool: return "tool";
    case SpanRole::kRetriever: return "retriever";
    case SpanRole::kSend: return "send";
    case SpanRole::kReceive: return "receive";
    case SpanRole::kHandoff: return "handoff";
  }
  return "span";
}

std::string ObjectText(const Attributes& attributes) {
  std::string text;
  AppendJsonObject(attributes, nullptr, &text);
  return text;
}

void AppendMember(std::string_view key, std::string_view text, std::string* out) {
  if (text.empty()) return;
  out->append(out->size() > 1 ? ",\"" : "\"").append(key).append("\":");
  AppendJsonString(text, out);
}

// "stop" of ["stop"] and of "stop".
std::string FirstWord(std::string_view text) {
  const size_t open = text.find('"');
  if (open == text.npos || text.front() != '[') return std::string(text);
  return std::string(text.substr(open + 1, text.find('"', open + 1) - open - 1));
}

Usage UsageOf(const Meaning& meaning) {
  const auto count = [&](Field field) {
    return meaning.IsCount(field) ? meaning.Number(field) : 0;
  };
  Usage usage;
  usage.input_tokens = count(Field::kInputTokens);
  usage.output_tokens = count(Field::kOutputTokens);
  usage.cached_tokens = std::min(count(Field::kCachedTokens), usage.input_tokens);
  usage.reasoning_tokens = std::min(count(Field::kReasoningTokens), usage.output_tokens);
  usage.cost_usd = std::max(0.0, meaning.Real(Field::kCost));
  const double first_s = meaning.Has(Field::kFirstTokenS)
                             ? meaning.Real(Field::kFirstTokenS)
                             : meaning.Real(Field::kFirstTokenMs) / 1e3;
  if (first_s > 0 && first_s < 1e6) {
    usage.time_to_first_token.ns = static_cast<int64_t>(first_s * 1e9);
  }
  return usage;
}

std::string ParametersOf(const Span& span, const Meaning& meaning, bool repeats) {
  std::string given;
  if (meaning.Has(Field::kParameters)) {
    const Result<Json> json = ParseJson(meaning.Text(Field::kParameters));
    if (json.ok() && json->is_object() && !json->empty()) given = JsonText(*json);
  }
  constexpr std::string_view kPrefix = "gen_ai.request.";
  Attributes own;
  for (const Attribute& attribute : span.attributes) {
    if (attribute.key.substr(0, kPrefix.size()) != kPrefix) continue;
    const std::string_view name = attribute.key.substr(kPrefix.size());
    if (name != "model") own.push_back({name, attribute.text, attribute.type});
  }
  // The tokens of a call inside this one are counted there.
  if (repeats) own.push_back({"wraps_calls", "true", ValueType::kBool});
  if (own.empty()) return given;
  std::string text = ObjectText(own);
  if (!given.empty()) text.replace(text.size() - 1, 1, "," + given.substr(1));
  return text;
}

std::string ToolName(const Span& span, const Meaning& meaning) {
  if (meaning.Has(Field::kToolName)) return std::string(meaning.Text(Field::kToolName));
  std::string_view name = span.name;
  for (std::string_view head : {"execute_tool ", "running tool: "}) {
    if (name.substr(0, head.size()) == head) return std::string(name.substr(head.size()));
  }
  if (name.size() > 5 && name.substr(name.size() - 5) == ".tool") name.remove_suffix(5);
  return std::string(name);
}

void AppendEvent(const SpanEvent& event, std::string* out) {
  std::string json = "{";
  AppendMember("name", event.name, &json);
  if (event.at.ns != 0) AppendMember("time_unix_ns", std::to_string(event.at.ns), &json);
  if (!event.attributes.empty()) {
    json.append(json.size() > 1 ? ",\"attributes\":" : "\"attributes\":");
    json += ObjectText(event.attributes);
  }
  out->append(out->empty() ? "[" : ",").append(json).append("}");
}

// Events that are already the body of a call, or say what it used.
bool SaidElsewhere(const SpanEvent& event, SpanRole role) {
  if (role == SpanRole::kOther || role == SpanRole::kSegment) return false;
  const std::string_view name = event.name;
  return name == "data.input" || name == "data.output" || name == "gen_ai.choice" ||
         (name.substr(0, 7) == "gen_ai." && name.find(".message") != name.npos);
}

}  // namespace

std::optional<KeptBody> Assembler::Keep(const std::optional<SpanExchange::Part>& part) {
  if (!part) return std::nullopt;
  return sink_.Keep(part->bytes, part->media);
}

void Assembler::AddEffect(Current* now) {
  const Meaning& meaning = now->meaning;
  const SpanSketch& sketch = *now->node->sketch;
  EffectDraft effect;
  effect.step = *now->step;
  effect.began = sketch.began;
  effect.duration = sketch.ended - sketch.began;
  if (meaning.role == SpanRole::kLlm) {
    const bool repeats = now->node->usage_below;
    effect.kind = EffectKind::kLlm;
    effect.name = meaning.Has(Field::kModel) ? meaning.Text(Field::kModel) : span_.name;
    effect.provider = meaning.Text(Field::kProvider);
    effect.parameters = ParametersOf(span_, meaning, repeats);
    if (!repeats) effect.usage = UsageOf(meaning);
    effect.finish_reason = FirstWord(meaning.Text(Field::kFinishReason));
    KeepConversation(*now);
  } else {
    effect.name = ToolName(span_, meaning);
    effect.tool_type =
        meaning.role == SpanRole::kRetriever ? "retriever" : meaning.Text(Field::kToolType);
    effect.tool_call_id = meaning.Text(Field::kToolCallId);
  }
  effect.request = Keep(now->exchange.request).value_or(KeptBody{});
  effect.response = Keep(now->exchange.response);
  if (now->failure.failed) {
    effect.error = CallError{.kind = now->failure.kind, .message = now->failure.message};
    // A call that failed has no response in a recording.
    if (effect.response) KeepOutput(*now, *std::exchange(effect.response, std::nullopt));
  }
  draft_.Add(std::move(effect));
  effects_in_step_[now->step->value] = 1;
}

// What came out where nobody took it as an answer.
void Assembler::KeepOutput(const Current& now, const KeptBody& output) {
  NoteDraft note{.step = now.step, .name = "output", .category = "output"};
  note.kept_data = output;
  note.began = now.node->sketch->ended;
  draft_.notes.push_back(std::move(note));
}

// The newest call of a step shows the agent's whole conversation: its state, as far as one can
// tell.
void Assembler::KeepConversation(const Current& now) {
  if (now.exchange.conversation.empty()) return;
  std::string state = R"({"reconstructed":true,"conversation":[)";
  for (const std::string& message : now.exchange.conversation) {
    if (state.back() != '[') state += ',';
    state += message;
  }
  state += "]}";
  std::string& kept = states_[now.step->value];
  states_bytes_ += state.size();
  states_bytes_ -= kept.size();
  kept = std::move(state);
  reconstructed_ = true;
}

void Assembler::FlushStates() {
  for (const auto& [step, state] : states_) {
    draft_.steps[step].state = sink_.Keep(state, Media::kJson);
  }
  states_.clear();
  states_bytes_ = 0;
}

void Assembler::AddFaults(const Current& now) {
  const Meaning& meaning = now.meaning;
  std::vector<FaultRecord> faults;
  for (const SpanEvent& event : span_.events) {
    if (event.name != "fault.applied" || faults.size() >= 1000) continue;
    FaultRecord fault;
    std::string_view decision;
    for (const Attribute& attribute : event.attributes) {
      const FieldRule* rule = FindField(attribute.key);
      const Field field = rule == nullptr ? Field::kCount : rule->field;
      if (field == Field::kFaultSpec) fault.spec_id = attribute.text;
      else if (field == Field::kFaultType) fault.type = attribute.text;
      else if (field == Field::kFaultDecision) decision = attribute.text;
      else if (attribute.key == "backstep.fault.hook") fault.hook = attribute.text;
      else if (attribute.key == "backstep.fault.before") fault.before = attribute.text;
      else if (attribute.key == "backstep.fault.after") fault.after = attribute.text;
      else if (fault.decision.size() < kDecisionMax) {
        fault.decision.append(" ").append(attribute.key).append("=").append(attribute.text);
      }
    }
    fault.decision.insert(0, decision.substr(0, kDecisionMax));
    faults.push_back(std::move(fault));
  }
  if (faults.empty() && meaning.True(Field::kFault)) {
    FaultRecord fault;
    fault.spec_id = meaning.Text(Field::kFaultSpec);
    fault.type = meaning.Text(Field::kFaultType);
    fault.decision = meaning.Text(Field::kFaultDecision);
    faults.push_back(std::move(fault));
  }
  if (!now.step) return;
  for (FaultRecord& fault : faults) {
    const std::string layer = fault.type.substr(0, fault.type.find('.'));
    if (!fault.hook.empty()) {
      // it says so itself
    } else if (layer == "a2a") {
      fault.hook = meaning.role == SpanRole::kReceive ? "a2a_receive" : "a2a_send";
    } else if (layer == "llm" || layer == "tool") {
      fault.hook = layer + "_call";
    } else {
      fault.hook = "agent_step";
    }
    fault.decision.resize(std::min(fault.decision.size(), kDecisionMax));
    draft_.steps[now.step->value].faults.push_back(std::move(fault));
  }
}

void Assembler::AddEvents(const Current& now) {
  const bool step = now.node->is_step;
  event_room_ += bytes_.size() / kBytesPerEvent;
  std::string rest;
  for (const SpanEvent& event : span_.events) {
    if (step && now.meaning.role == SpanRole::kOther
            ? SaidElsewhere(event, SpanRole::kAgent)
            : SaidElsewhere(event, now.meaning.role)) {
      continue;
    }
    if (event_room_ == 0) {
      AppendEvent(event, &rest);
      continue;
    }
    --event_room_;
    NoteDraft note;
    note.step = now.step;
    note.name = event.name.empty() ? "event" : event.name;
    note.category = event.name == "exception" ? "error" : "info";
    note.began = event.at;
    if (!event.attributes.empty()) {
      note.kept_data = sink_.Keep(ObjectText(event.attributes), Media::kJson);
    }
    draft_.notes.push_back(std::move(note));
  }
  if (rest.empty()) return;
  NoteDraft note{.step = now.step, .name = "further events", .category = "info"};
  note.kept_data = sink_.Keep(rest + "]", Media::kJson);
  note.began = now.node->sketch->began;
  draft_.notes.push_back(std::move(note));
}

const Attributes& Assembler::AttributesOf(OriginId id) {
  const auto [found, added] = origin_attributes_.try_emplace(id);
  const Origin* origin = collector_.origin(id);
  if (!added || origin == nullptr) return found->second;
  if (origin_attributes_.size() > 1000) {  // forget rather than hold as many as a file likes
    origin_attributes_.clear();
    origin_bytes_.clear();
    return AttributesOf(id);
  }
  Result<std::string> bytes = sink_.Read(origin->body);
  if (!bytes.ok()) return found->second;  // the body file's failure sticks and ends the import
  std::string& kept = origin_bytes_[id] = std::move(*bytes);
  if (!DecodeAttributes(kept, &found->second).ok()) found->second.clear();
  return found->second;
}

uint32_t Assembler::ResourceNumber(OriginId id) {
  const Origin* origin = collector_.origin(id);
  if (origin == nullptr) return 0;
  const auto next = static_cast<uint32_t>(resource_numbers_.size() + 1);
  const auto [found, added] = resource_numbers_.try_emplace(origin->body.at, next);
  if (added && resources_.size() < kResourcesMax) resources_.push_back(id);
  return found->second;
}

void Assembler::DescribeResources() {
  for (size_t i = 0; i < resources_.size(); ++i) {
    const Attributes& attributes = AttributesOf(resources_[i]);
    if (attributes.empty()) continue;
    draft_.metadata.emplace_back(i == 0 ? "resource" : "resource." + std::to_string(i + 1),
                                 ObjectText(attributes));
  }
}

// What a span says that found no other home, and what tells it apart in the tool it came from.
std::string Assembler::SpanData(const Current& now) {
  std::string data = "{";
  AppendMember("trace_id", span_.trace_id, &data);
  AppendMember("span_id", span_.span_id, &data);
  AppendMember("parent_span_id", span_.parent_id, &data);
  AppendMember("kind", span_.kind, &data);
  if (span_.status != SpanStatus::kUnset) {
    AppendMember("status", span_.status == SpanStatus::kOk ? "ok" : "error", &data);
  }
  AppendMember("status_message", span_.status_message, &data);
  const auto append = [&](std::string_view key, const std::string& json) {
    data.append(data.size() > 1 ? ",\"" : "\"").append(key).append("\":").append(json);
  };
  if (span_.ended < span_.began) append("end_unix_ns", std::to_string(span_.ended.ns));
  const uint32_t resource = ResourceNumber(span_.resource);
  if (resource > 1) append("resource", std::to_string(resource));
  const Attributes& scope = AttributesOf(span_.scope);
  if (!scope.empty()) append("scope", ObjectText(scope));
  std::string attributes;
  AppendJsonObject(span_.attributes, &now.exchange.used, &attributes);
  if (attributes.size() > 2) append("attributes", attributes);
  std::string links;
  for (const SpanLink& link : span_.links) {
    std::string json = "{";
    AppendMember("trace_id", link.trace_id, &json);
    AppendMember("span_id", link.span_id, &json);
    if (!link.attributes.empty()) {
      json.append(json.size() > 1 ? ",\"attributes\":" : "\"attributes\":");
      json += ObjectText(link.attributes);
    }
    links.append(links.empty() ? "[" : ",").append(json).append("}");
  }
  if (!links.empty()) append("links", links + "]");
  return data + "}";
}

void Assembler::AddSpanNote(const Current& now) {
  NoteDraft note;
  note.step = now.step;
  note.kind = EventRecord::Kind::kSpan;
  note.name = span_.name.empty() ? "span" : span_.name;
  note.category = RoleName(now.meaning.role);
  note.kept_data = sink_.Keep(SpanData(now), Media::kJson);
  note.began = now.node->sketch->began;
  note.duration = now.node->sketch->ended - now.node->sketch->began;
  draft_.notes.push_back(std::move(note));
}

}  // namespace backstep::adapters
