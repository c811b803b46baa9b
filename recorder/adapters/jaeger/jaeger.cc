#include "backstep/recorder/adapters/jaeger/jaeger.h"

#include <map>

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr int64_t kMicrosecond = 1000;

TimeNs FromMicroseconds(const Json* value, Oddity oddity, Span* span) {
  const TimeNs us = value == nullptr ? TimeNs{} : NanosOf(*value);
  return Noted({us.ns > INT64_MAX / kMicrosecond ? 0 : us.ns * kMicrosecond}, value, oddity, span);
}

// [{"key", "type", "value"}]
void ReadTags(const Json* tags, Span* span, Attributes* attributes) {
  if (tags == nullptr || !tags->is_array()) return;
  for (const Json& tag : *tags) {
    if (const Json* value = Find(tag, "value")) {
      SetJson(TextAt(tag, "key"), *value, span, attributes);
    }
  }
}

void ReadReferences(const Json& json, Span* span) {
  if (const std::string parent = TextAt(json, "parentSpanID"); !parent.empty()) {
    span->parent_id = span->arena.Keep(IdOf(parent, kSpanIdSize));
  }
  const Json* references = Find(json, "references");
  if (references == nullptr || !references->is_array()) return;
  for (const Json& reference : *references) {
    const std::string_view trace =
        span->arena.Keep(IdOf(TextAt(reference, "traceID"), kTraceIdSize));
    const std::string_view id = span->arena.Keep(IdOf(TextAt(reference, "spanID"), kSpanIdSize));
    const bool here = trace.empty() || trace == span->trace_id;
    if (TextAt(reference, "refType") == "CHILD_OF" && here && span->parent_id.empty()) {
      span->parent_id = id;
    } else {
      span->links.push_back({trace, id, {}});
    }
  }
}

void ReadLogs(const Json& json, Span* span) {
  const Json* logs = Find(json, "logs");
  if (logs == nullptr || !logs->is_array()) return;
  for (const Json& log : *logs) {
    SpanEvent event;
    event.at = FromMicroseconds(Find(log, "timestamp"), kOddEventTime, span);
    ReadTags(Find(log, "fields"), span, &event.attributes);
    for (const Attribute& attribute : event.attributes) {
      if (attribute.key == "event") event.name = attribute.text;
    }
    span->events.push_back(std::move(event));
  }
}

// What OpenTelemetry's exporter to Jaeger put into tags.
void ReadOtelTags(Span* span) {
  for (const Attribute& tag : span->attributes) {
    if (tag.key == "span.kind") span->kind = KindOf(tag.text);
    if (tag.key == "otel.status_code") span->status = StatusOf(tag.text);
    if (tag.key == "otel.status_description") span->status_message = tag.text;
    if (tag.key == "error" && tag.text == "true") span->status = SpanStatus::kError;
  }
}

bool ReadSpan(const Json& json, Span* span) {
  span->trace_id = span->arena.Keep(IdOf(TextAt(json, "traceID"), kTraceIdSize));
  span->span_id = span->arena.Keep(IdOf(TextAt(json, "spanID"), kSpanIdSize));
  span->name = span->arena.Keep(TextAt(json, "operationName"));
  if (span->name.empty() && span->span_id.empty()) return false;
  span->began = FromMicroseconds(Find(json, "startTime"), kOddBegin, span);
  const int64_t duration = FromMicroseconds(Find(json, "duration"), kOddDuration, span).ns;
  if (span->began.ns <= INT64_MAX - duration) span->ended = {span->began.ns + duration};
  ReadTags(Find(json, "tags"), span, &span->attributes);
  ReadReferences(json, span);
  ReadLogs(json, span);
  ReadOtelTags(span);
  if (const Json* warnings = Find(json, "warnings"); warnings != nullptr && warnings->is_array()) {
    SetJson("jaeger.warnings", *warnings, span, &span->attributes);
  }
  return true;
}

class JaegerVisitor : public JsonVisitor {
 public:
  JaegerVisitor(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}

  JsonWant Begin(const JsonPath& path, char first) override {
    const size_t base = path.size() >= 2 && path[0] == "data" ? 2 : 0;
    if (path.size() == base && first == '{') processes_.clear();
    if (path.size() == base + 2 && path[base] == "spans") return JsonWant::kTake;
    if (path.size() == base + 1 && path[base] == "processes") return JsonWant::kTake;
    const bool on_the_way = path.size() == base || (path.size() == 1 && path[0] == "data") ||
                            (path.size() == base + 1 && path[base] == "spans");
    return on_the_way ? JsonWant::kEnter : JsonWant::kPass;
  }

  Status Take(const JsonPath& path, std::string_view text, const Place& place) override {
    const Result<Json> json = ParseJson(text);
    if (!json.ok() || !json->is_object()) {
      sink_.Skip(place, json.ok() ? "not an object" : json.status().message());
      return {};
    }
    span_.Clear();
    if (path.back() == "processes") {
      for (const auto& [id, process] : json->items()) Describe(id, process);
      return {};
    }
    if (!ReadSpan(*json, &span_)) {
      sink_.Skip(place, "a span without name and id");
      return {};
    }
    const Json* inner = Find(*json, "process");  // as in Jaeger's own storage
    const std::string process =
        inner != nullptr ? TextAt(*json, "spanID") : TextAt(*json, "processID");
    span_.resource = OriginOf(process);
    if (inner != nullptr) Describe(process, *inner);
    collector_.Add(&span_, place, sink_);
    return {};
  }

 private:
  // Processes stand behind the spans that they ran.
  OriginId OriginOf(const std::string& process) {
    const auto [found, added] = processes_.try_emplace(process, 0);
    if (added) found->second = collector_.ReserveOrigin();
    return found->second;
  }
  void Describe(const std::string& id, const Json& process) {
    Attributes attributes;
    const std::string service = TextAt(process, "serviceName");
    Span& arena = processes_arena_;
    arena.Clear();
    if (!service.empty()) attributes.push_back({"service.name", arena.arena.Keep(service)});
    ReadTags(Find(process, "tags"), &arena, &attributes);
    collector_.SetOrigin(OriginOf(id), attributes, sink_);
  }

  SpanCollector& collector_;
  Sink& sink_;
  Span span_, processes_arena_;
  std::map<std::string, OriginId> processes_;  // of the trace at hand
};

class JaegerImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{"jaeger", "Jaeger traces (JSON)",
                                  "what OTLP brings, as far as its tags and logs hold it",
                                  "what OTLP lacks; times are to the microsecond"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    const std::string_view text = FromFirstValue(head.bytes);
    if (!text.starts_with('{')) return 0;
    const bool names = text.find("\"operationName\"") != text.npos;
    return names && text.find("\"traceID\"") != text.npos ? 95 : 0;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    JaegerVisitor visitor(collector_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "jaeger");
  }
  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"jaeger"};
};

}  // namespace

std::unique_ptr<Importer> MakeJaegerImporter() { return std::make_unique<JaegerImporter>(); }

}  // namespace backstep::adapters
