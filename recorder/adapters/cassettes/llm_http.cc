#include <algorithm>

#include "backstep/recorder/adapters/cassettes/cassettes.h"
#include "backstep/recorder/adapters/cassettes/model_api.h"
#include "backstep/recorder/adapters/conversations/fields.h"
#include "backstep/recorder/adapters/conversations/head_shape.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/openai_traces/openai_traces.h"

namespace backstep::adapters {
namespace {

constexpr char kLlmHttp[] = "llm_http";

const FormatInfo kLlmHttpInfo{
    .name = kLlmHttp,
    .title = "HTTP exchanges with models, one JSON line each (cassettes)",
    .brings = "every exchange whole, as a model call of the agent whose system prompt it holds; "
              "streamed answers joined, tool calls with the answers later requests hold, tokens, "
              "HTTP errors",
    .lacks = "times, who sent what to whom; agents have names only where the prompt tells them"};

// "openai" of "https://api.openai.com/v1/...".
std::string ProviderOf(const std::string& uri) {
  size_t begin = uri.find("://");
  begin = begin == std::string::npos ? 0 : begin + 3;
  const std::string host = uri.substr(begin, uri.find_first_of("/:?", begin) - begin);
  for (const char* known : {"openai", "anthropic", "mistral", "cohere", "groq", "deepseek"}) {
    if (host.find(known) != std::string::npos) return known;
  }
  if (host.ends_with("googleapis.com")) return "google";
  if (host.ends_with("amazonaws.com")) return "aws";
  return host;
}

// The reason an answer of HTTP status `status` gives for its failure.
CallError HttpError(int64_t status, const Json& answer) {
  const Json* error = Find(answer, "error");
  std::string message;
  if (error != nullptr) message = TextAt(*error, "message");
  if (message.empty() && !answer.is_null()) message = BodyText(error == nullptr ? answer : *error);
  return {.kind = status == 429                    ? "rate_limit"
                  : status == 408 || status == 504 ? "timeout"
                                                   : "http_error",
          .code = status,
          .message = CutText(message, 4096)};
}

// The answer, whole or streamed; sets the exchange's response or error.
void ReadResponse(const Json& line, Exchange* exchange) {
  const int64_t status = static_cast<int64_t>(
      std::clamp(NumberAt(line, "status").value_or(0), 0.0, 9999.0));
  const Json* answer = Find(line, "response");
  const Json nothing;
  Json whole = answer == nullptr ? nothing : *answer;
  if (whole.is_string()) {
    const std::string text = whole.get<std::string>();
    Json joined = JoinStream(text);
    if (joined.is_null()) {
      Result<Json> parsed = ParseJson(text);
      if (parsed.ok()) joined = std::move(*parsed);
    } else {
      exchange->raw = text;
    }
    if (!joined.is_null()) whole = std::move(joined);
  }
  if (Json joined = JoinPieces(whole); !joined.is_null()) {
    exchange->raw = BodyText(*answer);
    whole = std::move(joined);
  }
  if (status >= 400) {
    exchange->error = HttpError(status, whole);
    return;
  }
  if (TextAt(line, "response_lost") == "true" || answer == nullptr) return;
  exchange->response = BodyText(whole);
  if (exchange->model_call) ReadAnswer(whole, exchange);
}

Exchange ExchangeOf(const Json& line, uint64_t place) {
  const std::string uri = TextAt(line, "uri");
  Exchange exchange{.model = {}, .request = {}};
  exchange.index = CountAt(line, "seq").value_or(place);
  exchange.model_call = IsModelAddress(uri);
  exchange.provider = ProviderOf(uri);
  for (const char* key : {"time", "timestamp", "started_at"}) {
    if (const Json* time = Find(line, key)) exchange.time = TimeOf(*time);
    exchange.odd.Time(line, key);
  }
  const Json* request = Find(line, "request");
  const Json nothing = Json::object();
  const Json& sent = request == nullptr ? nothing : *request;
  exchange.request = BodyText(sent);
  if (exchange.model_call) {
    ReadRequest(uri, sent, &exchange);
    if (exchange.model.empty()) exchange.model = "unknown";
  } else {
    exchange.model = TextAt(line, "method") + " " + uri.substr(0, uri.find('?'));
  }
  ReadResponse(line, &exchange);
  return exchange;
}

class LlmHttpImporter : public Importer {
 public:
  const FormatInfo& info() const override { return kLlmHttpInfo; }
  int Detect(const Head& head) const override {
    const HeadShape shape(head.bytes);
    if (!shape.Has("uri") || !shape.Has("method")) return 0;
    return shape.Has("request") ? 90 : 40;
  }
  Status Read(Source& source, Sink& sink) override;
  Status Finish(Sink& sink) override { return traces_.Finish(sink); }

 private:
  // The SDK's own export of what its agents did: sessions beside the one of the exchanges.
  void TakeTraces(const Json& line, const Place& here, Sink& sink) {
    const Json* request = Find(line, "request");
    const Json* items = request == nullptr ? nullptr : Find(*request, "data");
    if (items == nullptr || !items->is_array()) {
      sink.Skip(here, "an export of trace spans without a list \"data\"");
      return;
    }
    for (const Json& item : *items) traces_.Take(item, true, here, sink);
  }

  OpenAiTraces traces_;
};

Status LlmHttpImporter::Read(Source& source, Sink& sink) {
  SessionDraft draft;
  draft.name = FileStem(source.path());
  KeepOrigin(&draft, kLlmHttp, source);
  Cassette cassette(&draft, &sink);
  std::string_view text;
  for (uint64_t place = 0;; ++place) {
    Result<bool> more = source.ReadLine(&text);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    const Place here{.file = source.path(), .line = source.line()};
    Result<Json> line = ParseJson(text);
    if (!line.ok()) {
      sink.Skip(here, line.status().message());
    } else if (Find(*line, "uri") == nullptr || Find(*line, "method") == nullptr) {
      sink.Skip(here, "no exchange: it has no \"method\" and \"uri\"");
    } else if (TextAt(*line, "uri").ends_with("/traces/ingest")) {
      TakeTraces(*line, here, sink);
    } else {
      const Exchange exchange = ExchangeOf(*line, place);
      exchange.odd.Tell(here, "", sink);
      const StepIndex step = cassette.Add(exchange);
      if (TextAt(*line, "response_lost") == "true") {
        draft.notes.push_back({.step = step, .name = "response_lost", .category = "warning"});
      }
    }
  }
  if (draft.steps.empty()) return {};
  return sink.Session(std::move(draft));
}

}  // namespace

std::unique_ptr<Importer> MakeLlmHttpImporter() { return std::make_unique<LlmHttpImporter>(); }

}  // namespace backstep::adapters
