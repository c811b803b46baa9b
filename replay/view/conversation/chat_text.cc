#include "backstep/replay/view/conversation/chat_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace backstep::replay {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 8;   // of content inside content

std::string Plain(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

const json* Find(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string TextOf(const json& object, const char* key) {
  const json* value = Find(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

void AddLine(const std::string& line, std::string* text) {
  if (line.empty()) return;
  if (!text->empty()) *text += '\n';
  *text += line;
}

// A call that the model asks for: {"function": {name, arguments}}, {name, arguments | input | args}.
std::string ToolCall(const json& call) {
  const json* inner = Find(call, "function");
  const json& function = inner != nullptr ? *inner : call;
  const std::string name = TextOf(function, "name");
  if (name.empty()) return {};
  for (const char* key : {"arguments", "input", "args"}) {
    if (const json* arguments = Find(function, key)) return name + "(" + Plain(*arguments) + ")";
  }
  return name + "()";
}

// Content is a string, a part, or a list of parts; what is no text is named in brackets.
void AddContent(const json& content, int depth, std::string* text) {
  if (depth > kDepthMax) return;
  if (content.is_string()) return AddLine(content.get<std::string>(), text);
  if (content.is_array()) {
    for (const json& part : content) AddContent(part, depth + 1, text);
    return;
  }
  if (!content.is_object()) return;
  for (const char* key : {"text", "content", "parts", "output"}) {
    if (const json* inner = Find(content, key)) return AddContent(*inner, depth + 1, text);
  }
  if (const json* call = Find(content, "functionCall")) return AddLine(ToolCall(*call), text);
  const std::string call = ToolCall(content);
  if (!call.empty()) return AddLine(call, text);
  const std::string type = TextOf(content, "type");
  if (!type.empty()) AddLine("[" + type + "]", text);
}

std::string TurnText(const json& turn) {
  std::string text;
  if (turn.is_string()) return turn.get<std::string>();
  for (const char* key : {"content", "parts"}) {
    if (const json* content = Find(turn, key)) {
      AddContent(*content, 0, &text);
      break;
    }
  }
  if (const json* calls = Find(turn, "tool_calls"); calls != nullptr && calls->is_array()) {
    for (const json& call : *calls) AddLine(ToolCall(call), &text);
  }
  if (text.empty() && turn.is_object()) AddContent(turn, 0, &text);
  return text;
}

std::string RoleOf(const json& turn) {
  const std::string role = TextOf(turn, "role");
  return role.empty() ? TextOf(turn, "type") : role;
}

bool IsAnswer(const std::string& role) { return role == "assistant" || role == "model"; }

ChatPrompt LastOf(const json& list, size_t turns_max) {
  ChatPrompt prompt;
  prompt.turns_total = list.size();
  size_t first = list.size();
  while (first > 0 && list.size() - first < turns_max) {
    if (first < list.size() && IsAnswer(RoleOf(list[first - 1]))) break;
    --first;
  }
  for (; first < list.size(); ++first) {
    prompt.turns.push_back({RoleOf(list[first]), TurnText(list[first])});
  }
  return prompt;
}

}  // namespace

ChatPrompt NewestTurns(const std::string& request, size_t turns_max) {
  const json body = json::parse(request, nullptr, /*allow_exceptions=*/false);
  for (const char* key : {"messages", "input", "contents"}) {
    const json* list = Find(body, key);
    if (list != nullptr && list->is_array() && !list->empty()) return LastOf(*list, turns_max);
  }
  for (const char* key : {"input", "prompt"}) {
    const std::string text = TextOf(body, key);
    if (!text.empty()) return {{{"user", text}}, 1};
  }
  return {};
}

std::string AnswerText(const std::string& response) {
  const json body = json::parse(response, nullptr, /*allow_exceptions=*/false);
  if (body.is_string()) return body.get<std::string>();
  std::string text;
  for (const char* key : {"choices", "candidates"}) {
    const json* choices = Find(body, key);
    if (choices == nullptr || !choices->is_array()) continue;
    for (const json& choice : *choices) {
      const json* message = Find(choice, "message");
      if (message == nullptr) message = Find(choice, "content");
      AddLine(TurnText(message != nullptr ? *message : choice), &text);
    }
    return text;
  }
  if (const json* output = Find(body, "output")) AddContent(*output, 0, &text);
  if (text.empty() && (Find(body, "content") || Find(body, "tool_calls"))) text = TurnText(body);
  if (text.empty()) text = TextOf(body, "text");
  return text;
}

}  // namespace backstep::replay
