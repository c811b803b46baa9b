// Recorded exchanges with real models, one JSON object a line:
//   {"request": the parsed body, "status": 200, "response": the parsed body or the raw SSE text}
// Other fields are left alone; lines that are no model call (a GET, a trace export) are skipped.
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "backstep/base/hash.h"
#include "backstep/samples/software_team/llm.h"
#include "backstep/samples/software_team/models/sse.h"

namespace team {
namespace {

using backstep::CallError;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using backstep::Hash128;
using backstep::Result;
using backstep::Status;
using Json = nlohmann::json;

constexpr int64_t kStatusOk = 200, kStatusFailed = 400, kTooMany = 429;

struct Exchange {
  Hash128 request;     // of the canonical JSON
  std::string model;
  int64_t status = kStatusOk;
  std::string response;
  bool used = false;
};

// Keys sorted, no white space: the same request, however it was written.
Hash128 CanonicalHash(const Json& json) {
  return backstep::HashBytes(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

uint64_t CountIn(const Json& usage, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (usage.is_object() && usage.contains(name) && usage[name].is_number_unsigned()) {
      return usage[name].get<uint64_t>();
    }
  }
  return 0;
}

backstep::Usage UsageOf(const std::string& response) {
  backstep::Usage usage;
  const Json json = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  for (const char* key : {"usage", "usageMetadata"}) {
    if (!json.is_object() || !json.contains(key)) continue;
    usage.input_tokens = CountIn(json[key], {"prompt_tokens", "input_tokens", "promptTokenCount"});
    usage.output_tokens =
        CountIn(json[key], {"completion_tokens", "output_tokens", "candidatesTokenCount"});
  }
  return usage;
}

bool IsModelCall(const Json& line) {
  if (!line.contains("request") || !line["request"].is_object()) return false;
  const Json& request = line["request"];
  const bool asks = request.contains("messages") || request.contains("input") ||
                    request.contains("contents") || request.contains("prompt");
  return asks && line.contains("response") && !line["response"].is_null();
}

Exchange ReadExchange(const Json& line) {
  Exchange exchange;
  exchange.request = CanonicalHash(line["request"]);
  if (line["request"].contains("model") && line["request"]["model"].is_string()) {
    exchange.model = line["request"]["model"];
  }
  if (line.contains("status") && line["status"].is_number_integer()) {
    exchange.status = line["status"];
  }
  const Json& response = line["response"];
  if (!response.is_string()) {
    exchange.response = response.dump(-1, ' ', false, Json::error_handler_t::replace);
  } else if (const std::string text = response; LooksLikeSse(text)) {
    exchange.response = AssembleSse(text);
  } else {
    exchange.response = text;
  }
  return exchange;
}

class CassetteLlm final : public Llm {
 public:
  explicit CassetteLlm(std::vector<Exchange> exchanges) : exchanges_(std::move(exchanges)) {}
  std::string Provider() const override { return "cassette"; }
  std::string Model() const override {
    const std::string& model = exchanges_.front().model;
    return model.empty() ? "cassette" : model;
  }

  CallResult Complete(const CallRequest& request, CallProgress& progress) override {
    const Exchange* exchange = Take(request.body.bytes);
    if (exchange == nullptr) {
      return CallError{.kind = "unknown", .message = "the cassette has no exchange left"};
    }
    if (exchange->status >= kStatusFailed) {
      return CallError{.kind = exchange->status == kTooMany ? "rate_limit" : "unknown",
                       .code = exchange->status,
                       .message = exchange->response.substr(0, 500)};
    }
    progress.Chunk(AnswerText(exchange->response));
    CallResponse response;
    response.body.bytes = exchange->response;
    response.usage = UsageOf(exchange->response);
    return response;
  }

 private:
  // The recorded answer to this very request, else the next one that was not used yet.
  const Exchange* Take(const std::string& request) {
    const Json json = Json::parse(request, nullptr, /*allow_exceptions=*/false);
    const Hash128 hash = CanonicalHash(json);
    std::lock_guard lock(mutex_);
    Exchange* next = nullptr;
    for (Exchange& exchange : exchanges_) {
      if (exchange.request == hash) {
        exchange.used = true;
        return &exchange;
      }
      if (next == nullptr && !exchange.used) next = &exchange;
    }
    if (next != nullptr) next->used = true;
    return next;
  }

  std::mutex mutex_;
  std::vector<Exchange> exchanges_;
};

}  // namespace

Result<std::unique_ptr<Llm>> MakeCassetteLlm(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Status::NotFound("cannot read the cassette " + path);
  std::vector<Exchange> exchanges;
  std::string text;
  for (size_t number = 1; std::getline(file, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) {
      return Status::InvalidArgument(path + ":" + std::to_string(number) +
                                     ": not a JSON object; a cassette has one exchange a line");
    }
    if (IsModelCall(line)) exchanges.push_back(ReadExchange(line));
  }
  if (exchanges.empty()) return Status::InvalidArgument(path + " holds no model call");
  return std::unique_ptr<Llm>(std::make_unique<CassetteLlm>(std::move(exchanges)));
}

}  // namespace team
