#include "backstep/recorder/adapters/langfuse/langfuse.h"

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/langfuse/observation.h"

namespace backstep::adapters {
namespace {

class LangfuseVisitor : public JsonVisitor {
 public:
  LangfuseVisitor(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}

  // An export, a list of them, or {"data": […]} as the API answers.
  JsonWant Begin(const JsonPath& path, char first) override {
    if (path.empty() && first == '[') return JsonWant::kEnter;
    return JsonWant::kTake;
  }

  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    Result<Json> json = ParseJson(text);
    if (!json.ok() || !json->is_object()) {
      sink_.Skip(place, json.ok() ? "not a trace of Langfuse" : json.status().message());
      return {};
    }
    const Json* trace = Find(*json, "trace");
    if (trace == nullptr || !trace->is_object()) trace = &*json;
    const Json* observations = Find(*json, "observations");
    if (observations == nullptr || !observations->is_array() || observations->empty()) {
      observations = Find(*trace, "observations");
    }
    if (observations == nullptr || !observations->is_array()) {
      sink_.Skip(place, "a trace without a list of observations");
      return {};
    }
    const std::string session = SessionOf(*trace);
    DescribeTrace(*trace, session);
    for (size_t i = 0; i < observations->size(); ++i) {
      AddObservation((*observations)[i], session, place);
    }
    return {};
  }

 private:
  static std::string SessionOf(const Json& trace) {
    const std::string session = TextAt(trace, "sessionId");
    return session.empty() ? TextAt(trace, "id") : session;
  }

  void DescribeTrace(const Json& trace, const std::string& session) {
    for (const auto& [key, value] : trace.items()) {
      if (value.is_null() || key == "observations" || (value.is_structured() && value.empty())) {
        continue;
      }
      std::string text = value.is_string() ? value.get<std::string>() : JsonText(value);
      if (!text.empty()) collector_.Describe(session, "source." + key, std::move(text));
    }
  }

  void AddObservation(const Json& json, const std::string& session, const Place& place) {
    span_.Clear();
    Attributes resource, scope;
    if (!ReadObservation(json, &span_, &resource, &scope)) {
      sink_.Skip(place, "an observation without id or type");
      return;
    }
    span_.session = span_.arena.Keep(session);
    if (!resource.empty()) {
      span_.resource = collector_.ReserveOrigin();
      collector_.SetOrigin(span_.resource, resource, sink_);
    }
    if (!scope.empty()) {
      span_.scope = collector_.ReserveOrigin();
      collector_.SetOrigin(span_.scope, scope, sink_);
    }
    collector_.Add(&span_, place, sink_);
  }

  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
};

class LangfuseImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "langfuse", "Langfuse traces with their observations (JSON)",
        "what OTLP brings, with Langfuse's own counts of tokens and costs, scores as metadata",
        "messages between agents other than those the tree of observations shows"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    const auto has = [&](const char* key) { return head.bytes.find(key) != head.bytes.npos; };
    if (FromFirstValue(head.bytes).empty()) return 0;
    if (has("\"parentObservationId\"") && has("\"traceId\"")) return 92;
    return has("\"trace\"") && has("\"projectId\"") && has("\"sessionId\"") ? 80 : 0;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    LangfuseVisitor visitor(collector_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "langfuse");
  }
  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"langfuse"};
};

}  // namespace

std::unique_ptr<Importer> MakeLangfuseImporter() { return std::make_unique<LangfuseImporter>(); }

}  // namespace backstep::adapters
