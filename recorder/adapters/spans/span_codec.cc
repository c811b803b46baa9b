#include "backstep/recorder/adapters/spans/span_codec.h"

namespace backstep::adapters {
namespace {

void PutNumber(uint64_t number, std::string* out) {
  while (number >= 0x80) {
    out->push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out->push_back(static_cast<char>(number));
}

void PutSigned(int64_t number, std::string* out) {
  PutNumber((static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63), out);
}

void PutText(std::string_view text, std::string* out) {
  PutNumber(text.size(), out);
  out->append(text);
}

class Parts {
 public:
  explicit Parts(std::string_view bytes) : bytes_(bytes) {}
  bool failed() const { return failed_; }

  uint64_t Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    failed_ = true;
    return 0;
  }
  int64_t Signed() {
    const uint64_t number = Number();
    return static_cast<int64_t>(number >> 1) ^ -static_cast<int64_t>(number & 1);
  }
  std::string_view Text() {
    const uint64_t size = Number();
    if (size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }
  // How many items follow; each takes at least a byte.
  uint64_t Count() {
    const uint64_t count = Number();
    if (count > bytes_.size()) failed_ = true;
    return failed_ ? 0 : count;
  }
  void Into(Attributes* attributes) {
    const uint64_t count = Count();
    attributes->clear();
    attributes->reserve(count);
    for (uint64_t i = 0; i < count && !failed_; ++i) {
      const std::string_view key = Text();
      const auto type = static_cast<ValueType>(Number());
      attributes->push_back({key, Text(), type});
    }
  }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

Status NotOurs() {
  return Status::Corruption("a span in the file of bodies is not as it was written");
}

}  // namespace

void EncodeAttributes(const Attributes& attributes, std::string* out) {
  PutNumber(attributes.size(), out);
  for (const Attribute& attribute : attributes) {
    PutText(attribute.key, out);
    PutNumber(static_cast<uint64_t>(attribute.type), out);
    PutText(attribute.text, out);
  }
}

Status DecodeAttributes(std::string_view bytes, Attributes* attributes) {
  Parts parts(bytes);
  parts.Into(attributes);
  return parts.failed() ? NotOurs() : Status();
}

void EncodeSpan(const Span& span, std::string* out) {
  out->clear();
  for (std::string_view text :
       {span.trace_id, span.span_id, span.parent_id, span.name, span.kind, span.status_message}) {
    PutText(text, out);
  }
  PutSigned(span.began.ns, out);
  PutSigned(span.ended.ns, out);
  PutNumber(static_cast<uint64_t>(span.status), out);
  EncodeAttributes(span.attributes, out);
  PutNumber(span.events.size(), out);
  for (const SpanEvent& event : span.events) {
    PutText(event.name, out);
    PutSigned(event.at.ns, out);
    EncodeAttributes(event.attributes, out);
  }
  PutNumber(span.links.size(), out);
  for (const SpanLink& link : span.links) {
    PutText(link.trace_id, out);
    PutText(link.span_id, out);
    EncodeAttributes(link.attributes, out);
  }
  PutNumber(span.resource, out);
  PutNumber(span.scope, out);
}

Status DecodeSpan(std::string_view bytes, Span* span) {
  Parts parts(bytes);
  span->Clear();
  for (std::string_view* text : {&span->trace_id, &span->span_id, &span->parent_id, &span->name,
                                 &span->kind, &span->status_message}) {
    *text = parts.Text();
  }
  span->began.ns = parts.Signed();
  span->ended.ns = parts.Signed();
  span->status = static_cast<SpanStatus>(parts.Number());
  parts.Into(&span->attributes);
  span->events.resize(parts.Count());
  for (SpanEvent& event : span->events) {
    event.name = parts.Text();
    event.at.ns = parts.Signed();
    parts.Into(&event.attributes);
  }
  span->links.resize(parts.Count());
  for (SpanLink& link : span->links) {
    link.trace_id = parts.Text();
    link.span_id = parts.Text();
    parts.Into(&link.attributes);
  }
  span->resource = static_cast<OriginId>(parts.Number());
  span->scope = static_cast<OriginId>(parts.Number());
  return parts.failed() ? NotOurs() : Status();
}

}  // namespace backstep::adapters
