#include "backstep/recorder/adapters/llmmas/llmmas.h"

#include <set>

#include "backstep/recorder/adapters/json/json_stream.h"
#include "backstep/recorder/adapters/core/source.h"
#include "backstep/recorder/adapters/llmmas/message_log.h"
#include "backstep/recorder/adapters/llmmas/phase_log.h"
#include "backstep/recorder/adapters/otel_sdk/sdk_span.h"

namespace backstep::adapters {
namespace {

enum class Kind { kNone, kSpans, kMessages, kPhases };

Kind KindOfHead(std::string_view text) {
  text = FromFirstValue(text);
  const auto has = [&](std::string_view key) { return text.find(key) != text.npos; };
  if (!text.starts_with('{')) return Kind::kNone;
  const bool told = has("\"direction\"") || has("\"sha256\"");
  if (told && has("\"message_id\"") && has("\"body\"") && has("\"session_id\"")) {
    return Kind::kMessages;
  }
  if (has("\"spans\"") && has("\"trace_id\"") && has("\"start_time_unix_nano\"")) {
    return Kind::kSpans;
  }
  if (has("\"phase\"") && has("\"from_agent\"") && has("\"message_content\"")) return Kind::kPhases;
  return Kind::kNone;
}

// What spans and messages of one run share: "a1_llm_delay_r01" of traces_a1_llm_delay_r01.json and
// messages_a1_llm_delay_r01.jsonl. Each run calls its sessions the same.
std::string RunOf(const Source& source) {
  std::string name = source.name();
  name = name.substr(0, name.rfind('.'));
  for (std::string_view head : {"traces_", "messages_", "trace_", "message_"}) {
    if (name.rfind(head, 0) == 0) return name.substr(head.size());
  }
  return name;
}

class LlmmasSpans : public JsonVisitor {
 public:
  LlmmasSpans(SpanCollector& collector, Sink& sink) : collector_(collector), sink_(sink) {}
  JsonWant Begin(const JsonPath& path, char) override {
    if (path.empty() || (path.size() == 1 && path[0] == "spans")) return JsonWant::kEnter;
    return path.size() == 2 && path[0] == "spans" ? JsonWant::kTake : JsonWant::kPass;
  }
  Status Take(const JsonPath&, std::string_view text, const Place& place) override {
    const Result<Json> json = ParseJson(text);
    span_.Clear();
    if (json.ok() && ReadSdkSpan(*json, &span_)) {
      for (const Attribute& attribute : span_.attributes) {
        if (attribute.key == "llmmas.session.id") sessions.emplace(attribute.text);
      }
      collector_.Add(&span_, place, sink_);
    } else {
      sink_.Skip(place, json.ok() ? "a span without name and id" : json.status().message());
    }
    return {};
  }
  std::set<std::string> sessions;

 private:
  SpanCollector& collector_;
  Sink& sink_;
  Span span_;
};

class LlmmasImporter : public Importer {
 public:
  const FormatInfo& info() const override {
    static const FormatInfo kInfo{
        "llmmas", "llmmas-otel runs (span JSON, message JSON Lines, phase logs)",
        "sessions, segments, steps, messages with whole bodies, model calls, injected faults",
        "tokens and states; model calls are previews of 200 characters"};
    return kInfo;
  }

  int Detect(const Head& head) const override {
    switch (KindOfHead(head.bytes)) {
      case Kind::kSpans: return head.bytes.find("llmmas.") != head.bytes.npos ? 98 : 80;
      case Kind::kMessages: return 98;
      case Kind::kPhases: return 85;
      case Kind::kNone: return 0;
    }
    return 0;
  }

  Status Read(Source& source, Sink& sink) override {
    std::string_view head;
    BACKSTEP_ASSIGN_OR_RETURN(head, source.Peek());
    const Kind kind = KindOfHead(head);
    if (kind == Kind::kMessages) return ReadMessages(source, sink);
    if (kind == Kind::kPhases) return ReadPhaseLog(source, sink);
    const std::string run = RunOf(source);
    collector_.SetScope(run);
    const uint64_t before = collector_.span_count();
    LlmmasSpans visitor(collector_, sink);
    BACKSTEP_RETURN_IF_ERROR(WalkJson(source, visitor, sink));
    for (const std::string& session : visitor.sessions) {
      collector_.Describe(session, "run", run);
      traced_.emplace(run, session);
    }
    if (collector_.span_count() != before) return {};
    return NoRunIn(source.path(), "llmmas");
  }

  Status Finish(Sink& sink) override {
    BACKSTEP_RETURN_IF_ERROR(collector_.Finish(
        sink, [this](const MessageName& name) { return messages_.Find(name); }));
    return messages_.Finish(traced_, sink);
  }

 private:
  Status ReadMessages(Source& source, Sink& sink) {
    const std::string run = RunOf(source);
    std::string_view text;
    bool any = false;
    for (;;) {
      bool more = false;
      BACKSTEP_ASSIGN_OR_RETURN(more, source.ReadLine(&text));
      if (!more) break;
      if (text.find_first_not_of(" \t") == text.npos) continue;
      const Place place{source.path(), source.line()};
      const Result<Json> line = ParseJson(text);
      if (line.ok() && messages_.Add(*line, run, place, sink)) {
        any = true;
      } else {
        sink.Skip(place, line.ok() ? "not a message that was sent or received"
                                   : line.status().message());
      }
    }
    if (any) return {};
    return NoRunIn(source.path(), "llmmas");
  }

  SpanCollector collector_{"llmmas"};
  MessageLog messages_;
  std::set<std::pair<std::string, std::string>> traced_;
};

}  // namespace

std::unique_ptr<Importer> MakeLlmmasImporter() { return std::make_unique<LlmmasImporter>(); }

}  // namespace backstep::adapters
