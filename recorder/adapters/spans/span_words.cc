#include "backstep/recorder/adapters/spans/span_words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "backstep/recorder/adapters/json/binary_text.h"

namespace backstep::adapters {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

}  // namespace

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

std::string IdOf(std::string_view text, size_t size) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
  }
  if (text.find_first_not_of('0') == text.npos) return {};
  if (IsHex(text)) return Lower(text);
  if (text.size() <= size * 2) {
    const Result<std::string> bytes = FromBase64(text);
    if (bytes.ok() && bytes->size() == size) {
      return bytes->find_first_not_of('\0') == bytes->npos ? std::string() : HexOf(*bytes);
    }
  }
  return std::string(text);
}

std::string_view KindOf(uint64_t number) {
  static constexpr std::string_view kNames[] = {"",       "internal", "server",
                                                "client", "producer", "consumer"};
  return number < std::size(kNames) ? kNames[number] : std::string_view();
}

std::string_view KindOf(std::string_view word) {
  if (word.size() == 1 && word[0] >= '0' && word[0] <= '9') {
    return KindOf(static_cast<uint64_t>(word[0] - '0'));
  }
  const std::string lower = Lower(word.substr(0, 64));
  for (uint64_t number = 1; number <= 5; ++number) {
    const std::string_view name = KindOf(number);
    if (lower.size() >= name.size() && lower.substr(lower.size() - name.size()) == name) {
      return name;
    }
  }
  return {};
}

SpanStatus StatusOf(std::string_view word) {
  const std::string lower = Lower(word.substr(0, 64));
  const auto ends = [&](std::string_view tail) {
    return lower.size() >= tail.size() && lower.substr(lower.size() - tail.size()) == tail;
  };
  if (lower == "2" || ends("error") || ends("errored") || ends("failed")) return SpanStatus::kError;
  if (lower == "1" || ends("ok") || ends("success")) return SpanStatus::kOk;
  return SpanStatus::kUnset;
}

TimeNs NanosOf(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto ns = value.get<uint64_t>();
    return {ns > INT64_MAX ? 0 : static_cast<int64_t>(ns)};
  }
  if (value.is_number_float()) {
    const double ns = value.get<double>();
    return {std::isfinite(ns) && ns > 0 && ns < 9e18 ? static_cast<int64_t>(ns) : 0};
  }
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  int64_t ns = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), ns);
  const bool whole = end.ec == std::errc() && end.ptr == text.data() + text.size();
  return {whole && ns > 0 ? ns : 0};
}

TimeNs Noted(TimeNs time, const Json* value, Oddity oddity, Span* span) {
  if (time.ns != 0 || value == nullptr || value->is_null()) return time;
  const std::string text = value->is_string() ? value->get<std::string>() : JsonText(*value);
  const bool nothing =
      text.empty() || text == "0" || text == "0.0" || text == "None" || text == "null";
  if (!nothing) span->odd |= oddity;
  return time;
}

void SetJson(std::string_view key, const Json& value, Span* span, Attributes* attributes) {
  const auto set = [&](std::string_view text, ValueType type) {
    attributes->push_back({span->arena.Keep(key), span->arena.Keep(text), type});
  };
  if (value.is_string()) return set(value.get_ref<const std::string&>(), ValueType::kText);
  if (value.is_null()) return;
  const ValueType type = value.is_boolean()          ? ValueType::kBool
                         : value.is_number_integer() ? ValueType::kInt
                         : value.is_number()         ? ValueType::kDouble
                                                     : ValueType::kJson;
  set(JsonText(value), type);
}

void SetMembers(const Json& object, Span* span, Attributes* attributes) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) SetJson(key, value, span, attributes);
}

}  // namespace backstep::adapters
