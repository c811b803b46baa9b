// The words inside a model's request and answer, for the shapes that providers use. Pure functions,
// thread-safe; hostile input gives no turns, never an error.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace backstep::replay {

struct ChatTurn {
  std::string role;             // "system", "user", "assistant", "tool", ...; may be empty
  std::string text;
};

struct ChatPrompt {
  std::vector<ChatTurn> turns;  // the newest, in order; empty: not shaped as a chat
  size_t turns_total = 0;       // of the whole prompt
};

// The newest part of a request: what follows the last answer of the model in it, at least the last
// turn and at most `turns_max`. Knows {"messages": [{role, content}]}, {"input": ...},
// {"contents": [{role, parts}]} and {"prompt": "..."}.
ChatPrompt NewestTurns(const std::string& request, size_t turns_max);

// The text of an answer, calls of tools as "name(arguments)" on lines of their own. Empty: not
// shaped as an answer.
std::string AnswerText(const std::string& response);

// A JSON object or list as lines that a person reads: "key: value", what is inside indented,
// strings with their own line breaks, at most `bytes_max`. Empty: it is neither, or longer than
// that.
std::string ReadableJson(const std::string& text, size_t bytes_max);

}  // namespace backstep::replay
