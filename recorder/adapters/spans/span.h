// One span of a trace, whatever format it came from. Its texts are views into what holds the span:
// the buffer it was read from, or its own arena.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/time.h"

namespace backstep::adapters {

// Texts that stay where they are until Clear. One thread; movable.
class TextArena {
 public:
  std::string_view Keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) Grow(text.size());
    char* at = next_;
    std::memcpy(at, text.data(), text.size());
    next_ += text.size();
    left_ -= text.size();
    return {at, text.size()};
  }
  // Forgets them all, and keeps no more than one block of memory.
  void Clear() {
    if (blocks_.size() > 1 || first_size_ > kBlock) blocks_.clear();
    next_ = blocks_.empty() ? nullptr : blocks_.front().get();
    left_ = blocks_.empty() ? 0 : first_size_;
  }

 private:
  static constexpr size_t kBlock = 16u << 10;
  void Grow(size_t size) {
    const size_t block = size > kBlock ? size : kBlock;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
    if (blocks_.size() == 1) first_size_ = block;
    next_ = blocks_.back().get();
    left_ = block;
  }
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0, first_size_ = 0;
};

enum class ValueType : uint8_t { kText, kInt, kDouble, kBool, kJson, kBytes };

// A key and its value; numbers and bools as their text, lists and maps as JSON, bytes as hex.
struct Attribute {
  std::string_view key;
  std::string_view text;
  ValueType type = ValueType::kText;
};
using Attributes = std::vector<Attribute>;

struct SpanEvent {
  std::string_view name;
  TimeNs at;
  Attributes attributes;
};

struct SpanLink {
  std::string_view trace_id, span_id;
  Attributes attributes;
};

enum class SpanStatus : uint8_t { kUnset, kOk, kError };

// Where attributes that many spans share are kept; 0: nowhere. See SpanCollector.
using OriginId = uint32_t;

struct Span {
  // Hex in lower case where the source has bytes; any text where it has its own ids. May be empty.
  std::string_view trace_id, span_id, parent_id;
  std::string_view name;
  std::string_view kind;  // "internal", "client", "server", "producer", "consumer"; may be empty
  TimeNs began, ended;    // 0: not known
  SpanStatus status = SpanStatus::kUnset;
  std::string_view status_message;
  Attributes attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;
  OriginId resource = 0, scope = 0;
  // The session it belongs to, where the file says so and not the span; else empty. Not encoded.
  std::string_view session;
  TextArena arena;

  void Clear() {
    trace_id = span_id = parent_id = name = kind = status_message = session = {};
    began = ended = TimeNs{};
    status = SpanStatus::kUnset;
    attributes.clear();
    events.clear();
    links.clear();
    resource = scope = 0;
    arena.Clear();
  }
  void Set(std::string_view key, std::string_view text, ValueType type = ValueType::kText) {
    attributes.push_back({arena.Keep(key), arena.Keep(text), type});
  }
};

}  // namespace backstep::adapters
