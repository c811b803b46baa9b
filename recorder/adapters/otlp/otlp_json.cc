#include "backstep/recorder/adapters/otlp/otlp_json.h"

#include <span>

#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr int kValueDepthMax = 64;

// A member by its name in JSON or in the .proto file.
const Json* Member(const Json& object, std::string_view camel, std::string_view snake) {
  const Json* found = Find(object, camel);
  return found != nullptr ? found : Find(object, snake);
}

std::string Text(const Json* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? value->get<std::string>() : JsonText(*value);
}

// An AnyValue as plain JSON.
Json PlainValue(const Json& any, int depth) {
  if (!any.is_object() || any.empty() || depth > kValueDepthMax) return any;
  if (const Json* text = Member(any, "stringValue", "string_value")) return *text;
  if (const Json* flag = Member(any, "boolValue", "bool_value")) return *flag;
  if (const Json* real = Member(any, "doubleValue", "double_value")) return *real;
  if (const Json* bytes = Member(any, "bytesValue", "bytes_value")) return *bytes;
  if (const Json* number = Member(any, "intValue", "int_value")) {
    if (!number->is_string()) return *number;
    Result<Json> parsed = ParseJson(number->get_ref<const std::string&>());
    return parsed.ok() && parsed->is_number() ? std::move(*parsed) : *number;
  }
  const Json* list = Member(any, "arrayValue", "array_value");
  const Json* map = Member(any, "kvlistValue", "kvlist_value");
  const Json* values = list != nullptr ? Find(*list, "values")
                       : map           ? Find(*map, "values")
                                       : nullptr;
  Json plain = list != nullptr ? Json::array() : Json::object();
  if (values == nullptr || !values->is_array()) return plain;
  for (const Json& item : *values) {
    if (list != nullptr) {
      plain.push_back(PlainValue(item, depth + 1));
    } else if (const Json* value = Find(item, "value")) {
      // Not by operator[], which looks at every key that is there.
      plain.get_ref<Json::object_t&>().emplace_back(TextAt(item, "key"),
                                                    PlainValue(*value, depth + 1));
    }
  }
  return plain;
}

void ReadAttributes(const Json* list, Span* span, Attributes* attributes) {
  if (list == nullptr) return;
  if (list->is_object()) return SetMembers(*list, span, attributes);  // as some tools simplify it
  if (!list->is_array()) return;
  for (const Json& item : *list) {
    const Json* value = Find(item, "value");
    if (value == nullptr || !span->Room(*attributes)) continue;
    SetJson(TextAt(item, "key"), PlainValue(*value, 0), span, attributes);
  }
}

TimeNs When(const Json& object, const char* camel, const char* snake, Oddity oddity, Span* span) {
  const Json* at = Member(object, camel, snake);
  return Noted(at == nullptr ? TimeNs{} : NanosOf(*at), at, oddity, span);
}

void ReadEvents(const Json& json, Span* span) {
  const Json* events = Find(json, "events");
  if (events == nullptr || !events->is_array()) return;
  for (const Json& item : *events) {
    if (!span->Room(span->events)) continue;
    SpanEvent event;
    event.name = span->arena.Keep(TextAt(item, "name"));
    event.at = When(item, "timeUnixNano", "time_unix_nano", kOddEventTime, span);
    ReadAttributes(Find(item, "attributes"), span, &event.attributes);
    span->events.push_back(std::move(event));
  }
}

void ReadLinks(const Json& json, Span* span) {
  const Json* links = Find(json, "links");
  if (links == nullptr || !links->is_array()) return;
  for (const Json& item : *links) {
    if (!span->Room(span->links)) continue;
    SpanLink link;
    link.trace_id = span->arena.Keep(IdOf(Text(Member(item, "traceId", "trace_id")), kTraceIdSize));
    link.span_id = span->arena.Keep(IdOf(Text(Member(item, "spanId", "span_id")), kSpanIdSize));
    ReadAttributes(Find(item, "attributes"), span, &link.attributes);
    span->links.push_back(std::move(link));
  }
}

// What has no field of its own stays as an attribute.
void ReadRest(const Json& json, Span* span) {
  for (const auto& [key, name] : {std::pair{"traceState", "trace_state"},
                                  {"flags", "flags"},
                                  {"droppedAttributesCount", "dropped_attributes_count"},
                                  {"droppedEventsCount", "dropped_events_count"},
                                  {"droppedLinksCount", "dropped_links_count"}}) {
    const std::string text = Text(Member(json, key, name));
    if (!text.empty() && text != "0") span->Set(std::string("otlp.") + name, text);
  }
}

bool ReadSpan(const Json& json, Span* span) {
  if (!json.is_object()) return false;
  span->trace_id = span->arena.Keep(IdOf(Text(Member(json, "traceId", "trace_id")), kTraceIdSize));
  span->span_id = span->arena.Keep(IdOf(Text(Member(json, "spanId", "span_id")), kSpanIdSize));
  span->parent_id =
      span->arena.Keep(IdOf(Text(Member(json, "parentSpanId", "parent_span_id")), kSpanIdSize));
  span->name = span->arena.Keep(TextAt(json, "name"));
  if (span->name.empty() && span->span_id.empty()) return false;
  span->kind = KindOf(TextAt(json, "kind"));
  span->began = When(json, "startTimeUnixNano", "start_time_unix_nano", kOddBegin, span);
  span->ended = When(json, "endTimeUnixNano", "end_time_unix_nano", kOddEnd, span);
  if (const Json* status = Find(json, "status")) {
    span->status = StatusOf(TextAt(*status, "code"));
    span->status_message = span->arena.Keep(TextAt(*status, "message"));
  }
  ReadAttributes(Find(json, "attributes"), span, &span->attributes);
  ReadEvents(json, span);
  ReadLinks(json, span);
  ReadRest(json, span);
  return true;
}

enum class Level { kOther, kResourceSpans, kResource, kScopeSpans, kScope, kSpan };

using PathInRequest = std::span<const std::string>;

// A file may be a list of requests.
PathInRequest InRequest(const JsonPath& path) {
  const PathInRequest whole(path);
  return !whole.empty() && whole.front() == "*" ? whole.subspan(1) : whole;
}

Level LevelOf(PathInRequest path) {
  const auto is = [&](size_t at, std::string_view camel, std::string_view snake) {
    return path[at] == camel || path[at] == snake;
  };
  if (path.empty()) return Level::kOther;
  if (!is(0, "resourceSpans", "resource_spans")) return Level::kOther;
  if (path.size() == 2) return Level::kResourceSpans;
  if (path.size() < 3) return Level::kOther;
  if (path[2] == "resource") return Level::kResource;
  const bool scopes = is(2, "scopeSpans", "scope_spans") ||
                      is(2, "instrumentationLibrarySpans", "instrumentation_library_spans");
  if (!scopes) return Level::kOther;
  if (path.size() == 4) return Level::kScopeSpans;
  if (path.size() == 5 && (path[4] == "scope" || path[4] == "instrumentationLibrary" ||
                           path[4] == "instrumentation_library")) {
    return Level::kScope;
  }
  return path.size() == 6 && path[4] == "spans" ? Level::kSpan : Level::kOther;
}

class OtlpVisitor : public JsonVisitor {
 public:
  OtlpVisitor(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}

  JsonWant Begin(const JsonPath& path, char first) override {
    const PathInRequest within = InRequest(path);
    const Level level = LevelOf(within);
    if (path.empty()) list_ = first == '[';
    if (within.empty()) traces_ = false;
    if (within.size() == 1 && (within[0] == "resourceSpans" || within[0] == "resource_spans")) {
      traces_ = true;
    }
    if (level == Level::kResourceSpans) resource_ = collector_.ReserveOrigin();
    if (level == Level::kScopeSpans) scope_ = collector_.ReserveOrigin();
    if (level == Level::kResource || level == Level::kScope || level == Level::kSpan) {
      return JsonWant::kTake;
    }
    const bool nests = first == '{' || first == '[';
    return nests && OnTheWay(within) ? JsonWant::kEnter : JsonWant::kPass;
  }

  Status Leave(const JsonPath& path, const Place& place) override {
    const bool request = path.empty() ? !list_ : InRequest(path).empty();
    if (request && !traces_) sink_.Skip(place, "an object that holds no \"resourceSpans\"");
    return {};
  }

  Status Take(const JsonPath& path, std::string_view text, const Place& place) override {
    const Result<Json> json = ParseJson(text);
    if (!json.ok()) {
      sink_.Skip(place, json.status().message());
      return {};
    }
    span_.Clear();
    const Level level = LevelOf(InRequest(path));
    if (level == Level::kSpan) {
      if (!ReadSpan(*json, &span_)) {
        sink_.Skip(place, "a span without name and id");
        return {};
      }
      span_.resource = resource_;
      span_.scope = scope_;
      collector_.Add(&span_, place, sink_);
      return {};
    }
    Attributes attributes;
    if (level == Level::kScope) {
      for (const char* key : {"name", "version"}) {
        const std::string said = TextAt(*json, key);
        if (!said.empty()) attributes.push_back({key, span_.arena.Keep(said), ValueType::kText});
      }
    }
    ReadAttributes(Find(*json, "attributes"), &span_, &attributes);
    collector_.SetOrigin(level == Level::kScope ? scope_ : resource_, attributes, sink_);
    return {};
  }

 private:
  // The objects and lists that spans lie in.
  static bool OnTheWay(PathInRequest path) {
    static constexpr std::string_view kCamel[] = {"resourceSpans", "*", "scopeSpans", "*", "spans"};
    static constexpr std::string_view kSnake[] = {"resource_spans", "*", "scope_spans", "*",
                                                  "spans"};
    if (path.size() > 5) return false;
    for (size_t i = 0; i < path.size(); ++i) {
      const bool old = path[i] == "instrumentationLibrarySpans" ||
                       path[i] == "instrumentation_library_spans";
      if (path[i] != kCamel[i] && path[i] != kSnake[i] && !(i == 2 && old)) return false;
    }
    return true;
  }

  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
  OriginId resource_ = 0, scope_ = 0;
  bool list_ = false;    // the value at hand is a list of requests
  bool traces_ = false;  // the object at hand holds some
};

}  // namespace

int DetectOtlpJson(const Head& head) {
  const std::string_view text = FromFirstValue(head.bytes).substr(0, 4096);
  size_t at = text.empty() ? text.npos : 0;
  if (at != text.npos && text[at] == '[') at = text.find_first_not_of(" \t\r\n", at + 1);
  if (at == text.npos || text[at] != '{') return 0;
  const size_t key = text.find("\"resourceSpans\"");
  const size_t snake = text.find("\"resource_spans\"");
  const size_t found = key < snake ? key : snake;
  if (found == text.npos) return 0;
  return text.find_first_not_of(" \t\r\n", at + 1) == found ? 100 : 60;
}

Status ReadOtlpJson(Source& source, SpanCollector& collector, Sink& sink) {
  OtlpVisitor visitor(collector, sink);
  return WalkJson(source, visitor, sink);
}

}  // namespace backstep::adapters
