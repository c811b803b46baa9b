#include "backstep/samples/software_team/models/sse.h"

#include <nlohmann/json.hpp>

namespace team {
namespace {

using Json = nlohmann::json;
constexpr char kData[] = "data:";
constexpr size_t kLineBytesMax = 4 << 20;

std::string TextOf(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return {};
  return object[key].get<std::string>();
}

}  // namespace

bool LooksLikeSse(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \r\n");
  if (begin == std::string::npos) return false;
  return text.compare(begin, 5, kData) == 0 || text.compare(begin, 6, "event:") == 0;
}

void SseAssembler::Add(const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t newline = bytes.find('\n', at);
    if (newline == std::string::npos) {
      if (pending_.size() < kLineBytesMax) pending_ += bytes.substr(at);
      return;
    }
    pending_ += bytes.substr(at, newline - at);
    Line(pending_);
    pending_.clear();
    at = newline + 1;
  }
}

void SseAssembler::Line(const std::string& line) {
  if (line.rfind(kData, 0) != 0) return;
  const size_t begin = line.find_first_not_of(' ', sizeof kData - 1);
  if (begin == std::string::npos) return;
  const size_t end = line.find_last_not_of('\r');
  Event(line.substr(begin, end + 1 - begin));
}

void SseAssembler::Event(const std::string& data) {
  if (data == "[DONE]") {
    complete_ = true;
    return;
  }
  const Json json = Json::parse(data, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return;
  if (json.contains("error") && !json["error"].is_null()) {
    error_ = json["error"].dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  if (const std::string model = TextOf(json, "model"); !model.empty()) model_ = model;
  if (json.contains("usage") && json["usage"].is_object()) usage_ = json["usage"].dump();
  std::string piece;
  if (TextOf(json, "type") == "response.output_text.delta") piece = TextOf(json, "delta");
  if (TextOf(json, "type") == "response.completed") complete_ = true;
  if (json.contains("choices") && json["choices"].is_array() && !json["choices"].empty()) {
    const Json& choice = json["choices"][0];
    if (choice.is_object() && choice.contains("delta")) piece = TextOf(choice["delta"], "content");
    const std::string reason = TextOf(choice, "finish_reason");
    if (!reason.empty()) {
      finish_reason_ = reason;
      complete_ = true;
    }
  }
  text_ += piece;
  if (!piece.empty() && chunk_) chunk_(piece);
}

std::string SseAssembler::Finish() {
  if (!pending_.empty()) {
    Line(pending_);
    pending_.clear();
  }
  const Json message = {{"role", "assistant"}, {"content", text_}};
  Json body = {{"object", "chat.completion"},
               {"model", model_},
               {"choices", {{{"index", 0},
                             {"finish_reason", finish_reason_.empty() ? "stop" : finish_reason_},
                             {"message", message}}}}};
  if (!usage_.empty()) body["usage"] = Json::parse(usage_, nullptr, false);
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string AssembleSse(const std::string& text) {
  SseAssembler assembler;
  assembler.Add(text);
  return assembler.Finish();
}

}  // namespace team
