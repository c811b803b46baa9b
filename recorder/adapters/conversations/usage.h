// What models say they used, in the words of each provider and library. Pure function.
#pragma once

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/schemas/call.h"

namespace backstep::adapters {

// Of names that mean the same the first that is not 0 counts: OpenAI's, Anthropic's, LangChain's,
// Google's (whose thoughts are counted beside the answer), Amazon's, Cohere's, Ollama's, in either
// spelling. What is no count is 0. No cost.
Usage UsageOfModel(const Json& usage);

// Where a message of LangChain says what its model used: "usage_metadata", else what the provider
// said of it in "response_metadata". Null: nowhere.
const Json* UsagePartOf(const Json& message);
Usage UsageOfMessage(const Json& message);

}  // namespace backstep::adapters
