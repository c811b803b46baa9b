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

// What a source says of a span and cannot be so.
enum Oddity : uint8_t { kOddBegin = 1, kOddEnd = 2, kOddDuration = 4, kOddEventTime = 8 };

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
  // What SpanCollector::Add is to tell. Not encoded.
  uint8_t odd = 0;           // of Oddity, as far as the reader saw it
  uint64_t beyond_room = 0;  // parts that were more than a span may have; see Room
  TextArena arena;

  void Clear() {
    trace_id = span_id = parent_id = name = kind = status_message = session = {};
    began = ended = TimeNs{};
    status = SpanStatus::kUnset;
    attributes.clear();
    events.clear();
    links.clear();
    resource = scope = 0;
    odd = 0;
    beyond_room = 0;
    arena.Clear();
  }
  // Whether a list of its attributes, events or links has room for one more; counts those it has
  // not. A part of two bytes in a file takes some fifty here.
  template <typename Parts>
  bool Room(const Parts& parts) {
    constexpr size_t kMax = sizeof(parts[0]) <= sizeof(Attribute) ? kAttributesMax : kPartsMax;
    if (parts.size() < kMax) return true;
    ++beyond_room;
    return false;
  }
  static constexpr size_t kAttributesMax = 1'000'000, kPartsMax = 100'000;
  void Set(std::string_view key, std::string_view text, ValueType type = ValueType::kText) {
    attributes.push_back({arena.Keep(key), arena.Keep(text), type});
  }
};

}  // namespace backstep::adapters
