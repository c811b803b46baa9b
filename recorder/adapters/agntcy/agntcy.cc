#include "backstep/recorder/adapters/agntcy/agntcy.h"

#include "backstep/recorder/adapters/agntcy/row.h"
#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

class RowVisitor : public JsonVisitor {
 public:
  RowVisitor(SpanCollector& collector, Sink& sink, bool by_line)
      : collector_(collector), sink_(sink), by_line_(by_line) {}

  // [row…], {session: [row…]}, or a row after another.
  JsonWant Begin(const JsonPath& path, char first) override {
    if (path.empty()) return first == '[' || !by_line_ ? JsonWant::kEnter : JsonWant::kTake;
    if (path.size() == 1 && path[0] != "*") {
      return first == '[' ? JsonWant::kEnter : JsonWant::kPass;
    }
    return JsonWant::kTake;
  }

  Status Take(const JsonPath& path, std::string_view text, const Place& place) override {
    const Result<Json> row = ParseJson(text);
    span_.Clear();
    if (!row.ok() || !ReadClickhouseRow(*row, &span_)) {
      sink_.Skip(place, row.ok() ? "not a row of a span" : row.status().message());
      return {};
    }
    // The key around the rows names the session, where the spans themselves do not.
    if (path.size() == 2 && !NamesSession()) span_.session = span_.arena.Keep(path[0]);
    ShareOrigins(*row);
    collector_.Add(&span_, place, sink_);
    return {};
  }

 private:
  bool NamesSession() const {
    for (const Attribute& attribute : span_.attributes) {
      const FieldRule* rule = FindField(attribute.key);
      if (rule != nullptr && rule->field == Field::kSession) return true;
    }
    return false;
  }

  void ShareOrigins(const Json& row) {
    Attributes resource, scope;
    SetMembers(ClickhouseColumn(row, "ResourceAttributes", ""), &span_, &resource);
    const std::string service = TextAt(row, "ServiceName");
    if (resource.empty() && !service.empty()) {
      resource.push_back({"service.name", span_.arena.Keep(service)});
    }
    for (const auto& [column, key] :
         {std::pair{"ScopeName", "name"}, {"ScopeVersion", "version"}}) {
      const std::string said = TextAt(row, column);
      if (!said.empty()) scope.push_back({key, span_.arena.Keep(said)});
    }
    span_.resource = collector_.ReserveOrigin();
    collector_.SetOrigin(span_.resource, resource, sink_);
    if (scope.empty()) return;
    span_.scope = collector_.ReserveOrigin();
    collector_.SetOrigin(span_.scope, scope, sink_);
  }

  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
  const bool by_line_;
};

// Whether the first value of an object is no list: then it is a row itself.
bool BeginsWithRow(std::string_view head) {
  head = FromFirstValue(head);
  const size_t key = head.find_first_not_of(" \t\r\n{\xef\xbb\xbf");
  const size_t end = key == head.npos ? head.npos : head.find('"', key + 1);
  const size_t value = end == head.npos ? head.npos : head.find_first_not_of(" \t\r\n:", end + 1);
  return value != head.npos && head[value] != '[';
}

class AgntcyImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "agntcy", "OpenTelemetry spans as rows of ClickHouse (AGNTCY observability, JSON)",
        "what OTLP brings; sessions of many traces", "what OTLP lacks; values are all texts"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    for (const char* key : {"\"SpanName\"", "\"SpanId\"", "\"TraceId\"", "\"SpanAttributes\""}) {
      if (head.bytes.find(key) == head.bytes.npos) return 0;
    }
    return 95;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    std::string_view head;
    BACKSTEP_ASSIGN_OR_RETURN(head, source.Peek());
    RowVisitor visitor(collector_, sink, BeginsWithRow(head));
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "agntcy");
  }
  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"agntcy"};
};

}  // namespace

std::unique_ptr<Importer> MakeAgntcyImporter() { return std::make_unique<AgntcyImporter>(); }

}  // namespace backstep::adapters
