#include "backstep/recorder/adapters/otel_sdk/sdk_span.h"

#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

// The first of these names that is there.
const Json* FirstOf(const Json& json, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const Json* found = Find(json, name);
    if (found != nullptr && !found->is_null()) return found;
  }
  return nullptr;
}

std::string FirstText(const Json& json, std::initializer_list<const char*> names) {
  const Json* found = FirstOf(json, names);
  if (found == nullptr) return {};
  return found->is_string() ? found->get<std::string>() : JsonText(*found);
}

TimeNs When(const Json& json, std::initializer_list<const char*> nanos, const char* iso,
            Oddity oddity, Span* span) {
  if (const Json* found = FirstOf(json, nanos)) return Noted(NanosOf(*found), found, oddity, span);
  const Json* found = Find(json, iso);
  return Noted(found == nullptr ? TimeNs{} : TimeOf(*found), found, oddity, span);
}

void ReadEvents(const Json& json, Span* span) {
  const Json* events = Find(json, "events");
  if (events == nullptr || !events->is_array()) return;
  for (const Json& item : *events) {
    SpanEvent event;
    event.name = span->arena.Keep(TextAt(item, "name"));
    event.at = When(item, {"timestamp_unix_nano", "time_unix_nano"}, "timestamp", kOddEventTime,
                    span);
    if (const Json* attributes = Find(item, "attributes")) {
      SetMembers(*attributes, span, &event.attributes);
    }
    span->events.push_back(std::move(event));
  }
}

void ReadLinks(const Json& json, Span* span) {
  const Json* links = Find(json, "links");
  if (links == nullptr || !links->is_array()) return;
  for (const Json& item : *links) {
    const Json* context = Find(item, "context");
    const Json& ids = context == nullptr ? item : *context;
    SpanLink link;
    link.trace_id = span->arena.Keep(IdOf(TextAt(ids, "trace_id"), kTraceIdSize));
    link.span_id = span->arena.Keep(IdOf(TextAt(ids, "span_id"), kSpanIdSize));
    if (const Json* attributes = Find(item, "attributes")) {
      SetMembers(*attributes, span, &link.attributes);
    }
    span->links.push_back(std::move(link));
  }
}

}  // namespace

bool ReadSdkSpan(const Json& json, Span* span) {
  const Json* context = Find(json, "context");
  const Json& ids = context == nullptr ? json : *context;
  span->trace_id = span->arena.Keep(IdOf(FirstText(ids, {"trace_id", "traceId"}), kTraceIdSize));
  span->span_id = span->arena.Keep(IdOf(FirstText(ids, {"span_id", "spanId"}), kSpanIdSize));
  span->parent_id = span->arena.Keep(
      IdOf(FirstText(json, {"parent_id", "parent_span_id", "parentSpanId"}), kSpanIdSize));
  if (span->parent_id == "none" || span->parent_id == "None") span->parent_id = {};
  span->name = span->arena.Keep(TextAt(json, "name"));
  if (span->name.empty() && span->span_id.empty()) return false;
  span->kind = KindOf(TextAt(json, "kind"));
  span->began = When(json, {"start_time_unix_nano"}, "start_time", kOddBegin, span);
  span->ended = When(json, {"end_time_unix_nano"}, "end_time", kOddEnd, span);
  if (const Json* status = Find(json, "status")) {
    span->status = StatusOf(TextAt(*status, "status_code"));
    const std::string text = FirstText(*status, {"description", "message"});
    if (text != "None") span->status_message = span->arena.Keep(text);
  }
  if (const Json* attributes = Find(json, "attributes")) {
    SetMembers(*attributes, span, &span->attributes);
  }
  ReadEvents(json, span);
  ReadLinks(json, span);
  return true;
}

}  // namespace backstep::adapters
