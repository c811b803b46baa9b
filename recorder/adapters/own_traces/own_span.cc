#include "backstep/recorder/adapters/own_traces/own_span.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/jsonl/record_json.h"
#include "backstep/recorder/adapters/own_traces/keys.h"

namespace backstep::adapters {
namespace {

constexpr size_t kExcerptMax = 4096;  // bytes, as FaultRecord has it
constexpr size_t kFaultsMax = 1000;   // of one step

std::string Excerpt(const OwnAttributes& said, const char* key) {
  return CutText(said.Text(key), kExcerptMax);
}

Media MediaOfType(std::string_view type) {
  if (type.starts_with("application/json")) return Media::kJson;
  return type.empty() || type.starts_with("text/") ? Media::kText : Media::kBytes;
}

}  // namespace

const Attribute* OwnAttributes::Find(std::string_view key) const {
  for (const Attribute& attribute : attributes_) {
    if (attribute.key == key) return &attribute;
  }
  return nullptr;
}

std::string OwnAttributes::Text(std::string_view key) const {
  const Attribute* found = Find(key);
  return found == nullptr ? std::string() : std::string(found->text);
}

std::optional<int64_t> OwnAttributes::Integer(std::string_view key) const {
  const Attribute* found = Find(key);
  int64_t number = 0;
  if (found == nullptr) return std::nullopt;
  const char* last = found->text.data() + found->text.size();
  const auto end = std::from_chars(found->text.data(), last, number);
  if (end.ec != std::errc() || end.ptr != last) return std::nullopt;
  return number;
}

uint64_t OwnAttributes::Count(std::string_view key) const {
  return static_cast<uint64_t>(std::max<int64_t>(0, Integer(key).value_or(0)));
}

double OwnAttributes::Real(std::string_view key) const { return std::atof(Text(key).c_str()); }

bool OwnAttributes::True(std::string_view key) const { return Text(key) == "true"; }

TextPairs OwnAttributes::Pairs(std::string_view key) const {
  const Result<Json> list = ParseJson(Text(key));
  return list.ok() ? PairsFrom(*list) : TextPairs();
}

std::optional<Outcome> OwnOutcome(const Span& span) {
  const OwnAttributes said(span.attributes);
  if (said.Find(own::kOutcome) == nullptr) return std::nullopt;
  Outcome outcome;
  outcome.kind = ParseOutcomeKind(said.Text(own::kOutcome)).value_or(Outcome::Kind::kUnknown);
  outcome.reason = said.Text(own::kOutcomeReason);
  if (said.Find(own::kOutcomeScore) != nullptr) outcome.score = said.Real(own::kOutcomeScore);
  return outcome;
}

std::optional<KeptBody> OwnBody(const Span& span, const char* key, const char* media_key,
                                Sink& sink) {
  const OwnAttributes said(span.attributes);
  const Attribute* body = said.Find(key);
  if (body == nullptr) return std::nullopt;
  std::string media = said.Text(media_key);
  constexpr std::string_view kBase64 = ";base64";
  if (media.ends_with(kBase64)) {
    media.resize(media.size() - kBase64.size());
    const Result<std::string> bytes = FromBase64(body->text);
    if (bytes.ok()) return sink.Keep(*bytes, MediaOfType(media.empty() ? "bytes" : media));
  }
  const bool nothing = media.empty() && body->text.empty();
  return sink.Keep(body->text, nothing ? Media::kBytes : MediaOfType(media));
}

EffectDraft OwnEffect(const Span& span, EffectKind kind, Sink& sink) {
  const OwnAttributes said(span.attributes);
  EffectDraft effect;
  effect.kind = kind;
  effect.name = said.Text(kind == EffectKind::kLlm ? "gen_ai.request.model" : "llmmas.tool.name");
  effect.provider = said.Text("gen_ai.provider.name");
  effect.parameters = said.Text("llm.invocation_parameters");
  effect.tool_type = said.Text("llmmas.tool.type");
  effect.tool_call_id = said.Text("gen_ai.tool.call.id");
  effect.finish_reason = said.Text("gen_ai.response.finish_reasons");
  effect.request = OwnBody(span, "input.value", own::kInputMedia, sink).value_or(KeptBody{});
  effect.response = OwnBody(span, "output.value", own::kOutputMedia, sink);
  effect.began = span.began;
  effect.duration = span.ended < span.began ? DurationNs{} : span.ended - span.began;
  effect.usage.input_tokens = said.Count("gen_ai.usage.input_tokens");
  effect.usage.output_tokens = said.Count("gen_ai.usage.output_tokens");
  effect.usage.cached_tokens = said.Count("gen_ai.usage.cache_read.input_tokens");
  effect.usage.reasoning_tokens = said.Count("gen_ai.usage.reasoning.output_tokens");
  effect.usage.cost_usd = said.Real("llm.cost.total");
  effect.usage.time_to_first_token.ns = static_cast<int64_t>(said.Count(own::kFirstTokenNs));
  if (span.status != SpanStatus::kError) return effect;
  effect.error = CallError{.kind = said.Text("error.type"),
                           .code = said.Integer(own::kErrorCode).value_or(0),
                           .message = std::string(span.status_message)};
  if (const auto ns = said.Integer(own::kRetryAfterNs)) effect.error->retry_after = DurationNs{*ns};
  return effect;
}

OwnMessage OwnMessageOf(const Span& span, Sink& sink) {
  const OwnAttributes said(span.attributes);
  OwnMessage message{said.Text("llmmas.source_agent.id"), said.Text("llmmas.target_agent.id"),
                     said.Text(own::kReplyTo), {}};
  message.draft.edge_id = said.Text("llmmas.edge.id");
  message.draft.channel = said.Text("llmmas.channel");
  message.draft.kind = said.Text("messaging.message.type");
  message.draft.program_id = said.Text(own::kProgramId);
  message.draft.attributes = said.Pairs(own::kMessageAttributes);
  message.draft.dropped = said.True("llmmas.message.dropped");
  message.draft.sent = span.began;
  message.draft.body =
      OwnBody(span, "llmmas.message.body", own::kMessageMedia, sink).value_or(KeptBody{});
  return message;
}

std::vector<FaultRecord> OwnFaults(const Span& span) {
  std::vector<FaultRecord> faults;
  for (const SpanEvent& event : span.events) {
    const OwnAttributes said(event.attributes);
    if (event.name != "fault.applied" || said.Find(own::kEventKind) != nullptr) continue;
    if (faults.size() == kFaultsMax) break;
    FaultRecord fault;
    fault.spec_id = Excerpt(said, "llmmas.fault.spec_id");
    fault.type = Excerpt(said, "llmmas.fault.type");
    fault.hook = Excerpt(said, own::kFaultHook);
    fault.decision = Excerpt(said, "llmmas.fault.decision");
    fault.before = Excerpt(said, own::kFaultBefore);
    fault.after = Excerpt(said, own::kFaultAfter);
    faults.push_back(std::move(fault));
  }
  return faults;
}

std::optional<StepError> OwnError(const Span& span) {
  if (span.status != SpanStatus::kError) return std::nullopt;
  return StepError{OwnAttributes(span.attributes).Text("error.type"),
                   std::string(span.status_message)};
}

std::optional<NoteDraft> OwnNote(std::string_view name, TimeNs at, const Attributes& attributes,
                                 Sink& sink) {
  const OwnAttributes said(attributes);
  const std::string kind = said.Text(own::kEventKind);
  if (kind.empty()) return std::nullopt;
  NoteDraft note;
  note.kind = ParseEventKind(kind).value_or(EventRecord::Kind::kEvent);
  note.name = name;
  note.category = said.Text(own::kCategory);
  if (const Attribute* data = said.Find(own::kData)) {
    note.kept_data = sink.Keep(data->text, Media::kText);
  }
  note.began = at;
  note.duration.ns = said.Integer(own::kDurationNs).value_or(0);
  return note;
}

}  // namespace backstep::adapters
