#include "backstep/recorder/adapters/otlp/proto_span.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "backstep/recorder/adapters/json/binary_text.h"
#include "backstep/recorder/adapters/otlp/wire.h"
#include "backstep/recorder/adapters/spans/attribute_json.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr int kNestingMax = 64;  // of lists and maps in a value

namespace field {  // opentelemetry/proto: common.proto, resource.proto, trace.proto
enum AnyValue : uint32_t {
  kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5, kMap = 6, kBytes = 7,
};
enum List : uint32_t { kValues = 1 };
enum KeyValue : uint32_t { kKey = 1, kValue = 2 };
enum Resource : uint32_t { kResourceAttributes = 1 };
enum Scope : uint32_t { kScopeName = 1, kScopeVersion = 2, kScopeAttributes = 3 };
enum Span : uint32_t {
  kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
  kStart = 7, kEnd = 8, kAttributes = 9, kDroppedAttributes = 10, kEvents = 11, kDroppedEvents = 12,
  kLinks = 13, kDroppedLinks = 14, kStatus = 15, kFlags = 16,
};
enum Event : uint32_t { kEventTime = 1, kEventName = 2, kEventAttributes = 3 };
enum Link : uint32_t { kLinkTraceId = 1, kLinkSpanId = 2, kLinkAttributes = 4 };
enum Status : uint32_t { kMessage = 2, kCode = 3 };
}  // namespace field

std::string NumberText(double number) {
  if (!std::isfinite(number)) {
    return std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), number);
  return std::string(text, end.ptr);
}

std::string IntText(uint64_t number) { return std::to_string(static_cast<int64_t>(number)); }

bool AppendAny(std::string_view message, int depth, std::string* out);

// The items of an ArrayValue or KeyValueList, as JSON.
bool AppendItems(std::string_view message, bool map, int depth, std::string* out) {
  WireReader items(message);
  out->push_back(map ? '{' : '[');
  bool first = true;
  while (items.Next()) {
    if (items.field() != field::kValues || items.wire() != Wire::kBytes) continue;
    if (!first) out->push_back(',');
    first = false;
    if (!map) {
      if (!AppendAny(items.bytes(), depth + 1, out)) return false;
      continue;
    }
    std::string_view key, value;
    WireReader pair(items.bytes());
    while (pair.Next()) {
      if (pair.wire() != Wire::kBytes) continue;
      if (pair.field() == field::kKey) key = pair.bytes();
      if (pair.field() == field::kValue) value = pair.bytes();
    }
    AppendJsonString(key, out);
    out->push_back(':');
    if (!pair.ok() || !AppendAny(value, depth + 1, out)) return false;
  }
  out->push_back(map ? '}' : ']');
  return items.ok();
}

bool AppendAny(std::string_view message, int depth, std::string* out) {
  if (depth > kNestingMax) return false;
  WireReader value(message);
  const size_t empty = out->size();
  while (value.Next()) {
    out->resize(empty);  // of a oneof the last one counts
    switch (value.field()) {
      case field::kString: AppendJsonString(value.bytes(), out); break;
      case field::kBool: out->append(value.number() != 0 ? "true" : "false"); break;
      case field::kInt: out->append(IntText(value.number())); break;
      case field::kDouble: {
        const double real = std::bit_cast<double>(value.number());
        if (std::isfinite(real)) out->append(NumberText(real));
        else AppendJsonString(NumberText(real), out);
        break;
      }
      case field::kArray:
      case field::kMap:
        if (!AppendItems(value.bytes(), value.field() == field::kMap, depth, out)) return false;
        break;
      case field::kBytes: AppendJsonString(HexOf(value.bytes()), out); break;
      default: break;
    }
  }
  if (out->size() == empty) out->append("null");
  return value.ok();
}

bool ReadAny(std::string_view message, Span* span, Attribute* attribute) {
  WireReader value(message);
  while (value.Next()) {
    switch (value.field()) {
      case field::kString:
        attribute->type = ValueType::kText;
        attribute->text = value.bytes();
        break;
      case field::kBool:
        attribute->type = ValueType::kBool;
        attribute->text = value.number() != 0 ? "true" : "false";
        break;
      case field::kInt:
        attribute->type = ValueType::kInt;
        attribute->text = span->arena.Keep(IntText(value.number()));
        break;
      case field::kDouble:
        attribute->type = ValueType::kDouble;
        attribute->text = span->arena.Keep(NumberText(std::bit_cast<double>(value.number())));
        break;
      case field::kArray:
      case field::kMap: {
        std::string json;
        if (!AppendItems(value.bytes(), value.field() == field::kMap, 0, &json)) return false;
        attribute->type = ValueType::kJson;
        attribute->text = span->arena.Keep(json);
        break;
      }
      case field::kBytes:
        attribute->type = ValueType::kBytes;
        attribute->text = span->arena.Keep(HexOf(value.bytes()));
        break;
      default: break;
    }
  }
  return value.ok();
}

bool ReadAttribute(std::string_view message, Span* span, Attributes* attributes) {
  if (!span->Room(*attributes)) return true;
  WireReader pair(message);
  Attribute attribute;
  while (pair.Next()) {
    if (pair.wire() != Wire::kBytes) continue;
    if (pair.field() == field::kKey) attribute.key = pair.bytes();
    if (pair.field() == field::kValue && !ReadAny(pair.bytes(), span, &attribute)) return false;
  }
  attributes->push_back(attribute);
  return pair.ok();
}

TimeNs TimeOfNanos(uint64_t ns, Oddity oddity, Span* span) {
  if (ns <= INT64_MAX) return {static_cast<int64_t>(ns)};
  span->odd |= oddity;
  return {};
}

std::string_view HexId(std::string_view bytes, Span* span) {
  if (bytes.find_first_not_of('\0') == bytes.npos) return {};
  return span->arena.Keep(HexOf(bytes));
}

bool ReadEvent(std::string_view message, Span* span) {
  if (!span->Room(span->events)) return true;
  WireReader reader(message);
  SpanEvent event;
  while (reader.Next()) {
    if (reader.field() == field::kEventTime) {
      event.at = TimeOfNanos(reader.number(), kOddEventTime, span);
    }
    if (reader.field() == field::kEventName) event.name = reader.bytes();
    if (reader.field() == field::kEventAttributes &&
        !ReadAttribute(reader.bytes(), span, &event.attributes)) {
      return false;
    }
  }
  span->events.push_back(std::move(event));
  return reader.ok();
}

bool ReadLink(std::string_view message, Span* span) {
  if (!span->Room(span->links)) return true;
  WireReader reader(message);
  SpanLink link;
  while (reader.Next()) {
    if (reader.field() == field::kLinkTraceId) link.trace_id = HexId(reader.bytes(), span);
    if (reader.field() == field::kLinkSpanId) link.span_id = HexId(reader.bytes(), span);
    if (reader.field() == field::kLinkAttributes &&
        !ReadAttribute(reader.bytes(), span, &link.attributes)) {
      return false;
    }
  }
  span->links.push_back(std::move(link));
  return reader.ok();
}

bool ReadStatus(std::string_view message, Span* span) {
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.field() == field::kMessage) span->status_message = reader.bytes();
    if (reader.field() == field::kCode) {
      span->status = reader.number() == 2   ? SpanStatus::kError
                     : reader.number() == 1 ? SpanStatus::kOk
                                            : SpanStatus::kUnset;
    }
  }
  return reader.ok();
}

void SetNumber(std::string_view key, uint64_t number, Span* span) {
  if (number != 0) span->Set(key, std::to_string(number), ValueType::kInt);
}

}  // namespace

bool ReadProtoResource(std::string_view message, Span* arena, Attributes* attributes) {
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.field() == field::kResourceAttributes && reader.wire() == Wire::kBytes &&
        !ReadAttribute(reader.bytes(), arena, attributes)) {
      return false;
    }
  }
  return reader.ok();
}

bool ReadProtoScope(std::string_view message, Span* arena, Attributes* attributes) {
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.wire() != Wire::kBytes) continue;
    const std::string_view bytes = reader.bytes();
    if (reader.field() == field::kScopeName) attributes->push_back({"name", bytes});
    if (reader.field() == field::kScopeVersion) attributes->push_back({"version", bytes});
    if (reader.field() == field::kScopeAttributes && !ReadAttribute(bytes, arena, attributes)) {
      return false;
    }
  }
  return reader.ok();
}

bool ReadProtoSpan(std::string_view message, Span* span) {
  WireReader reader(message);
  bool ok = true;
  while (ok && reader.Next()) {
    switch (reader.field()) {
      case field::kTraceId: span->trace_id = HexId(reader.bytes(), span); break;
      case field::kSpanId: span->span_id = HexId(reader.bytes(), span); break;
      case field::kParentSpanId: span->parent_id = HexId(reader.bytes(), span); break;
      case field::kName: span->name = reader.bytes(); break;
      case field::kKind: span->kind = KindOf(reader.number()); break;
      case field::kStart: span->began = TimeOfNanos(reader.number(), kOddBegin, span); break;
      case field::kEnd: span->ended = TimeOfNanos(reader.number(), kOddEnd, span); break;
      case field::kAttributes: ok = ReadAttribute(reader.bytes(), span, &span->attributes); break;
      case field::kEvents: ok = ReadEvent(reader.bytes(), span); break;
      case field::kLinks: ok = ReadLink(reader.bytes(), span); break;
      case field::kStatus: ok = ReadStatus(reader.bytes(), span); break;
      case field::kTraceState:
        if (!reader.bytes().empty()) {
          span->attributes.push_back({"otlp.trace_state", reader.bytes()});
        }
        break;
      case field::kDroppedAttributes:
        SetNumber("otlp.dropped_attributes_count", reader.number(), span);
        break;
      case field::kDroppedEvents:
        SetNumber("otlp.dropped_events_count", reader.number(), span);
        break;
      case field::kDroppedLinks:
        SetNumber("otlp.dropped_links_count", reader.number(), span);
        break;
      case field::kFlags: SetNumber("otlp.flags", reader.number(), span); break;
      default: break;
    }
  }
  return ok && reader.ok();
}

}  // namespace backstep::adapters
