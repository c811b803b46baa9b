#include "backstep/recorder/adapters/cassettes/model_api.h"

#include <array>

#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/usage.h"

namespace backstep::adapters {
namespace {

// Keys of a request that are not parameters of the model.
constexpr size_t kParametersMax = 256;

const std::set<std::string> kContentKeys = {
    "messages", "input",    "contents",          "system", "systemInstruction", "instructions",
    "model",    "tools",    "functions",         "stream", "previous_response_id"};

// "... Your internal name is "weather_agent"." as the Google ADK tells its agents.
std::string NameIn(const std::string& instructions) {
  constexpr std::string_view kBefore = "Your internal name is \"";
  const size_t at = instructions.find(kBefore);
  if (at == std::string::npos) return {};
  const size_t begin = at + kBefore.size();
  const size_t end = instructions.find('"', begin);
  if (end == std::string::npos || end - begin > 200) return {};
  return instructions.substr(begin, end - begin);
}

std::string PartsText(const Json& value) {
  const Json* parts = Find(value, "parts");
  return ContentText(parts == nullptr ? value : *parts);
}

// One message or item of a request: whose it is, and the answers of tools in it.
void ReadItem(const Json& item, bool last, Exchange* exchange) {
  if (!item.is_object()) {
    if (last) exchange->prompt = ContentText(item);
    return;
  }
  const std::string role = TextAt(item, "role");
  const std::string type = TextAt(item, "type");
  const Json* content = Find(item, "content");
  if (role == "system" || role == "developer") {
    if (exchange->instructions.empty() && content != nullptr) {
      exchange->instructions = ContentText(*content);
    }
  } else if (role == "tool") {
    exchange->answered.push_back(
        {TextAt(item, "tool_call_id"), content == nullptr ? "" : ContentText(*content)});
  } else if (type == "function_call_output") {
    const Json* output = Find(item, "output");
    exchange->answered.push_back(
        {TextAt(item, "call_id"), output == nullptr ? "" : ContentText(*output)});
  } else if (role == "user" || role == "function") {
    bool only_answers = false;
    const Json* parts = Find(item, "parts") != nullptr ? Find(item, "parts") : content;
    if (parts != nullptr && parts->is_array()) {
      for (const Json& part : *parts) {
        const Json* answer = Find(part, "functionResponse");
        if (answer == nullptr) answer = Find(part, "function_response");
        if (answer != nullptr) {
          const std::string id = TextAt(*answer, "id");
          const Json* response = Find(*answer, "response");
          exchange->answered.push_back({id.empty() ? TextAt(*answer, "name") : id,
                                        response == nullptr ? "" : BodyText(*response)});
          only_answers = true;
        } else if (TextAt(part, "type") == "tool_result") {
          const Json* result = Find(part, "content");
          exchange->answered.push_back({TextAt(part, "tool_use_id"),
                                        result == nullptr ? "" : ContentText(*result),
                                        TextAt(part, "is_error") == "true"});
          only_answers = true;
        }
      }
    }
    if (last && !only_answers && parts != nullptr) exchange->prompt = ContentText(*parts);
  }
}

void Ask(const std::string& id, const std::string& name, const Json* arguments,
         Exchange* exchange) {
  exchange->asked.push_back(
      {id.empty() ? name : id, name, arguments == nullptr ? "" : BodyText(*arguments)});
}

// `message`: of a chat completion's choice.
void ReadChatMessage(const Json& message, Exchange* exchange) {
  exchange->conversation.push_back(message);
  if (const Json* calls = Find(message, "tool_calls"); calls != nullptr && calls->is_array()) {
    for (const Json& call : *calls) {
      const Json* function = Find(call, "function");
      const Json& named = function == nullptr ? call : *function;
      Ask(TextAt(call, "id"), TextAt(named, "name"), Find(named, "arguments"), exchange);
    }
  }
}

// `parts`: Gemini's parts or Anthropic's content.
void ReadParts(const Json& parts, Exchange* exchange) {
  if (!parts.is_array()) return;
  for (const Json& part : parts) {
    const Json* call = Find(part, "functionCall");
    if (call == nullptr) call = Find(part, "function_call");
    if (call != nullptr) {
      Ask(TextAt(*call, "id"), TextAt(*call, "name"), Find(*call, "args"), exchange);
    } else if (TextAt(part, "type") == "tool_use") {
      Ask(TextAt(part, "id"), TextAt(part, "name"), Find(part, "input"), exchange);
    }
  }
}

void ReadOutput(const Json& output, Exchange* exchange) {
  for (const Json& item : output) {
    exchange->conversation.push_back(item);
    if (TextAt(item, "type") == "function_call") {
      Ask(TextAt(item, "call_id"), TextAt(item, "name"), Find(item, "arguments"), exchange);
    }
  }
}

}  // namespace

bool IsModelAddress(std::string_view uri) {
  constexpr std::array<std::string_view, 7> kPaths = {
      "/completions", "/responses", ":generateContent", ":streamGenerateContent",
      "/messages",    "/chat",      "/api/generate"};
  uri = uri.substr(0, uri.find('?'));
  for (const std::string_view path : kPaths) {
    if (uri.ends_with(path)) return true;
  }
  return uri.find("/model/") != std::string_view::npos;  // Bedrock: /model/NAME/converse
}

void ReadRequest(std::string_view uri, const Json& request, Exchange* exchange) {
  exchange->model = TextAt(request, "model");
  for (const std::string_view before : {"/models/", "/model/"}) {
    const size_t at = uri.find(before);
    if (!exchange->model.empty() || at == std::string_view::npos) continue;
    const std::string_view rest = uri.substr(at + before.size());
    exchange->model = std::string(rest.substr(0, rest.find_first_of(":/?")));
  }
  Json parameters = Json::object();
  if (request.is_object()) {
    for (const auto& [key, value] : request.items()) {
      if (parameters.size() >= kParametersMax) break;
      if (!kContentKeys.contains(key)) parameters[key] = value;
    }
  }
  if (!parameters.empty()) exchange->parameters = JsonText(parameters);
  for (const char* key : {"systemInstruction", "system", "instructions"}) {
    if (const Json* told = Find(request, key)) exchange->instructions = PartsText(*told);
  }
  for (const char* key : {"messages", "input", "contents"}) {
    const Json* items = Find(request, key);
    if (items == nullptr) continue;
    const Json list = items->is_array() ? *items : Json::array({*items});
    for (size_t i = 0; i < list.size(); ++i) ReadItem(list[i], i + 1 == list.size(), exchange);
    exchange->conversation = list;
  }
  exchange->previous_id = TextAt(request, "previous_response_id");
  exchange->name = NameIn(exchange->instructions);
}

void ReadAnswer(const Json& answer, Exchange* exchange) {
  exchange->id = TextAt(answer, "id");
  for (const char* key : {"usage", "usageMetadata", "usage_metadata", "meta"}) {
    const Json* usage = Find(answer, key);
    if (usage == nullptr || exchange->usage != Usage{}) continue;
    exchange->usage = UsageOfModel(*usage);
    exchange->odd.Tokens(usage);
  }
  if (Find(answer, "eval_count") != nullptr) exchange->usage = UsageOfModel(answer);  // Ollama
  if (const Json* choices = Find(answer, "choices"); choices != nullptr && choices->is_array()) {
    for (const Json& choice : *choices) {
      if (const Json* message = Find(choice, "message")) ReadChatMessage(*message, exchange);
      exchange->finish_reason = TextAt(choice, "finish_reason");
    }
  } else if (const Json* output = Find(answer, "output"); output != nullptr && output->is_array()) {
    ReadOutput(*output, exchange);
    exchange->finish_reason = TextAt(answer, "status");
  } else if (const Json* given = Find(answer, "candidates");
             given != nullptr && given->is_array()) {
    for (const Json& candidate : *given) {
      const Json* content = Find(candidate, "content");
      if (content != nullptr) exchange->conversation.push_back(*content);
      if (const Json* parts = content == nullptr ? nullptr : Find(*content, "parts")) {
        ReadParts(*parts, exchange);
      }
      exchange->finish_reason = TextAt(candidate, "finishReason");
    }
  } else if (const Json* content = Find(answer, "content"); content != nullptr) {
    exchange->conversation.push_back(Json{{"role", "assistant"}, {"content", *content}});
    ReadParts(*content, exchange);
    exchange->finish_reason = TextAt(answer, "stop_reason");
  }
}

}  // namespace backstep::adapters
