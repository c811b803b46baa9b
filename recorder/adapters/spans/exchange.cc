#include "backstep/recorder/adapters/spans/exchange.h"

#include <charconv>
#include <map>
#include <utility>

#include "backstep/recorder/adapters/spans/attribute_json.h"

namespace backstep::adapters {
namespace {

constexpr size_t kListMax = 100000;  // messages of one call
constexpr int kPathMax = 12;         // parts of a flattened key
constexpr size_t kMembersMax = 256;  // names beside each other

// A flattened list: "0.role", "0.tool_calls.1.name", "2.message.content", …
struct Tree {
  std::map<uint64_t, Tree> items;
  std::map<std::string, Tree, std::less<>> members;
  std::string_view text;
  bool leaf = false;
};

bool Digits(std::string_view part, uint64_t* number) {
  const auto end = std::from_chars(part.data(), part.data() + part.size(), *number);
  return !part.empty() && end.ec == std::errc() && end.ptr == part.data() + part.size();
}

// OpenInference wraps each thing in its own name ("0.message.role"): these say nothing.
bool Wrapper(std::string_view part) {
  return part == "message" || part == "message_content" || part == "tool_call" || part == "tool";
}

void Plant(std::string_view path, std::string_view text, Tree* tree) {
  for (int depth = 0; depth < kPathMax && !path.empty(); ++depth) {
    const size_t dot = path.find('.');
    const std::string_view part = path.substr(0, dot);
    path = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
    uint64_t number = 0;
    if (Digits(part, &number)) {
      if (tree->items.size() >= kListMax && !tree->items.count(number)) return;
      tree = &tree->items[number];
    } else if (!Wrapper(part) || path.empty()) {
      if (tree->members.size() >= kMembersMax && !tree->members.count(part)) return;
      tree = &tree->members[std::string(part)];
    }
  }
  tree->text = text;
  tree->leaf = true;
}

void Append(const Tree& tree, std::string* out);

void AppendMember(const std::string& name, const Tree& member, std::string* out) {
  if (out->back() != '{') out->push_back(',');
  AppendJsonString(name == "contents" ? "content" : name, out);
  out->push_back(':');
  Append(member, out);
}

// The JSON that was flattened; written at once, as these are the longest texts of a trace.
void Append(const Tree& tree, std::string* out) {
  if (!tree.items.empty()) {
    char before = '[';
    for (const auto& [number, item] : tree.items) {
      out->push_back(std::exchange(before, ','));
      Append(item, out);
    }
    out->push_back(']');
  } else if (tree.members.empty()) {
    AppendJsonString(tree.text, out);
  } else {
    out->push_back('{');
    const auto role = tree.members.find("role");  // first, where people look for it
    if (role != tree.members.end()) AppendMember("role", role->second, out);
    for (const auto& [name, member] : tree.members) {
      if (name != "role") AppendMember(name, member, out);
    }
    out->push_back('}');
  }
}

// The items of a list, each as the text of its JSON.
using Texts = std::vector<std::string>;

Texts FromFamily(const Span& span, const std::vector<int>& places, std::vector<bool>* used) {
  Tree tree;
  for (int place : places) {
    const Attribute& attribute = span.attributes[static_cast<size_t>(place)];
    std::string_view rest;
    if (!FindFamily(attribute.key, &rest)) continue;
    Plant(rest, attribute.text, &tree);
    (*used)[static_cast<size_t>(place)] = true;
  }
  Texts texts;
  for (const auto& [number, item] : tree.items) Append(item, &texts.emplace_back());
  return texts;
}

Texts TextsOf(const Json& list) {
  Texts texts;
  for (const Json& item : list) texts.push_back(JsonText(item));
  return texts;
}

void AppendList(const Texts& texts, std::string* out) {
  char before = '[';
  for (const std::string& text : texts) {
    out->push_back(std::exchange(before, ','));
    out->append(text);
  }
  out->append(texts.empty() ? "[]" : "]");
}

bool LooksLikeJson(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at != text.npos && (text[at] == '{' || text[at] == '[');
}

// A text that is JSON as that, else as a string.
Json ValueOf(std::string_view text) {
  if (LooksLikeJson(text)) {
    Result<Json> json = ParseJson(text);
    if (json.ok()) return std::move(*json);
  }
  return std::string(text);
}

void Use(const Meaning::Found& found, std::vector<bool>* used) {
  if (found.attribute >= 0) (*used)[static_cast<size_t>(found.attribute)] = true;
}

// Older instrumentation: one event a message ("gen_ai.user.message"), choices as "gen_ai.choice".
Texts FromEvents(const Span& span, bool answers) {
  Texts list;
  for (const SpanEvent& event : span.events) {
    if (event.name.substr(0, 7) != "gen_ai." || list.size() >= kListMax) continue;
    const std::string_view name = event.name.substr(7);
    const bool choice = name == "choice";
    const size_t dot = name.find(".message");
    if (choice != answers || (!choice && dot == name.npos)) continue;
    Json message = Json::object();
    message["role"] = choice ? "assistant" : std::string(name.substr(0, dot));
    for (const Attribute& attribute : event.attributes) {
      if (attribute.key == "gen_ai.system") continue;
      if (message.size() > kMembersMax) break;
      const bool content = attribute.key == "message" || attribute.key == "content";
      message[content ? "content" : std::string(attribute.key)] = ValueOf(attribute.text);
    }
    list.push_back(JsonText(message));
  }
  return list;
}

// The list of messages that a request or answer of a known shape holds; null: none.
const Json* MessagesIn(const Json& json) {
  if (json.is_array()) return json.empty() || !json.front().is_object() ? nullptr : &json;
  for (const char* key : {"messages", "contents", "input"}) {
    const Json* found = Find(json, key);
    if (found != nullptr && found->is_array() && !found->empty() && found->front().is_object()) {
      return found;
    }
  }
  return nullptr;
}

Texts Messages(const Span& span, const Meaning& meaning, bool answers, std::vector<bool>* used) {
  const Field structured = answers ? Field::kOutputMessages : Field::kInputMessages;
  if (meaning.Has(structured)) {
    Json json = ValueOf(meaning.Text(structured));
    if (json.is_array()) {
      Use(meaning.At(structured), used);
      return TextsOf(json);
    }
  }
  const Family families[] = {answers ? Family::kCompletions : Family::kPrompts,
                             answers ? Family::kOutputs : Family::kInputs};
  for (Family family : families) {
    if (!meaning.Of(family).empty()) return FromFamily(span, meaning.Of(family), used);
  }
  return FromEvents(span, answers);
}

std::optional<SpanExchange::Part> TextPart(const Meaning& meaning, Field field,
                                           std::vector<bool>* used) {
  if (!meaning.Has(field)) return std::nullopt;
  Use(meaning.At(field), used);
  const std::string_view text = meaning.Text(field);
  return SpanExchange::Part{std::string(text), LooksLikeJson(text) ? Media::kJson : Media::kText};
}

SpanExchange::Part RequestOf(const Span& span, const Meaning& meaning, const Texts& messages,
                             std::vector<bool>* used) {
  std::string request = "{";
  if (meaning.Has(Field::kModel)) {
    request += "\"model\":";
    AppendJsonString(meaning.Text(Field::kModel), &request);
    request += ',';
  }
  if (meaning.Has(Field::kSystem)) {
    request += "\"system\":" + JsonText(ValueOf(meaning.Text(Field::kSystem))) + ',';
    Use(meaning.At(Field::kSystem), used);
  }
  request += "\"messages\":";
  AppendList(messages, &request);
  if (meaning.Has(Field::kTools)) {
    request += ",\"tools\":" + JsonText(ValueOf(meaning.Text(Field::kTools)));
    Use(meaning.At(Field::kTools), used);
  } else if (!meaning.Of(Family::kToolSchemas).empty()) {
    request += ",\"tools\":";
    AppendList(FromFamily(span, meaning.Of(Family::kToolSchemas), used), &request);
  }
  return {request + '}', Media::kJson};
}

SpanExchange::Part ResponseOf(const Texts& answers) {
  if (answers.size() == 1) return {answers.front(), Media::kJson};
  std::string response = "{\"choices\":[";
  for (const std::string& answer : answers) {
    response += (response.back() == '[' ? "{\"message\":" : ",{\"message\":") + answer + '}';
  }
  return {response + "]}", Media::kJson};
}

void AddConversation(Texts messages, const Texts& answers, SpanExchange* exchange) {
  exchange->conversation = std::move(messages);
  for (const std::string& answer : answers) exchange->conversation.push_back(answer);
  if (!answers.empty() || !exchange->response) return;
  Json answer = Json::object();
  answer["role"] = "assistant";
  answer["content"] = ValueOf(exchange->response->bytes);
  exchange->conversation.push_back(JsonText(answer));
}

}  // namespace

SpanExchange ModelExchange(const Span& span, const Meaning& meaning) {
  SpanExchange exchange;
  exchange.used.assign(span.attributes.size(), false);
  Texts messages = Messages(span, meaning, false, &exchange.used);
  const Texts answers = Messages(span, meaning, true, &exchange.used);
  if (!messages.empty()) {
    exchange.request = RequestOf(span, meaning, messages, &exchange.used);
  } else {
    exchange.request = TextPart(meaning, Field::kInput, &exchange.used);
    if (exchange.request && exchange.request->media == Media::kJson) {
      const Json json = ValueOf(exchange.request->bytes);
      if (const Json* found = MessagesIn(json)) messages = TextsOf(*found);
    }
  }
  if (!answers.empty()) {
    exchange.response = ResponseOf(answers);
  } else {
    exchange.response = TextPart(meaning, Field::kOutput, &exchange.used);
  }
  if (!messages.empty()) AddConversation(std::move(messages), answers, &exchange);
  return exchange;
}

SpanExchange ToolExchange(const Span& span, const Meaning& meaning) {
  SpanExchange exchange;
  exchange.used.assign(span.attributes.size(), false);
  exchange.request = TextPart(meaning, Field::kToolInput, &exchange.used);
  if (!exchange.request) exchange.request = TextPart(meaning, Field::kInput, &exchange.used);
  exchange.response = TextPart(meaning, Field::kToolOutput, &exchange.used);
  if (!exchange.response) exchange.response = TextPart(meaning, Field::kOutput, &exchange.used);
  for (const SpanEvent& event : span.events) {
    const bool asks = event.name == "gen_ai.tool.message", answers = event.name == "gen_ai.choice";
    for (const Attribute& attribute : event.attributes) {
      if (attribute.key != "content" && attribute.key != "message") continue;
      SpanExchange::Part part{std::string(attribute.text),
                          LooksLikeJson(attribute.text) ? Media::kJson : Media::kText};
      if (asks && !exchange.request) exchange.request = std::move(part);
      else if (answers && !exchange.response) exchange.response = std::move(part);
    }
  }
  return exchange;
}

SpanExchange PlainExchange(const Span& span, const Meaning& meaning) {
  SpanExchange exchange;
  exchange.used.assign(span.attributes.size(), false);
  exchange.request = TextPart(meaning, Field::kInput, &exchange.used);
  exchange.response = TextPart(meaning, Field::kOutput, &exchange.used);
  if (exchange.request && exchange.response) return exchange;
  const SpanExchange model = ModelExchange(span, meaning);  // agents that carry lists of messages
  if (!exchange.request && model.request) {
    exchange.request = model.request;
    for (size_t i = 0; i < model.used.size(); ++i) {
      exchange.used[i] = exchange.used[i] || model.used[i];
    }
  }
  if (!exchange.response) exchange.response = model.response;
  return exchange;
}

}  // namespace backstep::adapters
