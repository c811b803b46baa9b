#include "backstep/recorder/adapters/langfuse/observation.h"

#include <set>

#include "backstep/recorder/adapters/langfuse/usage.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

// {"attributes", "resourceAttributes", "scope"} as OpenTelemetry had them, and the program's own.
void ReadMetadata(const Json& metadata, Span* span, Attributes* resource, Attributes* scope) {
  if (!metadata.is_object()) {
    if (!metadata.is_null()) SetJson("langfuse.metadata", metadata, span, &span->attributes);
    return;
  }
  for (const auto& [key, value] : metadata.items()) {
    const Json said = Unwrapped(value);
    if (key == "attributes") {
      SetMembers(said, span, &span->attributes);
    } else if (key == "resourceAttributes") {
      SetMembers(said, span, resource);
    } else if (key == "scope") {
      SetMembers(said, span, scope);
    } else {
      SetJson("langfuse.observation.metadata." + key, value, span, &span->attributes);
    }
  }
}

void SetText(const char* key, const Json* value, Span* span) {
  if (value == nullptr || value->is_null()) return;
  const std::string text = value->is_string() ? value->get<std::string>() : JsonText(*value);
  if (text.empty() || text == "null") return;
  span->Set(key, text, value->is_structured() ? ValueType::kJson : ValueType::kText);
}

// Columns that tell nothing of the run, or are read by name.
bool IsTold(const std::string& key) {
  static const std::set<std::string> kTold = {
      "id", "traceId", "parentObservationId", "startTime", "endTime", "name", "type", "level",
      "statusMessage", "input", "output", "model", "modelParameters", "usageDetails", "metadata",
      "createdAt", "updatedAt", "projectId", "internalModel", "internalModelId", "latency",
      "inputCost", "outputCost", "totalCost", "inputUsage", "outputUsage", "totalUsage"};
  return kTold.count(key) != 0;
}

}  // namespace

Json Unwrapped(const Json& value) {
  if (!value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() || (text.front() != '{' && text.front() != '[' && text.front() != '"')) {
    return value;
  }
  Result<Json> parsed = ParseJson(text);
  if (!parsed.ok()) return value;
  return std::move(*parsed);
}

bool ReadObservation(const Json& json, Span* span, Attributes* resource, Attributes* scope) {
  const std::string id = TextAt(json, "id"), type = TextAt(json, "type");
  if (id.empty() || type.empty()) return false;
  span->span_id = span->arena.Keep(id);
  span->trace_id = span->arena.Keep(TextAt(json, "traceId"));
  span->parent_id = span->arena.Keep(TextAt(json, "parentObservationId"));
  span->name = span->arena.Keep(TextAt(json, "name"));
  if (const Json* at = Find(json, "startTime")) {
    span->began = Noted(TimeOf(*at), at, kOddBegin, span);
  }
  if (const Json* at = Find(json, "endTime")) span->ended = Noted(TimeOf(*at), at, kOddEnd, span);
  if (span->ended.ns == 0) span->ended = span->began;
  if (TextAt(json, "level") == "ERROR") span->status = SpanStatus::kError;
  span->status_message = span->arena.Keep(TextAt(json, "statusMessage"));
  span->Set("langfuse.observation.type", type);
  SetText("langfuse.observation.input", Find(json, "input"), span);
  SetText("langfuse.observation.output", Find(json, "output"), span);
  SetText("langfuse.observation.model.name", Find(json, "model"), span);
  if (const Json* parameters = Find(json, "modelParameters")) {
    const Json said = Unwrapped(*parameters);
    if (said.is_object() && !said.empty()) {
      span->Set("langfuse.observation.model.parameters", JsonText(said), ValueType::kJson);
    }
  }
  ReadLangfuseUsage(json, span);
  for (const auto& [key, value] : json.items()) {
    if (IsTold(key) || value.is_null() || (value.is_structured() && value.empty())) continue;
    SetJson("langfuse." + key, value, span, &span->attributes);
  }
  if (const Json* metadata = Find(json, "metadata")) {
    ReadMetadata(Unwrapped(*metadata), span, resource, scope);
  }
  return true;
}

}  // namespace backstep::adapters
