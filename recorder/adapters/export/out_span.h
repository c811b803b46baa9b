// A span on its way out, and its two encodings: OTLP/JSON and OTLP/protobuf.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "backstep/base/time.h"

namespace backstep::adapters {

using OutValue = std::variant<std::string, int64_t, double, bool>;
using OutAttributes = std::vector<std::pair<std::string, OutValue>>;

struct OutEvent {
  std::string name;
  TimeNs at;
  OutAttributes attributes;
};

struct OutSpan {
  enum Kind : int { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };
  std::string trace_id, span_id, parent_id;  // 16, 8 and 8 or no bytes
  std::string name;
  Kind kind = kInternal;
  TimeNs began, ended;
  OutAttributes attributes;
  std::vector<OutEvent> events;
  bool failed = false;
  std::string status_message;

  // Leaves out what is empty or zero.
  void Text(const char* key, const std::string& text) {
    if (!text.empty()) attributes.emplace_back(key, text);
  }
  // The newest attribute's value under another key as well.
  void Again(const char* key) {
    OutValue value = attributes.back().second;
    attributes.emplace_back(key, std::move(value));
  }
  void Number(const char* key, uint64_t number) {
    if (number != 0) attributes.emplace_back(key, static_cast<int64_t>(number));
  }
};

std::string SpanJson(const OutSpan& span);
// A ResourceSpans message of these, as field 1 of TracesData: such pieces behind one another are
// one TracesData.
std::string SpansProto(const OutAttributes& resource, const std::vector<OutSpan>& spans);
std::string ResourceJson(const OutAttributes& resource);

}  // namespace backstep::adapters
