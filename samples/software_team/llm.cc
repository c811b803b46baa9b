#include "backstep/samples/software_team/llm.h"

#include <nlohmann/json.hpp>

namespace team {
namespace {

using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResult;
using Json = nlohmann::json;

constexpr int kTries = 3;
constexpr size_t kTextBytesMax = 1 << 20;

bool MayPass(const backstep::CallError& error) {
  return error.kind == "rate_limit" || error.kind == "timeout" || error.kind == "network_error";
}

CallRequest MakeRequest(const Llm& llm, const std::vector<Turn>& conversation) {
  Json messages = Json::array();
  for (const Turn& turn : conversation) {
    messages.push_back({{"role", turn.role}, {"content", turn.text}});
  }
  const Json body = {{"model", llm.Model()}, {"messages", messages}, {"temperature", 0}};
  CallRequest request;
  request.name = llm.Model();
  request.provider = llm.Provider();
  request.parameters = R"({"temperature":0})";
  request.body.bytes = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  request.free = llm.IsFree();
  return request;
}

// Gathers every string member `key` at any depth, in order: the three APIs differ in where they
// put the text, and agree in that it is the only string of that name inside the answer.
void Gather(const Json& json, const std::string& key, std::string* text) {
  if (json.is_array()) {
    for (const Json& item : json) Gather(item, key, text);
  } else if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      if (name == key && value.is_string()) {
        *text += value.get<std::string>();
      } else {
        Gather(value, key, text);
      }
    }
  }
}

}  // namespace

std::string AnswerText(const std::string& response) {
  const Json json = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  std::string text;
  if (json.is_string()) {
    text = json.get<std::string>();
  } else if (json.is_object() && json.contains("choices")) {
    Gather(json["choices"], "content", &text);    // chat completions
  } else if (json.is_object() && json.contains("output")) {
    Gather(json["output"], "text", &text);        // responses
  } else if (json.is_object() && json.contains("candidates")) {
    Gather(json["candidates"], "text", &text);    // Gemini
  } else {
    text = response;
  }
  return text.substr(0, kTextBytesMax);
}

Answer Ask(backstep::recorder::Step& step, Llm& llm, const std::vector<Turn>& conversation) {
  const CallRequest request = MakeRequest(llm, conversation);
  Answer answer;
  for (int i = 0; i < kTries; ++i) {
    const CallResult result =
        step.CallLlm(request, [&llm](const CallRequest& asked, CallProgress& progress) {
          return llm.Complete(asked, progress);
        });
    if (result.ok()) {
      answer.error.reset();
      answer.text = AnswerText(result.response().body.bytes);
      return answer;
    }
    answer.error = result.error();
    if (!MayPass(result.error())) return answer;
    step.Event("model call failed", result.error().kind, "warning");
  }
  return answer;
}

std::string CodeIn(const std::string& text) {
  const size_t fence = text.find("```");
  if (fence == std::string::npos) return {};
  const size_t begin = text.find('\n', fence);
  if (begin == std::string::npos) return {};
  const size_t end = text.find("```", begin);
  return text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
}

}  // namespace team
