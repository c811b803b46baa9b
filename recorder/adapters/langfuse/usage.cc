#include "backstep/recorder/adapters/langfuse/usage.h"

#include <initializer_list>
#include <string>

#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr char kLangfuseIn[] = "langfuse.usage.input";
constexpr char kLangfuseOut[] = "langfuse.usage.output";
constexpr char kLangfuseCost[] = "langfuse.observation.cost_details.total";

using Names = std::initializer_list<const char*>;

// Words that are no number say something too: that they are none is told later.
bool SaysCount(const Json& value) {
  if (value.is_null() || value.is_structured() || value.is_boolean()) return false;
  if (value.is_number()) return value.get<double>() != 0;
  const std::string& text = value.get_ref<const std::string&>();
  return !text.empty() && text.find_first_not_of("0.") != text.npos;
}

const Json* FirstSaid(const Json* object, Names names) {
  if (object == nullptr) return nullptr;
  for (const char* name : names) {
    const Json* value = Find(*object, name);
    if (value != nullptr && SaysCount(*value)) return value;
  }
  return nullptr;
}

bool Take(const char* key, const Json* value, Span* span) {
  if (value != nullptr) SetJson(key, *value, span, &span->attributes);
  return value != nullptr;
}

bool TakeSum(const char* key, double sum, Span* span) {
  const Json value(sum);
  return sum > 0 && Take(key, &value, span);
}

// The sum of "input_text", "input_audio", …; 0: there is none of them.
double SumOf(const Json& object, std::string_view head) {
  double sum = 0;
  for (const auto& [key, value] : object.items()) {
    if (key.starts_with(head) && value.is_number()) sum += value.get<double>();
  }
  return sum;
}

// False: it says nothing of tokens in or out.
bool ReadDetails(const Json* details, Span* span) {
  if (details == nullptr || !details->is_object()) return false;
  for (const auto& [key, value] : details->items()) {
    const bool main = key == "input" || key == "output";
    if (!main || SaysCount(value)) {
      SetJson("langfuse.usage." + key, value, span, &span->attributes);
    }
  }
  bool any = FirstSaid(details, {"input", "output"}) != nullptr;
  const auto other = [&](const char* key, const char* main, Names names, const char* head) {
    if (FirstSaid(details, {main}) != nullptr) return;
    const double sum = SumOf(*details, head);
    if (Take(key, FirstSaid(details, names), span) || TakeSum(key, sum, span)) {
      any = true;
    }
  };
  other(kLangfuseIn, "input", {"input_tokens", "prompt_tokens", "promptTokens"}, "input_");
  other(kLangfuseOut, "output", {"output_tokens", "completion_tokens", "completionTokens"},
        "output_");
  return any || Take(kLangfuseIn, FirstSaid(details, {"total"}), span);
}

// `usage` may count characters, seconds or images, which are no tokens.
bool CountsTokens(const Json* usage) {
  const std::string unit = usage == nullptr ? std::string() : TextAt(*usage, "unit");
  return unit.empty() || unit == "TOKENS";
}

bool TakeBoth(const Json* object, Names in, Names out, Span* span) {
  const bool any = Take(kLangfuseIn, FirstSaid(object, in), span);
  return Take(kLangfuseOut, FirstSaid(object, out), span) || any;
}

void ReadOldUsage(const Json* usage, const Json& observation, Span* span) {
  static_cast<void>(
      TakeBoth(usage, {"input", "promptTokens", "prompt_tokens"},
               {"output", "completionTokens", "completion_tokens"}, span) ||
      TakeBoth(&observation, {"inputUsage", "promptTokens"}, {"outputUsage", "completionTokens"},
               span) ||
      Take(kLangfuseIn, FirstSaid(usage, {"total", "totalTokens", "total_tokens"}), span) ||
      Take(kLangfuseIn, FirstSaid(&observation, {"totalUsage", "totalTokens"}), span));
}

// What a shape says a call cost: its total, else its parts.
bool ReadCost(const Json* costs, Names totals, Names parts, Span* span) {
  if (costs == nullptr || !costs->is_object()) return false;
  if (Take(kLangfuseCost, FirstSaid(costs, totals), span)) return true;
  double sum = 0;
  for (const char* part : parts) sum += NumberAt(*costs, part).value_or(0);
  return TakeSum(kLangfuseCost, sum, span);
}

}  // namespace

void ReadLangfuseUsage(const Json& observation, Span* span) {
  const Json* usage = Find(observation, "usage");
  if (!ReadDetails(Find(observation, "usageDetails"), span) && CountsTokens(usage)) {
    ReadOldUsage(usage, observation, span);
  }
  static_cast<void>(
      ReadCost(Find(observation, "costDetails"), {"total"}, {"input", "output"}, span) ||
      ReadCost(&observation, {"totalCost", "calculatedTotalCost"}, {}, span) ||
      ReadCost(usage, {"totalCost"}, {"inputCost", "outputCost"}, span) ||
      ReadCost(&observation, {}, {"inputCost", "outputCost"}, span) ||
      ReadCost(&observation, {}, {"calculatedInputCost", "calculatedOutputCost"}, span));
}

}  // namespace backstep::adapters
