#include "backstep/replay/view/conversation/chat_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace backstep::replay {
namespace {

using json = nlohmann::ordered_json;   // keys as they were written

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

// A call that the model asks for: {"function": {name, arguments}}, {name, arguments | input |
// args}.
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

// Lines of a JSON value, each after `indent`; `head` stands in front of the first.
class Reading {
 public:
  explicit Reading(size_t bytes_max) : bytes_max_(bytes_max) {}
  void Add(const json& value, const std::string& head, const std::string& indent, int depth) {
    if (text_.size() > bytes_max_) return;
    if (depth <= kDepthMax && value.is_structured() && !value.empty()) {
      AddInside(value, head, indent, depth);
    } else if (value.is_string() && Plain(value).find('\n') != std::string::npos) {
      AddLines(value.get_ref<const std::string&>(), head, indent);
    } else {
      const std::string text = value == "" ? "\"\"" : Plain(value);
      Line(indent, head.empty() ? text : head + " " + text);
    }
  }
  // Empty where it has grown too long.
  std::string Take() { return text_.size() > bytes_max_ ? std::string() : std::move(text_); }

 private:
  void Line(const std::string& indent, const std::string& line) {
    if (!text_.empty()) text_ += '\n';
    text_ += indent;
    text_ += line;
  }
  void AddInside(const json& value, const std::string& head, const std::string& indent, int depth) {
    if (!head.empty()) Line(indent, head);
    const std::string inner = head.empty() ? indent : indent + "  ";
    for (const auto& [key, item] : value.items()) {
      Add(item, value.is_object() ? key + ":" : "-", inner, depth + 1);
    }
  }
  void AddLines(const std::string& lines, const std::string& head, const std::string& indent) {
    if (!head.empty()) Line(indent, head);
    const std::string inner = head.empty() ? indent : indent + "  ";
    for (size_t at = 0; at < lines.size();) {
      const size_t end = std::min(lines.find('\n', at), lines.size());
      Line(inner, lines.substr(at, end - at));
      at = end + 1;
    }
  }

  const size_t bytes_max_;
  std::string text_;
};

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

std::string ReadableJson(const std::string& text, size_t bytes_max) {
  const json body = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (body.is_discarded() || !body.is_structured() || body.empty()) return {};
  Reading reading(bytes_max);
  reading.Add(body, "", "", 0);
  return reading.Take();
}

}  // namespace backstep::replay
