#include "backstep/recorder/adapters/openai_traces/openai_traces.h"

#include <utility>

#include "backstep/recorder/adapters/conversations/usage.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

// What span_data calls it, and the key that says the same in any trace.
constexpr std::pair<std::string_view, const char*> kKnown[] = {
    {"input", "input.value"}, {"output", "output.value"}, {"model", "gen_ai.request.model"},
    {"from_agent", "from_agent"}, {"to_agent", "to_agent"},
    {"model_config", "llm.invocation_parameters"}, {"response_id", "gen_ai.response.id"},
};

// Spans of the Responses API count by its names, those of chat completions by theirs.
void SetUsage(const Json& usage, Span* span) {
  for (const char* count :
       {"input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"}) {
    if (const Json* tokens = Find(usage, count); tokens != nullptr && !tokens->is_null()) {
      SetJson(std::string("gen_ai.usage.") + count, *tokens, span, &span->attributes);
    }
  }
  const Usage all = UsageOfModel(usage);
  if (all.cached_tokens != 0) {
    SetJson("gen_ai.usage.cached_tokens", all.cached_tokens, span, &span->attributes);
  }
  if (all.reasoning_tokens != 0) {
    SetJson("gen_ai.usage.reasoning_tokens", all.reasoning_tokens, span, &span->attributes);
  }
}

void ReadSpanData(const Json& data, bool calls_beside, Span* span) {
  const std::string type = TextAt(data, "type");
  const std::string name = TextAt(data, "name");
  const bool elsewhere = calls_beside && type == "response";
  span->Set(elsewhere ? "openai.span_data.type" : "openai.span.type", type);
  span->name = span->arena.Keep(name.empty() ? type : name);
  if (type == "agent") span->Set("gen_ai.agent.name", name);
  if (type == "function") span->Set("gen_ai.tool.name", name);
  if (type == "handoff") span->name = span->arena.Keep("handoff to " + TextAt(data, "to_agent"));
  for (const auto& [key, value] : data.items()) {
    if (key == "type" || key == "name" || value.is_null()) continue;
    if (key == "usage") SetUsage(value, span);
    std::string known = "openai." + key;
    for (const auto& [theirs, ours] : kKnown) {
      if (key == theirs) known = ours;
    }
    SetJson(known, value, span, &span->attributes);
  }
}

void ReadError(const Json& item, Span* span) {
  const Json* error = Find(item, "error");
  if (error == nullptr || error->is_null()) return;
  span->status = SpanStatus::kError;
  const std::string message =
      error->is_string() ? error->get<std::string>() : TextAt(*error, "message");
  span->status_message = span->arena.Keep(message.empty() ? JsonText(*error) : message);
  if (error->is_object()) SetJson("openai.error", *error, span, &span->attributes);
}

class TraceVisitor : public JsonVisitor {
 public:
  TraceVisitor(OpenAiTraces& traces, Sink& sink) : traces_(traces), sink_(sink) {}
  JsonWant Begin(const JsonPath& path, char first) override {
    return path.empty() && first == '[' ? JsonWant::kEnter : JsonWant::kTake;
  }
  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    const Result<Json> json = ParseJson(text);
    if (!json.ok()) {
      sink_.Skip(place, json.status().message());
      return {};
    }
    const Json* items = Find(*json, "data");
    if (items == nullptr || !items->is_array()) {
      traces_.Take(*json, false, place, sink_);
    } else {
      for (const Json& item : *items) traces_.Take(item, false, place, sink_);
    }
    return {};
  }

 private:
  OpenAiTraces& traces_;
  Sink& sink_;
};

class OpenAiTracesImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "openai_traces", "OpenAI Agents SDK trace exports (JSON, also by lines)",
        "a session a trace, agents and their steps, tools, handoffs, model calls as far as told",
        "the words of model calls that are named by a response's id only"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    const auto has = [&](const char* key) { return head.bytes.find(key) != head.bytes.npos; };
    return has("\"span_data\"") && has("\"trace.span\"") && !has("\"uri\"") ? 90 : 0;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = traces_.span_count();
    TraceVisitor visitor(traces_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (traces_.span_count() != before) return {};
    return NoRunIn(source.path(), "openai_traces");
  }
  Status Finish(Sink& sink) override { return traces_.Finish(sink); }

 private:
  OpenAiTraces traces_;
};

}  // namespace

void OpenAiTraces::Take(const Json& item, bool calls_beside, const Place& place, Sink& sink) {
  const std::string object = TextAt(item, "object"), id = TextAt(item, "id");
  if (object == "trace" && !id.empty()) {
    for (const char* key : {"workflow_name", "group_id", "metadata"}) {
      const Json* value = Find(item, key);
      if (value == nullptr || value->is_null()) continue;
      collector_.Describe(id, std::string("source.") + key,
                          value->is_string() ? value->get<std::string>() : JsonText(*value));
    }
    return;
  }
  const Json* data = Find(item, "span_data");
  if (object != "trace.span" || id.empty() || data == nullptr || !data->is_object()) {
    sink.Skip(place, "neither a trace nor a span of the OpenAI Agents SDK");
    return;
  }
  span_.Clear();
  span_.span_id = span_.arena.Keep(id);
  span_.trace_id = span_.arena.Keep(TextAt(item, "trace_id"));
  span_.parent_id = span_.arena.Keep(TextAt(item, "parent_id"));
  span_.session = span_.trace_id;
  if (const Json* at = Find(item, "started_at")) {
    span_.began = Noted(TimeOf(*at), at, kOddBegin, &span_);
  }
  if (const Json* at = Find(item, "ended_at")) {
    span_.ended = Noted(TimeOf(*at), at, kOddEnd, &span_);
  }
  ReadSpanData(*data, calls_beside, &span_);
  ReadError(item, &span_);
  collector_.Add(&span_, place, sink);
}

std::unique_ptr<Importer> MakeOpenAiTracesImporter() {
  return std::make_unique<OpenAiTracesImporter>();
}

}  // namespace backstep::adapters
