// The request and the answer of a model or tool call, put together from a span. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/draft.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/spans/meaning.h"

namespace backstep::adapters {

struct SpanExchange {
  struct Part {
    std::string bytes;
    Media media = Media::kText;
  };
  std::optional<Part> request, response;
  // The conversation with the answer at its end, message by message as JSON; empty: the span does
  // not hold it whole.
  std::vector<std::string> conversation;
  // Attributes that went into request or response, by their place in the span.
  std::vector<bool> used;
};

// Of a model call: lists of messages where the span has them, else its input and output as text.
SpanExchange ModelExchange(const Span& span, const Meaning& meaning);
// Of a tool call or a retrieval.
SpanExchange ToolExchange(const Span& span, const Meaning& meaning);
// What went into and came out of any other span.
SpanExchange PlainExchange(const Span& span, const Meaning& meaning);

}  // namespace backstep::adapters
