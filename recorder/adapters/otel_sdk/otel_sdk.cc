#include "backstep/recorder/adapters/otel_sdk/otel_sdk.h"

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/otel_sdk/sdk_span.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

class SdkVisitor : public JsonVisitor {
 public:
  SdkVisitor(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}

  JsonWant Begin(const JsonPath& path, char first) override {
    if (path.empty()) return first == '[' ? JsonWant::kEnter : JsonWant::kTake;
    return JsonWant::kTake;
  }

  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    const Result<Json> json = ParseJson(text);
    span_.Clear();
    if (!json.ok() || !ReadSdkSpan(*json, &span_)) {
      sink_.Skip(place, json.ok() ? "not a span" : json.status().message());
      return {};
    }
    const Json* resource = Find(*json, "resource");
    const Json* attributes = resource == nullptr ? nullptr : Find(*resource, "attributes");
    if (attributes != nullptr) {
      Attributes shared;
      SetMembers(*attributes, &span_, &shared);
      span_.resource = collector_.ReserveOrigin();
      collector_.SetOrigin(span_.resource, shared, sink_);
    }
    collector_.Add(&span_, place, sink_);
    return {};
  }

 private:
  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
};

class OtelSdkImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "otel_sdk", "OpenTelemetry spans as SDKs print them (Python's console exporter, Monocle)",
        "what OTLP brings", "what OTLP lacks; the instrumentation's scope"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    const std::string_view text = FromFirstValue(head.bytes);
    for (const char* key : {"\"context\"", "\"trace_id\"", "\"span_id\"", "\"name\""}) {
      if (text.find(key) == text.npos) return 0;
    }
    return text.find("\"parent_id\"") != text.npos || text.find("\"start_time\"") != text.npos ? 85
                                                                                               : 0;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    SdkVisitor visitor(collector_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "otel_sdk");
  }
  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"otel_sdk"};
};

}  // namespace

std::unique_ptr<Importer> MakeOtelSdkImporter() { return std::make_unique<OtelSdkImporter>(); }

}  // namespace backstep::adapters
