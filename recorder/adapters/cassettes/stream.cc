// Streamed answers put together again.
#include <map>

#include "backstep/recorder/adapters/cassettes/model_api.h"

namespace backstep::adapters {
namespace {

constexpr size_t kStreamCallsMax = 10'000;  // tool calls of one answer

// A chat completion that arrives in deltas.
class ChatStream {
 public:
  void Add(const Json& chunk) {
    for (const char* key : {"id", "model", "created", "service_tier", "system_fingerprint"}) {
      if (const Json* value = Find(chunk, key)) whole_[key] = *value;
    }
    if (const Json* usage = Find(chunk, "usage"); usage != nullptr && usage->is_object()) {
      whole_["usage"] = *usage;
    }
    const Json* choices = Find(chunk, "choices");
    if (choices == nullptr || !choices->is_array()) return;
    for (const Json& choice : *choices) {
      if (const Json* delta = Find(choice, "delta")) Delta(*delta);
      const std::string finish = TextAt(choice, "finish_reason");
      if (!finish.empty()) finish_ = finish;
    }
  }
  Json Whole() const {
    Json message{{"role", "assistant"}, {"content", text_.empty() ? Json(nullptr) : Json(text_)}};
    for (const auto& [place, call] : calls_) {
      (void)place;
      message["tool_calls"].push_back(
          Json{{"id", call.id},
               {"type", "function"},
               {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    Json whole = whole_;
    whole["object"] = "chat.completion";
    whole["choices"] = Json::array(
        {Json{{"index", 0}, {"message", message}, {"finish_reason", finish_}}});
    return whole;
  }

 private:
  void Delta(const Json& delta) {
    text_ += TextAt(delta, "content");
    const Json* calls = Find(delta, "tool_calls");
    if (calls == nullptr || !calls->is_array()) return;
    for (const Json& part : *calls) {
      const double place = NumberAt(part, "index").value_or(0);
      if (calls_.size() >= kStreamCallsMax && !calls_.contains(place)) continue;
      AskedTool& call = calls_[place];
      if (const std::string id = TextAt(part, "id"); !id.empty()) call.id = id;
      if (const Json* function = Find(part, "function")) {
        call.name += TextAt(*function, "name");
        call.arguments += TextAt(*function, "arguments");
      }
    }
  }

  Json whole_ = Json::object();
  std::string text_, finish_;
  std::map<double, AskedTool> calls_;
};

constexpr size_t kCountsMax = 64;  // names of counts in `usage`

// Gemini streams whole answers with part of the text each; Anthropic and others stream events.
class AnyStream {
 public:
  // Whether it can be a piece of a streamed answer at all: any list has objects in it.
  static bool Known(const Json& chunk) {
    for (const char* key : {"response", "choices", "candidates", "content_block", "delta"}) {
      if (Find(chunk, key) != nullptr) return true;
    }
    const std::string type = TextAt(chunk, "type");
    return type.starts_with("message_") || type.starts_with("content_block_") ||
           type.starts_with("response.");
  }
  void Add(const Json& chunk) {
    if (Known(chunk)) ++chunks_;
    const Json* response = Find(chunk, "response");
    if (response != nullptr && response->is_object()) {
      responses_ = *response;  // OpenAI's responses: the last event holds all of it
    } else if (Find(chunk, "choices") != nullptr) {
      chat_.Add(chunk);
      is_chat_ = true;
    } else if (const Json* candidates = Find(chunk, "candidates")) {
      Candidates(chunk, *candidates);
    } else if (const Json* block = Find(chunk, "content_block"); block != nullptr) {
      if (TextAt(*block, "type") == "tool_use") {
        tools_.push_back({TextAt(*block, "id"), TextAt(*block, "name"), ""});
      }
    } else if (const Json* delta = Find(chunk, "delta"); delta != nullptr && delta->is_object()) {
      text_ += TextAt(*delta, "text");
      if (!tools_.empty()) tools_.back().arguments += TextAt(*delta, "partial_json");
      if (const std::string stop = TextAt(*delta, "stop_reason"); !stop.empty()) {
        message_["stop_reason"] = stop;
      }
    } else if (const Json* message = Find(chunk, "message");
               message != nullptr && message->is_object()) {
      message_ = *message;
    }
    if (const Json* usage = Find(chunk, "usage"); usage != nullptr && usage->is_object()) {
      Json& counts = message_["usage"];
      if (!counts.is_object()) counts = Json::object();
      for (const auto& [key, value] : usage->items()) {
        if (counts.size() < kCountsMax) counts[key] = value;
      }
    }
  }
  Json Whole() const {
    if (chunks_ == 0) return nullptr;
    if (responses_.is_object()) return responses_;
    if (is_chat_) return chat_.Whole();
    if (gemini_.is_object()) return Gemini();
    Json whole = message_;
    whole["content"] = Json::array({Json{{"type", "text"}, {"text", text_}}});
    for (const AskedTool& tool : tools_) {
      Result<Json> input = ParseJson(tool.arguments);
      whole["content"].push_back(Json{{"type", "tool_use"},
                                      {"id", tool.id},
                                      {"name", tool.name},
                                      {"input", input.ok() ? *input : Json(tool.arguments)}});
    }
    return whole;
  }

 private:
  void Candidates(const Json& chunk, const Json& candidates) {
    if (candidates.is_array() && !candidates.empty()) {
      const Json* content = Find(candidates[0], "content");
      const Json* more = content == nullptr ? nullptr : Find(*content, "parts");
      if (more != nullptr && more->is_array()) {
        for (const Json& part : *more) parts_.push_back(part);
      }
      finish_ = TextAt(candidates[0], "finishReason");
    }
    gemini_ = chunk;
    gemini_.erase("candidates");
  }
  Json Gemini() const {
    Json whole = gemini_;
    whole["candidates"] = Json::array(
        {Json{{"content", {{"parts", parts_}, {"role", "model"}}}, {"finishReason", finish_}}});
    return whole;
  }

  ChatStream chat_;
  Json responses_, gemini_;
  Json parts_ = Json::array();
  std::string finish_;
  Json message_ = Json::object();
  std::string text_;
  std::vector<AskedTool> tools_;
  size_t chunks_ = 0;
  bool is_chat_ = false;
};

}  // namespace

Json JoinStream(std::string_view text) {
  AnyStream stream;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (Result<Json> chunk = ParseJson(line); chunk.ok() && chunk->is_object()) stream.Add(*chunk);
  }
  return stream.Whole();
}

Json JoinPieces(const Json& pieces) {
  AnyStream stream;
  if (!pieces.is_array()) return nullptr;
  for (const Json& piece : pieces) {
    if (piece.is_object()) stream.Add(piece);
  }
  return stream.Whole();
}

}  // namespace backstep::adapters
