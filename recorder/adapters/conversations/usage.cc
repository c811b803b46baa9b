#include "backstep/recorder/adapters/conversations/usage.h"

#include <initializer_list>

#include "backstep/recorder/adapters/conversations/fields.h"

namespace backstep::adapters {
namespace {

using UsageNames = std::initializer_list<const char*>;

uint64_t FirstCount(const Json& usage, UsageNames names) {
  for (const char* name : names) {
    const uint64_t count = TokensAt(usage, name);
    if (count != 0) return count;
  }
  return 0;
}

// Of the parts a count is made of.
uint64_t CountWithin(const Json& usage, UsageNames groups, UsageNames names) {
  for (const char* group : groups) {
    const Json* details = Find(usage, group);
    if (details == nullptr) continue;
    const uint64_t count = FirstCount(*details, names);
    if (count != 0) return count;
  }
  return 0;
}

}  // namespace

Usage UsageOfModel(const Json& told) {
  const Json* inner = Find(told, "tokens");  // Cohere's, beside what is billed
  if (inner == nullptr || !inner->is_object()) inner = Find(told, "billed_units");
  const Json& usage = inner != nullptr && inner->is_object() ? *inner : told;
  Usage used;
  used.input_tokens =
      FirstCount(usage, {"prompt_tokens", "input_tokens", "promptTokenCount", "prompt_token_count",
                         "inputTokens", "promptTokens", "inputTokenCount", "prompt_eval_count"});
  used.output_tokens =
      FirstCount(usage, {"completion_tokens", "output_tokens", "candidatesTokenCount",
                         "candidates_token_count", "outputTokens", "completionTokens",
                         "outputTokenCount", "eval_count"});
  used.cached_tokens = CountWithin(
      usage, {"prompt_tokens_details", "input_tokens_details", "input_token_details"},
      {"cached_tokens", "cache_read"});
  if (used.cached_tokens == 0) {
    used.cached_tokens = FirstCount(
        usage, {"cache_read_input_tokens", "cache_read_tokens", "cachedContentTokenCount",
                "cached_content_token_count", "cacheReadInputTokens", "input_tokens_cache_read"});
  }
  used.reasoning_tokens = CountWithin(
      usage, {"completion_tokens_details", "output_tokens_details", "output_token_details"},
      {"reasoning_tokens", "reasoning"});
  if (used.reasoning_tokens == 0) {
    used.reasoning_tokens = FirstCount(
        usage, {"thoughtsTokenCount", "thoughts_token_count", "reasoning_tokens"});
  }
  return used;
}

const Json* UsagePartOf(const Json& message) {
  const Json* usage = Find(message, "usage_metadata");
  if (usage != nullptr && UsageOfModel(*usage) != Usage{}) return usage;
  const Json* metadata = Find(message, "response_metadata");
  if (metadata == nullptr) return usage;
  for (const char* key : {"token_usage", "usage", "usage_metadata"}) {
    const Json* told = Find(*metadata, key);
    if (told != nullptr && told->is_object()) return told;
  }
  return Find(*metadata, "eval_count") != nullptr ? metadata : usage;
}

Usage UsageOfMessage(const Json& message) {
  const Json* usage = UsagePartOf(message);
  return usage == nullptr ? Usage{} : UsageOfModel(*usage);
}

}  // namespace backstep::adapters
