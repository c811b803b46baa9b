#include "backstep/recorder/adapters/export/out_span.h"

#include <bit>

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/json/binary_text.h"

namespace backstep::adapters {
namespace {

constexpr char kScopeName[] = "backstep";
constexpr int kStatusError = 2;

Json ValueJson(const OutValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return {{"stringValue", *text}};
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return {{"intValue", std::to_string(*number)}};
  }
  if (const auto* real = std::get_if<double>(&value)) return {{"doubleValue", *real}};
  return {{"boolValue", std::get<bool>(value)}};
}

Json AttributesJson(const OutAttributes& attributes) {
  Json list = Json::array();
  for (const auto& [key, value] : attributes) {
    Json pair = Json::object();
    pair["key"] = key;
    pair["value"] = ValueJson(value);
    list.push_back(std::move(pair));
  }
  return list;
}

// The wire format of protocol buffers, written: fields of a message one after another.
class ProtoWriter {
 public:
  // A zero is left out but for what is one of several kinds: without it that is none.
  void Varint(uint32_t field, uint64_t number, bool always = false) {
    if (number == 0 && !always) return;
    Raw(field << 3);
    Raw(number);
  }
  void Fixed64(uint32_t field, uint64_t number, bool always = false) {
    if (number == 0 && !always) return;
    Raw(field << 3 | 1);
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(number >> (8 * i)));
  }
  void Bytes(uint32_t field, const std::string& bytes) {
    Raw(field << 3 | 2);
    Raw(bytes.size());
    bytes_ += bytes;
  }
  void Text(uint32_t field, const std::string& text) {
    if (!text.empty()) Bytes(field, text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  void Raw(uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_.push_back(static_cast<char>(number | 0x80));
    bytes_.push_back(static_cast<char>(number));
  }
  std::string bytes_;
};

// Field numbers are those of opentelemetry/proto: common.proto, resource.proto, trace.proto.
std::string ValueProto(const OutValue& value) {
  ProtoWriter any;
  if (const auto* text = std::get_if<std::string>(&value)) {
    any.Bytes(1, *text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    any.Varint(3, static_cast<uint64_t>(*number), true);
  } else if (const auto* real = std::get_if<double>(&value)) {
    any.Fixed64(4, std::bit_cast<uint64_t>(*real), true);
  } else {
    any.Varint(2, std::get<bool>(value) ? 1 : 0, true);
  }
  return any.Take();
}

void PutAttributes(uint32_t field, const OutAttributes& attributes, ProtoWriter* message) {
  for (const auto& [key, value] : attributes) {
    ProtoWriter pair;
    pair.Text(1, key);
    pair.Bytes(2, ValueProto(value));
    message->Bytes(field, pair.Take());
  }
}

std::string SpanProto(const OutSpan& span) {
  ProtoWriter message;
  message.Bytes(1, span.trace_id);
  message.Bytes(2, span.span_id);
  message.Text(4, span.parent_id);
  message.Text(5, span.name);
  message.Varint(6, static_cast<uint64_t>(span.kind));
  message.Fixed64(7, static_cast<uint64_t>(span.began.ns));
  message.Fixed64(8, static_cast<uint64_t>(span.ended.ns));
  PutAttributes(9, span.attributes, &message);
  for (const OutEvent& event : span.events) {
    ProtoWriter inner;
    inner.Fixed64(1, static_cast<uint64_t>(event.at.ns));
    inner.Text(2, event.name);
    PutAttributes(3, event.attributes, &inner);
    message.Bytes(11, inner.Take());
  }
  if (span.failed) {
    ProtoWriter status;
    status.Text(2, span.status_message);
    status.Varint(3, kStatusError);
    message.Bytes(15, status.Take());
  }
  return message.Take();
}

}  // namespace

std::string ResourceJson(const OutAttributes& resource) {
  return JsonText({{"attributes", AttributesJson(resource)}});
}

std::string SpanJson(const OutSpan& span) {
  Json json = Json::object();
  json["traceId"] = HexOf(span.trace_id);
  json["spanId"] = HexOf(span.span_id);
  if (!span.parent_id.empty()) json["parentSpanId"] = HexOf(span.parent_id);
  json["name"] = span.name;
  json["kind"] = static_cast<int>(span.kind);
  json["startTimeUnixNano"] = std::to_string(span.began.ns);
  json["endTimeUnixNano"] = std::to_string(span.ended.ns);
  json["attributes"] = AttributesJson(span.attributes);
  Json events = Json::array();
  for (const OutEvent& event : span.events) {
    events.push_back({{"timeUnixNano", std::to_string(event.at.ns)},
                      {"name", event.name},
                      {"attributes", AttributesJson(event.attributes)}});
  }
  if (!events.empty()) json["events"] = std::move(events);
  if (span.failed) json["status"] = {{"code", kStatusError}, {"message", span.status_message}};
  return JsonText(json);
}

std::string SpansProto(const OutAttributes& resource, const std::vector<OutSpan>& spans) {
  ProtoWriter owner, scope, scope_spans, resource_spans, whole;
  PutAttributes(1, resource, &owner);
  scope.Text(1, kScopeName);
  scope_spans.Bytes(1, scope.Take());
  for (const OutSpan& span : spans) scope_spans.Bytes(2, SpanProto(span));
  resource_spans.Bytes(1, owner.Take());
  resource_spans.Bytes(2, scope_spans.Take());
  whole.Bytes(1, resource_spans.Take());
  return whole.Take();
}

}  // namespace backstep::adapters
