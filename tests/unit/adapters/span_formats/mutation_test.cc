// Small files of each format of traces, with bytes changed, cut, doubled and moved at random:
// nothing crashes, and every run that comes of it is one that can be written.
#include "backstep/base/hash.h"
#include "backstep/recorder/adapters/agntcy/agntcy.h"
#include "backstep/recorder/adapters/deepeval/deepeval.h"
#include "backstep/recorder/adapters/jaeger/jaeger.h"
#include "backstep/recorder/adapters/langfuse/langfuse.h"
#include "backstep/recorder/adapters/llmmas/llmmas.h"
#include "backstep/recorder/adapters/openai_traces/openai_traces.h"
#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/recorder/adapters/otel_sdk/otel_sdk.h"
#include "backstep/recorder/adapters/otlp/otlp.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/unit/adapters/spans/proto_writer.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;
using Maker = std::unique_ptr<Importer> (*)();

// Bytes that mean something to these formats are likelier than others.
std::string Mutated(std::string text, RandomStream* random) {
  static constexpr char kLikely[] = "{}[]\",:\\0123456789-.etfn \n\0\x80\xff";
  for (uint64_t changes = 1 + random->Next() % 4; changes > 0 && !text.empty(); --changes) {
    const size_t at = random->Next() % text.size();
    const size_t length = std::min<size_t>(random->Next() % 40, text.size() - at);
    switch (random->Next() % 5) {
      case 0: text[at] = kLikely[random->Next() % (sizeof(kLikely) - 1)]; break;
      case 1: text[at] = static_cast<char>(text[at] ^ (1 << random->Next() % 8)); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(random->Next() % text.size(), text.substr(at, length)); break;
      default: text.resize(at);
    }
  }
  return text;
}

void CheckMutations(Maker make, const std::string& text) {
  REQUIRE(DetectText(*make(), text) > 0);
  MemorySink whole;
  REQUIRE(ReadText(*make(), text, whole).ok());
  REQUIRE(!whole.sessions.empty());
  RandomStream random(HashBytes(text).low);
  const backstep::testing::TempDir folder;
  for (uint64_t i = backstep::testing::Rounds(150, 5000); i > 0; --i) {
    const std::string mutated = Mutated(text, &random);
    INFO(mutated);
    MemorySink sink;
    const auto importer = make();
    (void)DetectText(*importer, mutated);
    (void)ReadFiles(*importer, {WriteTo(folder / "file", mutated)}, sink);
    for (SessionDraft& draft : sink.sessions) REQUIRE(CheckDraft(&draft).ToString() == "ok");
  }
}

TEST_CASE("OTLP with random changes") {
  CheckMutations(MakeOtlpImporter,
                 R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
                 R"("value":{"stringValue":"s"}}]},)"
                 R"("scopeSpans":[{"scope":{"name":"t"},"spans":[{"traceId":"a1","spanId":"b1",)"
                 R"("name":"invoke_agent A",)"
                 R"("startTimeUnixNano":"5","endTimeUnixNano":"9",)"
                 R"("attributes":[{"key":"session.id","value":{"intValue":"5"}}]},)"
                 R"({"traceId":"a1","spanId":"b2","parentSpanId":"b1","name":"handoff to B",)"
                 R"("links":[{"traceId":"a1","spanId":"b3"}]},)"
                 R"({"traceId":"a1","spanId":"b3","parentSpanId":"b1","name":"chat",)"
                 R"("status":{"code":2},"events":[{"name":"gen_ai.choice",)"
                 R"("attributes":[{"key":"message","value":{"stringValue":"{}"}}]}],)"
                 R"("attributes":[{"key":"gen_ai.operation.name",)"
                 R"("value":{"stringValue":"chat"}},{"key":"gen_ai.prompt.0.content",)"
                 R"("value":{"arrayValue":{"values":[{"boolValue":true}]}}}]}]}]}]})");
  ProtoSpanText span{std::string(16, 'a'), std::string(8, 'b'), "", "invoke_agent A", 1, 2,
                     BytesField(9, TextAttribute("gen_ai.prompt.0.content", "hi")) +
                         BytesField(11, BytesField(2, "exception")) +
                         BytesField(13, BytesField(1, std::string(16, 'c')))};
  CheckMutations(MakeOtlpImporter, ProtoTraces(BytesField(2, ProtoSpan(span))));
}

TEST_CASE("llmmas-otel's files with random changes") {
  CheckMutations(MakeLlmmasImporter,
                 R"({"spans":[{"name":"agent_step","trace_id":"a1","span_id":"b1",)"
                 R"("parent_span_id":null,)"
                 R"("start_time_unix_nano":5,"end_time_unix_nano":9,)"
                 R"("attributes":{"llmmas.agent.id":"A"},"events":[],"status":{}},)"
                 R"({"name":"send A->B","trace_id":"a1","span_id":"b2","parent_span_id":"b1",)"
                 R"("start_time_unix_nano":6,"attributes":)"
                 R"({"llmmas.source_agent.id":"A","llmmas.target_agent.id":"B",)"
                 R"("llmmas.message.id":"m"},"events":[{"name":"fault.applied",)"
                 R"("attributes":{"llmmas.fault.type":"a2a.drop"}}]},{"name":"process A->B",)"
                 R"("trace_id":"a1","span_id":"b3",)"
                 R"("parent_span_id":"b1","attributes":{"llmmas.source_agent.id":"A",)"
                 R"("llmmas.target_agent.id":"B","llmmas.message.id":"m"}}]})");
  CheckMutations(MakeLlmmasImporter,
                 R"({"session_id":"s","segment":{"name":"p","order":0},"direction":"send",)"
                 R"("message_id":"m","sha256":"h",)"
                 R"("source_agent_id":"A","target_agent_id":"B","edge_id":"e","channel":"c",)"
                 R"("body":"x","dropped":false})" "\n"
                 R"({"session_id":"s","segment":{"name":"q","order":1},"direction":"receive",)"
                 R"("message_id":"m","sha256":"h",)"
                 R"("source_agent_id":"A","target_agent_id":"B","edge_id":"e","channel":"c",)"
                 R"("body":"x","dropped":false})" "\n");
  CheckMutations(MakeLlmmasImporter,
                 R"({"timestamp":1.5,"phase":"p","from_agent":"A","to_agent":"B",)"
                 R"("message_type":"t","message_content":"x"})" "\n"
                 R"({"timestamp":2.5,"phase":"q","from_agent":"B","to_agent":"A",)"
                 R"("message_type":"t","message_content":"y"})" "\n");
}

TEST_CASE("Jaeger and SDK prints with random changes") {
  CheckMutations(MakeJaegerImporter,
                 R"({"data":[{"traceID":"a1","spans":[{"traceID":"a1","spanID":"b1",)"
                 R"("operationName":"n","startTime":5,"duration":2,)"
                 R"("tags":[{"key":"span.kind","value":"client"}],"logs":[{"timestamp":6,)"
                 R"("fields":[{"key":"event","value":"e"}]}],)"
                 R"("processID":"p1","references":[{"refType":"CHILD_OF","traceID":"a1",)"
                 R"("spanID":"b2"}]}],)"
                 R"("processes":{"p1":{"serviceName":"s","tags":[]}}}]})");
  CheckMutations(MakeOtelSdkImporter,
                 R"([{"name":"n","context":{"trace_id":"0xa1","span_id":"0xb1"},)"
                 R"("kind":"SpanKind.CLIENT","parent_id":null,)"
                 R"("start_time":"2025-01-01T00:00:00Z","end_time":"2025-01-01T00:00:01Z",)"
                 R"("status":{"status_code":"ERROR"},)"
                 R"("attributes":{"span.type":"agentic.invocation","entity.1.type":"agent.x",)"
                 R"("entity.1.name":"A"},"events":[{"name":"data.input",)"
                 R"("timestamp":"2025-01-01T00:00:00Z","attributes":{"input":"i"}}],"links":[],)"
                 R"("resource":{"attributes":{"service.name":"s"}}}])");
}

TEST_CASE("Exports of tools with random changes") {
  CheckMutations(MakeAgntcyImporter,
                 R"([{"Timestamp":"2025-08-05T15:40:10.05Z","TraceId":"a1","SpanId":"b1",)"
                 R"("ParentSpanId":"","SpanName":"autogen process",)"
                 R"("SpanKind":"Consumer","ResourceAttributes":"{\"service.name\":\"s\"}",)"
                 R"("SpanAttributes":{"messaging.operation":"process",)"
                 R"("recipient_agent_type":"A","sender_agent_type":"B",)"
                 R"("message_context":"{\"message_id\":\"m\"}"},"Duration":"5",)"
                 R"("EventsTimestamp":[],"EventsName":["e"],"EventsAttributes":[{}],)"
                 R"("LinksTraceId":["a1"],"LinksSpanId":["b2"]}])");
  CheckMutations(MakeLangfuseImporter,
                 R"({"trace":{"id":"t","projectId":"p","sessionId":"s"},"observations":[{"id":"a",)"
                 R"("traceId":"t","parentObservationId":null,)"
                 R"("type":"AGENT","name":"A","startTime":"2025-01-01T00:00:00Z",)"
                 R"("metadata":"{\"attributes\":{\"k\":1},\"scope\":{\"name\":\"n\"}}"},)"
                 R"({"id":"b","traceId":"t","parentObservationId":"a","type":"GENERATION",)"
                 R"("input":"[{\"role\":\"user\"}]","usageDetails":{"input":1}}]})");
  CheckMutations(MakeDeepevalImporter,
                 R"([{"uuid":"u","threadId":"t","agentSpans":[{"uuid":"1","name":"A",)"
                 R"("startTime":"2025-01-01T00:00:00Z","input":{"a":1}}],)"
                 R"("llmSpans":[{"uuid":"2","parentUuid":"1","model":"m","inputTokenCount":1.5,)"
                 R"("input":[{"role":"x"}]}],"toolSpans":[]}])");
  CheckMutations(MakeOpenAiTracesImporter,
                 R"({"data":[{"object":"trace","id":"t","workflow_name":"w"},)"
                 R"({"object":"trace.span","id":"s","trace_id":"t","parent_id":null,)"
                 R"("started_at":"2025-01-01T00:00:00Z","span_data":{"type":"agent","name":"A"},)"
                 R"("error":{"message":"m"}},)"
                 R"({"object":"trace.span","id":"h","trace_id":"t","parent_id":"s",)"
                 R"("span_data":{"type":"handoff","from_agent":"A","to_agent":"B"}}]})");
}

}  // namespace
}  // namespace backstep::adapters
