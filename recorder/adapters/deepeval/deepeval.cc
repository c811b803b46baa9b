#include "backstep/recorder/adapters/deepeval/deepeval.h"

#include <string_view>
#include <utility>

#include "backstep/recorder/adapters/assembly/collector.h"
#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/spans/span_words.h"

namespace backstep::adapters {
namespace {

constexpr std::pair<const char*, const char*> kGroups[] = {
    {"baseSpans", "base"}, {"agentSpans", "agent"}, {"llmSpans", "llm"},
    {"retrieverSpans", "retriever"}, {"toolSpans", "tool"},
};

// What DeepEval calls it, and the key that says the same in any trace.
constexpr std::pair<std::string_view, const char*> kKnown[] = {
    {"input", "input.value"}, {"output", "output.value"}, {"model", "gen_ai.request.model"},
    {"provider", "gen_ai.provider.name"}, {"inputTokenCount", "gen_ai.usage.input_tokens"},
    {"outputTokenCount", "gen_ai.usage.output_tokens"},
};

bool IsTold(std::string_view key) {
  for (std::string_view told :
       {"uuid", "parentUuid", "name", "status", "type", "startTime", "endTime", "error"}) {
    if (key == told) return true;
  }
  return false;
}

TimeNs When(const Json& json, const char* key, Oddity oddity, Span* span) {
  const Json* found = Find(json, key);
  return Noted(found == nullptr ? TimeNs{} : TimeOf(*found), found, oddity, span);
}

// An id that says something: Python's None written as a text does not.
std::string NamedId(const Json& json, const char* key) {
  const std::string id = TextAt(json, key);
  return id == "None" || id == "null" ? std::string() : id;
}

bool ReadDeepevalSpan(const Json& json, const char* type, const std::string& trace, Span* span) {
  const std::string id = TextAt(json, "uuid");
  if (id.empty()) return false;
  span->trace_id = span->arena.Keep(trace);
  span->span_id = span->arena.Keep(id);
  span->parent_id = span->arena.Keep(NamedId(json, "parentUuid"));
  span->name = span->arena.Keep(TextAt(json, "name"));
  span->began = When(json, "startTime", kOddBegin, span);
  span->ended = When(json, "endTime", kOddEnd, span);
  span->status = StatusOf(TextAt(json, "status"));
  if (span->status == SpanStatus::kError) {
    span->status_message = span->arena.Keep(TextAt(json, "error"));
  }
  span->Set("deepeval.span.type", type);
  if (std::string_view(type) == "agent") span->Set("gen_ai.agent.name", span->name);
  for (const auto& [key, value] : json.items()) {
    if (IsTold(key) || value.is_null() || (value.is_structured() && value.empty())) continue;
    std::string name = "deepeval." + key;
    for (const auto& [theirs, known] : kKnown) {
      if (key == theirs) name = known;
    }
    if (value != "null") SetJson(name, value, span, &span->attributes);
  }
  return true;
}

class DeepevalVisitor : public JsonVisitor {
 public:
  DeepevalVisitor(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}

  JsonWant Begin(const JsonPath& path, char first) override {
    return path.empty() && first == '[' ? JsonWant::kEnter : JsonWant::kTake;
  }

  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    const Result<Json> trace = ParseJson(text);
    if (!trace.ok() || !trace->is_object()) {
      sink_.Skip(place, trace.ok() ? "not a trace of DeepEval" : trace.status().message());
      return {};
    }
    const std::string id = TextAt(*trace, "uuid"), thread = NamedId(*trace, "threadId");
    const std::string session = thread.empty() ? id : thread;
    for (const auto& [group, type] : kGroups) {
      const Json* spans = Find(*trace, group);
      if (spans == nullptr || !spans->is_array()) continue;
      for (const Json& json : *spans) {
        span_.Clear();
        if (!ReadDeepevalSpan(json, type, id, &span_)) {
          sink_.Skip(place, std::string("one of its ") + group + " has no uuid");
          continue;
        }
        span_.session = span_.arena.Keep(session);
        collector_.Add(&span_, place, sink_);
      }
    }
    for (const auto& [key, value] : trace->items()) {
      const bool spans = key.size() > 5 && key.substr(key.size() - 5) == "Spans";
      if (spans || value.is_null() || (value.is_structured() && value.empty())) continue;
      collector_.Describe(session, "source." + key,
                          value.is_string() ? value.get<std::string>() : JsonText(value));
    }
    return {};
  }

 private:
  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
};

class DeepevalImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "deepeval", "DeepEval traces (JSON)",
        "agents and their steps, model and tool calls with tokens, the tree of spans",
        "messages between agents other than those the tree shows"};
    return kInfo;
  }
  int Detect(const Head& head) const override {
    const auto has = [&](const char* key) { return head.bytes.find(key) != head.bytes.npos; };
    const bool spans = has("\"baseSpans\"") || has("\"agentSpans\"") || has("\"llmSpans\"");
    return spans && has("\"uuid\"") ? 95 : 0;
  }
  Status Read(Source& source, Sink& sink) override {
    const uint64_t before = collector_.span_count();
    collector_.SetScope(source.path());  // programs give every run the same thread's id
    DeepevalVisitor visitor(collector_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "deepeval");
  }
  Status Finish(Sink& sink) override { return collector_.Finish(sink); }

 private:
  SpanCollector collector_{"deepeval"};
};

}  // namespace

std::unique_ptr<Importer> MakeDeepevalImporter() { return std::make_unique<DeepevalImporter>(); }

}  // namespace backstep::adapters
