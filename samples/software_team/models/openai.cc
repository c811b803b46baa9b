// Any endpoint that speaks OpenAI's chat API, streamed. Built with libcurl where it is installed.
#include <cstdlib>

#include "backstep/samples/software_team/llm.h"

#ifdef TEAM_HAS_CURL
#include <curl/curl.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "backstep/samples/software_team/models/sse.h"
#endif

namespace team {

using backstep::Result;
using backstep::Status;

#ifndef TEAM_HAS_CURL

Result<std::unique_ptr<Llm>> MakeOpenAiLlm() {
  return Status::InvalidArgument(
      "this program was built without libcurl, which --llm openai needs: install "
      "libcurl4-openssl-dev, configure and build again");
}

#else

namespace {

using backstep::CallError;
using backstep::CallProgress;
using backstep::CallRequest;
using backstep::CallResponse;
using backstep::CallResult;
using Json = nlohmann::json;

constexpr long kConnectSecondsMax = 20;
constexpr long kSecondsMax = 300;
constexpr size_t kBodyBytesMax = 32 << 20;
constexpr long kStatusFailed = 400, kTimeout = 408, kTooMany = 429, kServerFailed = 500;

std::string Variable(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

// What one exchange brings in; libcurl calls the two functions on this thread.
struct Incoming {
  SseAssembler assembler;
  std::string raw;               // for errors, and for servers that do not stream
  std::optional<int64_t> retry_after_s;

  static size_t OnBody(char* bytes, size_t one, size_t size, void* self) {
    auto* incoming = static_cast<Incoming*>(self);
    if (incoming->raw.size() + size > kBodyBytesMax) return 0;
    incoming->raw.append(bytes, size);
    incoming->assembler.Add(std::string(bytes, size));
    return one * size;
  }
  static size_t OnHeader(char* bytes, size_t one, size_t size, void* self) {
    constexpr char kName[] = "retry-after:";
    if (size > sizeof kName && strncasecmp(bytes, kName, sizeof kName - 1) == 0) {
      const std::string value(bytes + sizeof kName - 1, size - sizeof kName + 1);
      static_cast<Incoming*>(self)->retry_after_s = std::strtoll(value.c_str(), nullptr, 10);
    }
    return one * size;
  }
};

CallError StatusError(long status, const Incoming& incoming) {
  CallError error;
  error.kind = status == kTooMany         ? "rate_limit"
               : status == kTimeout       ? "timeout"
               : status >= kServerFailed  ? "network_error"
                                          : "unknown";
  error.code = status;
  error.message = incoming.raw.substr(0, 500);
  if (incoming.retry_after_s) {
    error.retry_after = backstep::Milliseconds(*incoming.retry_after_s * 1000);
  }
  return error;
}

uint64_t Count(const Json& usage, const char* name) {
  if (!usage.is_object() || !usage.contains(name)) return 0;
  return usage[name].is_number_unsigned() ? usage[name].get<uint64_t>() : 0;
}

void FillUsage(CallResponse* response) {
  const Json body = Json::parse(response->body.bytes, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return;
  if (body.contains("usage") && body["usage"].is_object()) {
    const Json& usage = body["usage"];
    response->usage.input_tokens = Count(usage, "prompt_tokens");
    response->usage.output_tokens = Count(usage, "completion_tokens");
    if (usage.contains("prompt_tokens_details")) {
      response->usage.cached_tokens = Count(usage["prompt_tokens_details"], "cached_tokens");
    }
    if (usage.contains("completion_tokens_details")) {
      response->usage.reasoning_tokens =
          Count(usage["completion_tokens_details"], "reasoning_tokens");
    }
  }
  if (body.contains("choices") && body["choices"].is_array() && !body["choices"].empty()) {
    const Json& choice = body["choices"][0];
    if (choice.is_object() && choice.contains("finish_reason") &&
        choice["finish_reason"].is_string()) {
      response->finish_reason = choice["finish_reason"];
    }
  }
}

// The request as recorded, plus what makes the server stream.
std::string StreamingBody(const std::string& request) {
  Json body = Json::parse(request, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return request;
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class OpenAiLlm final : public Llm {
 public:
  OpenAiLlm(std::string url, std::string key, std::string model)
      : url_(std::move(url)), key_(std::move(key)), model_(std::move(model)) {}
  std::string Provider() const override { return "openai"; }
  std::string Model() const override { return model_; }

  CallResult Complete(const CallRequest& request, CallProgress& progress) override {
    Incoming incoming{SseAssembler([&progress](const std::string& piece) {
                        progress.Chunk(piece);
                      }), {}, {}};
    long status = 0;
    const std::string failure = Post(StreamingBody(request.body.bytes), &incoming, &status);
    if (!failure.empty()) {
      const bool timeout = failure.find("imed out") != std::string::npos;
      return CallError{.kind = timeout ? "timeout" : "network_error", .message = failure};
    }
    if (status >= kStatusFailed) return StatusError(status, incoming);
    if (!incoming.assembler.error().empty()) {
      return CallError{.kind = "unknown", .message = incoming.assembler.error().substr(0, 500)};
    }
    const bool streamed = LooksLikeSse(incoming.raw);
    CallResponse response;
    response.body.bytes = streamed ? incoming.assembler.Finish() : incoming.raw;
    if (streamed && !incoming.assembler.complete()) {
      return CallError{.kind = "network_error", .message = "the answer ended in the middle"};
    }
    FillUsage(&response);
    return response;
  }

 private:
  // Empty, or why no whole answer came.
  std::string Post(const std::string& body, Incoming* incoming, long* status) const {
    CURL* curl = curl_easy_init();
    if (curl == nullptr) return "libcurl cannot start";
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: text/event-stream");
    const std::string authorization = "Authorization: Bearer " + key_;
    if (!key_.empty()) headers = curl_slist_append(headers, authorization.c_str());
    curl_easy_setopt(curl, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Incoming::OnBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, incoming);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Incoming::OnHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, incoming);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSecondsMax);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, kSecondsMax);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code == CURLE_OK ? "" : curl_easy_strerror(code);
  }

  const std::string url_, key_, model_;
};

}  // namespace

Result<std::unique_ptr<Llm>> MakeOpenAiLlm() {
  const std::string official = "https://api.openai.com/v1";
  std::string base = Variable("OPENAI_BASE_URL", official);
  while (!base.empty() && base.back() == '/') base.pop_back();
  const std::string key = Variable("OPENAI_API_KEY", "");
  if (key.empty() && base == official) {
    return Status::InvalidArgument("OPENAI_API_KEY is not set (and OPENAI_BASE_URL is not either)");
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Status::Io("libcurl cannot start");
  }
  return std::unique_ptr<Llm>(std::make_unique<OpenAiLlm>(
      base + "/chat/completions", key, Variable("OPENAI_MODEL", "gpt-4o-mini")));
}

#endif

}  // namespace team
