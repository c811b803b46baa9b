// Writes protobuf messages by hand, so that a test can make any, broken ones too.
#pragma once

#include <cstdint>
#include <string>

namespace backstep::adapters::testing {

inline std::string Varint(uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<char>(number | 0x80));
  bytes.push_back(static_cast<char>(number));
  return bytes;
}
inline std::string BytesField(uint32_t field, const std::string& bytes) {
  return Varint(field << 3 | 2) + Varint(bytes.size()) + bytes;
}
inline std::string NumberField(uint32_t field, uint64_t number) {
  return Varint(field << 3) + Varint(number);
}
inline std::string Fixed64Field(uint32_t field, uint64_t number) {
  std::string bytes = Varint(field << 3 | 1);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}
inline std::string TextAttribute(const std::string& key, const std::string& text) {
  return BytesField(1, key) + BytesField(2, BytesField(1, text));
}
inline std::string IntAttribute(const std::string& key, uint64_t number) {
  return BytesField(1, key) + BytesField(2, NumberField(3, number));
}

struct ProtoSpanText {
  std::string trace = std::string(16, 't'), id, parent, name;
  uint64_t began = 0, ended = 0;
  std::string rest;  // further fields
};
inline std::string ProtoSpan(const ProtoSpanText& span) {
  std::string bytes = BytesField(1, span.trace) + BytesField(2, span.id);
  if (!span.parent.empty()) bytes += BytesField(4, span.parent);
  return bytes + BytesField(5, span.name) + Fixed64Field(7, span.began) +
         Fixed64Field(8, span.ended) + span.rest;
}
inline std::string ProtoTraces(const std::string& spans, const std::string& service = "shop") {
  const std::string resource = BytesField(1, BytesField(1, TextAttribute("service.name", service)));
  const std::string scope = BytesField(1, BytesField(1, "tracer"));
  return BytesField(1, resource + BytesField(2, scope + spans));
}

}  // namespace backstep::adapters::testing
