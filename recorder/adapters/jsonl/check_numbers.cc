#include "backstep/recorder/adapters/jsonl/check_numbers.h"

#include <unordered_map>

#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {
namespace {

constexpr uint64_t kLargeMax = 1ull << 53;  // of steps; more than anybody will see
constexpr size_t kValueShown = 60;  // bytes
constexpr size_t kIdParts = 4;

enum class Range : uint8_t { kTime, kDuration, kSmall, kLarge, kAny };

const std::unordered_map<std::string_view, Range>& Ranges() {
  static const auto* const kRanges = new std::unordered_map<std::string_view, Range>{
      {"began_wall", Range::kTime},        {"ended_wall", Range::kTime},
      {"sent_wall", Range::kTime},         {"began_virtual", Range::kTime},
      {"sent_virtual", Range::kTime},      {"duration", Range::kDuration},
      {"own", Range::kDuration},           {"delay", Range::kDuration},
      {"injected_delay", Range::kDuration}, {"measured", Range::kDuration},
      {"retry_after", Range::kDuration},   {"first_token_ns", Range::kDuration},
      {"id", Range::kSmall},               {"parent", Range::kSmall},
      {"order", Range::kSmall},            {"to", Range::kSmall},
      {"agent", Range::kSmall},            {"segment", Range::kSmall},
      {"ordinal", Range::kSmall},          {"effect", Range::kSmall},
      {"effect_count", Range::kSmall},     {"clock", Range::kLarge},
      {"in", Range::kAny},               {"out", Range::kAny},
      {"cached", Range::kAny},           {"reasoning", Range::kAny},
      {"dropped_bodies", Range::kLarge},   {"number", Range::kLarge},
      {"registered_after", Range::kLarge}, {"began_after", Range::kLarge},
      {"ended_after", Range::kLarge},      {"sent_after", Range::kLarge},
      {"begin_after", Range::kLarge},      {"finished_after", Range::kLarge},
      {"after", Range::kLarge}};
  return *kRanges;
}

bool Unsigned(const Json& value, uint64_t max) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= max;
}

bool InRange(const Json& value, Range range) {
  switch (range) {
    case Range::kTime: return Unsigned(value, static_cast<uint64_t>(kTimeMax.ns));
    case Range::kDuration:
      if (value.is_number_unsigned()) return Unsigned(value, kDurationMax.ns);
      return value.is_number_integer() && value.get<int64_t>() >= -kDurationMax.ns;
    case Range::kSmall: return Unsigned(value, UINT32_MAX);
    case Range::kLarge: return Unsigned(value, kLargeMax);
    case Range::kAny: break;
  }
  return value.is_number_unsigned();
}

Status OutOfRange(std::string_view name, const Json& value) {
  return Status::Corruption("`" + std::string(name) + "` is out of range: " +
                            JsonText(value).substr(0, kValueShown));
}

// [agent, clock, ordinal, copy] of a message, [agent, clock] of a step.
bool IsIdInRange(const Json& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i >= kIdParts || !Unsigned(list[i], i == 1 ? kLargeMax : UINT32_MAX)) return false;
  }
  return true;
}

Status CheckMember(std::string_view name, const Json& value);

Status CheckAll(std::string_view name, const Json& list) {
  if (!list.empty() && list[0].is_number()) {
    return IsIdInRange(list) ? Status() : OutOfRange(name, list);
  }
  for (const Json& item : list) BACKSTEP_RETURN_IF_ERROR(CheckMember(name, item));
  return {};
}

// Its id, and what it stood before and after, are texts.
Status CheckFault(const Json& fault) {
  for (const char* name : {"message", "effect"}) {
    const Json* value = Find(fault, name);
    if (value != nullptr) BACKSTEP_RETURN_IF_ERROR(CheckMember(name, *value));
  }
  return {};
}

Status CheckMember(std::string_view name, const Json& value) {
  if (value.is_object()) return name == "faults" ? CheckFault(value) : CheckNumbers(value);
  if (value.is_array()) return CheckAll(name, value);
  const auto range = Ranges().find(name);
  const bool sound = range == Ranges().end() || InRange(value, range->second);
  return sound ? Status() : OutOfRange(name, value);
}

}  // namespace

Status CheckNumbers(const Json& record) {
  if (!record.is_object()) return Status::Corruption("not an object");
  for (const auto& [name, value] : record.items()) {
    BACKSTEP_RETURN_IF_ERROR(CheckMember(name, value));
  }
  return {};
}

}  // namespace backstep::adapters
