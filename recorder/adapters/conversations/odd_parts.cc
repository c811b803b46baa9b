#include "backstep/recorder/adapters/conversations/odd_parts.h"

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/core/draft.h"

namespace backstep::adapters {
namespace {

constexpr size_t kOddMembersMax = 8;  // of one record that are told
constexpr size_t kOddValueMax = 40;   // bytes of a value that is told
constexpr double kSecondsMax = 1e9;   // thirty years

bool IsMissing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::string Quoted(const std::string& key, const Json& value) {
  return CutText(key, kOddValueMax) + " is left out: " + CutText(JsonText(value), kOddValueMax);
}

}  // namespace

void OddParts::Add(const std::string& what) { (text_ += text_.empty() ? "" : "; ") += what; }

void OddParts::Time(const Json& record, std::string_view key) {
  const Json* value = Find(record, key);
  if (value == nullptr || IsMissing(*value)) return;
  const TimeNs time = TimeOf(*value);
  const bool zero = value->is_number() && value->get<double>() == 0;
  if (!zero && (time.ns <= 0 || time > kTimeMax)) Add(Quoted(std::string(key), *value));
}

DurationNs OddParts::Seconds(const Json& record, std::string_view key) {
  const Json* value = Find(record, key);
  if (value == nullptr || IsMissing(*value)) return {};
  const std::optional<double> seconds = NumberAt(record, key);
  if (seconds && *seconds >= 0 && *seconds < kSecondsMax) {
    return {static_cast<int64_t>(*seconds * 1e9)};
  }
  Add(Quoted(std::string(key), *value));
  return {};
}

void OddParts::Ended(TimeNs began, TimeNs ended) {
  if (ended.ns != 0 && ended < began) Add("it ended before it began: it has no duration");
}

void OddParts::Tokens(const Json* usage) {
  if (usage == nullptr || !usage->is_object()) return;
  size_t told = 0;
  for (const auto& [key, value] : usage->items()) {
    const bool tokens = key.find("token") != key.npos || key.find("Token") != key.npos;
    if (!tokens || value.is_structured() || IsMissing(value) || told == kOddMembersMax) continue;
    if (CountAt(Json{{"it", value}}, "it")) continue;
    Add(Quoted(key, value));
    ++told;
  }
}

void OddParts::Tell(const Place& place, const std::string& which, Sink& sink) const {
  if (!text_.empty()) sink.Skip(place, which.empty() ? text_ : which + ": " + text_);
}

}  // namespace backstep::adapters
