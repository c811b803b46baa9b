// The requests and answers of the model interfaces that cassettes hold: OpenAI's chat completions
// and responses, Gemini's generateContent, Anthropic's messages. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "backstep/recorder/adapters/cassettes/exchange.h"

namespace backstep::adapters {

// Whether requests to that address are calls of a model.
bool IsModelAddress(std::string_view uri);

// What a request tells: model, parameters, instructions, prompt, conversation, answers of tools.
void ReadRequest(std::string_view uri, const Json& request, Exchange* exchange);
// What an answer tells: usage, finish reason, tools asked for, its place in the conversation.
void ReadAnswer(const Json& answer, Exchange* exchange);
// A streamed answer ("data: {...}" lines) as the whole one it adds up to; null: it is no stream.
Json JoinStream(std::string_view text);
// The same of an answer that is a list of its pieces; null: it is none.
Json JoinPieces(const Json& pieces);

}  // namespace backstep::adapters
