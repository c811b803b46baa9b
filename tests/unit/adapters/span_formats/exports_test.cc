// The exports of observability tools: rows of ClickHouse, Langfuse, DeepEval, SDKs, OpenAI Agents.
#include "backstep/recorder/adapters/agntcy/agntcy.h"
#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/recorder/adapters/deepeval/deepeval.h"
#include "backstep/recorder/adapters/langfuse/langfuse.h"
#include "backstep/recorder/adapters/openai_traces/openai_traces.h"
#include "backstep/recorder/adapters/otel_sdk/otel_sdk.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

std::string Row(const std::string& trace, const std::string& id, const std::string& parent,
                const std::string& name, const std::string& time, const std::string& attributes,
                const std::string& more = "") {
  return R"({"Timestamp":")" + time + R"(","TraceId":")" + trace + R"(","SpanId":")" + id +
         R"(","ParentSpanId":")" + parent + R"(","SpanName":")" + name +
         R"(","SpanKind":"Consumer","ServiceName":"svc","ResourceAttributes":{"service.name":)"
         R"("svc"},)"
         R"("ScopeName":"autogen","ScopeVersion":"","SpanAttributes":{)" +
         attributes + R"(},"Duration":1000,"StatusCode":"Unset","StatusMessage":"")" + more + "}";
}
std::string Process(const std::string& who, const std::string& from) {
  return R"("messaging.operation":"process","recipient_agent_type":")" + who +
         R"(","sender_agent_type":")" + from + R"(","message":"{}","session.id":"one")";
}
const std::string kTraceA(32, 'a'), kTraceB(32, 'b');

TEST_CASE("Messages of an actor runtime follow their links from trace to trace") {
  const std::string rows =
      "[" +
      Row(kTraceB, "00000000000000b1", "", "autogen process B", "2025-08-05T15:40:10.000000002Z",
          Process("B", "A"),
          R"(,"EventsTimestamp":[],"EventsName":[],"EventsAttributes":[],"LinksTraceId":[")" +
              kTraceA + R"("],"LinksSpanId":["00000000000000a1"])") +
      "," +
      Row(kTraceA, "00000000000000a1", "", "autogen process A", "2025-08-05T15:40:09.000000001Z",
          Process("A", "None")) +
      "]";
  for (const std::string& text : {rows, R"({"one":)" + rows + "}"}) {
    MemorySink sink;
    const auto importer = MakeAgntcyImporter();
    CHECK(DetectText(*importer, text) == 95);
    REQUIRE(ReadText(*importer, text, sink).ok());
    CHECK(sink.skipped.empty());
    REQUIRE(sink.sessions.size() == 1);
    const SessionDraft& draft = sink.sessions[0];
    CHECK(draft.name == "one");
    REQUIRE(draft.steps.size() == 2);
    REQUIRE(draft.messages.size() == 2);
    CHECK(!draft.messages[0].from);
    CHECK(draft.messages[1].from == StepIndex(0));
    CHECK(draft.messages[1].taken_by == StepIndex(1));
    CHECK(draft.order.size() == 1);
    CHECK(draft.steps[1].began.ns % 1000000000 == 2);
  }
}

TEST_CASE("Older rows name their events with a point and their times as Python prints them") {
  const std::string text =
      "[" +
      Row(kTraceA, "00000000000000a1", "", "agent_start_event", "2025-06-20 21:37:08.604225",
          R"("execution.id":"e1")",
          R"(,"Events.Timestamp":"[datetime.datetime(2025, 6, 20, 21, 37, 8, 604341)]",)"
          R"("Events.Name":["agent_start_event"],"Events.Attributes":[{"agent_name":"x"}])") +
      "]";
  MemorySink sink;
  REQUIRE(ReadText(*MakeAgntcyImporter(), text, sink).ok());
  REQUIRE(sink.sessions.size() == 1);
  const auto& notes = sink.sessions[0].notes;
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].name == "agent_start_event");
  CHECK(notes[0].began.ns == 1750455428604341000);
}

TEST_CASE("Langfuse's observations are told by their type and counted by its usage") {
  const std::string text =
      R"({"trace":{"id":"t1","name":"demo","sessionId":null,"input":"\"hi\""},"observations":[)"
      R"({"id":"b","traceId":"t1","parentObservationId":"a","type":"GENERATION","name":"call",)"
      R"("startTime":"2025-01-01T00:00:00.100Z","endTime":"2025-01-01T00:00:00.200Z",)"
      R"("level":"ERROR",)"
      R"("statusMessage":"limit","input":"[{\"role\":\"user\",\"content\":\"hi\"}]","output":"yo",)"
      R"("model":"m",)"
      R"("modelParameters":"{\"temperature\":0}","usageDetails":{"input":3,"output":4,"total":7},)"
      R"("metadata":"{\"attributes\":{\"gen_ai.usage.input_tokens\":\"99\"}}"},)"
      R"({"id":"a","traceId":"t1","parentObservationId":null,"type":"AGENT","name":"Bot",)"
      R"("startTime":"2025-01-01T00:00:00.000Z","endTime":"2025-01-01T00:00:00.300Z",)"
      R"("level":"DEFAULT",)"
      R"("metadata":"{}"}]})";
  MemorySink sink;
  const auto importer = MakeLangfuseImporter();
  CHECK(DetectText(*importer, text) >= 90);
  REQUIRE(ReadText(*importer, text, sink).ok());
  REQUIRE(sink.sessions.size() == 1);
  const SessionDraft& draft = sink.sessions[0];
  CHECK(draft.name == "t1");
  REQUIRE(draft.steps.size() == 1);
  CHECK(draft.agents[0].name == "Bot");
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].usage.input_tokens == 3);
  CHECK(draft.effects[0].usage.output_tokens == 4);
  CHECK(draft.effects[0].parameters == R"({"temperature":0})");
  REQUIRE(draft.effects[0].error);
  CHECK(draft.effects[0].error->message == "limit");
  CHECK(draft.state_source == StateSource::kReconstructed);
}

TEST_CASE("Two agents of a crew whose tasks are called the same are two") {
  const auto item = [](const std::string& id, const std::string& agent) {
    return R"({"name":"Task._execute_core","context":{"trace_id":"0xab","span_id":"0x)" + id +
           R"("},"parent_id":null,"start_time":"2025-01-01T00:00:0)" + id +
           R"(Z","attributes":{"openinference.span.kind":"AGENT",)"
           R"("input.value":"{\"agent\": \"id=UUID('5b') )" +
           agent + R"( backstory='b'\"}"}})" + "\n";
  };
  MemorySink sink;
  REQUIRE(ReadText(*MakeOtelSdkImporter(),
                   item("1", R"(role='Writer\\n' goal='write')") +
                       item("2", R"(role=\\\"Reader's friend\\\" goal='r')"),
                   sink)
              .ok());
  REQUIRE(sink.sessions.size() == 1);
  std::vector<std::string> agents;
  for (const AgentDraft& agent : sink.sessions[0].agents) agents.push_back(agent.name);
  CHECK(agents == std::vector<std::string>{"Writer", "Reader's friend"});
}

TEST_CASE("Each span keeps the resource it came with") {
  const auto item = [](const std::string& id, const std::string& service) {
    return R"({"name":"n","context":{"trace_id":"0xab","span_id":"0x)" + id +
           R"("},"parent_id":null,"start_time":"2025-01-01T00:00:00Z","attributes":{},)"
           R"("resource":{"attributes":{"service.name":")" + service + R"("}}})" + "\n";
  };
  MemorySink sink;
  REQUIRE(
      ReadText(*MakeOtelSdkImporter(), item("1", "one") + item("2", "two") + item("3", "one"), sink)
          .ok());
  REQUIRE(sink.sessions.size() == 1);
  std::vector<std::string> agents;
  for (const AgentDraft& agent : sink.sessions[0].agents) agents.push_back(agent.name);
  CHECK(agents == std::vector<std::string>{"one", "two"});
}

TEST_CASE("DeepEval's groups of spans are one tree, an agent in an agent a nested step") {
  const auto span = [](const std::string& id, const std::string& parent, const std::string& name,
                       const std::string& more) {
    return R"({"uuid":")" + id + R"(","parentUuid":")" + parent + R"(","name":")" + name +
           R"(","status":"SUCCESS","startTime":"2025-01-01T00:00:00Z",)"
           R"("endTime":"2025-01-01T00:00:01Z",)" +
           R"("input":"in","output":"out")" + more + "}";
  };
  const std::string trace =
      R"({"uuid":"u1","threadId":"None","name":"n","agentSpans":[)" + span("2", "1", "inner", "") +
      "," + span("1", "", "outer", "") + R"(],"baseSpans":[],"llmSpans":[)" +
      span("3", "2", "llm", R"(,"model":"m","inputTokenCount":5.0,"outputTokenCount":6.0)") +
      R"(],"retrieverSpans":[],"toolSpans":[)" + span("4", "1", "tool", "") + "]}";
  MemorySink sink;
  const auto importer = MakeDeepevalImporter();
  CHECK(DetectText(*importer, trace) == 95);
  REQUIRE(ReadText(*importer, "[" + trace + "]", sink).ok());
  REQUIRE(sink.sessions.size() == 1);
  const SessionDraft& draft = sink.sessions[0];
  CHECK(draft.name == "u1");
  REQUIRE(draft.steps.size() == 2);
  CHECK(draft.steps[1].parent == StepIndex(0));
  REQUIRE(draft.messages.size() == 3);  // from outside, the request, the reply
  CHECK(draft.messages[2].reply_to == MessageIndex(1));
  CHECK(draft.messages[2].taken_in_mid_step);
  REQUIRE(draft.effects.size() == 2);
  CHECK(draft.effects[0].usage.input_tokens + draft.effects[1].usage.input_tokens == 5);
}

TEST_CASE("Spans as an SDK prints them are read behind each other") {
  const std::string span = R"({
    "name": "invoke_agent Bot",
    "context": {"trace_id": "0x00000000000000000000000000000abc", "span_id": "0x00000000000000a1",
                "trace_state": "[]"},
    "kind": "SpanKind.INTERNAL", "parent_id": null,
    "start_time": "2025-01-01T00:00:00.000001Z", "end_time": "2025-01-01T00:00:01.000000Z",
    "status": {"status_code": "OK"}, "attributes": {"gen_ai.agent.name": "Bot", "n": 3},
    "events": [], "links": [], "resource": {"attributes": {"service.name": "svc"}, "schema_url": ""}
})";
  std::string second = span;
  second.replace(second.find("00a1"), 4, "00a2");
  second.replace(second.find("null"), 4, "\"0x00000000000000a1\"");
  for (const std::string& text : {span + "\n" + second + "\n", "[" + span + "," + second + "]"}) {
    MemorySink sink;
    const auto importer = MakeOtelSdkImporter();
    CHECK(DetectText(*importer, text) == 85);
    REQUIRE(ReadText(*importer, text, sink).ok());
    CHECK(sink.skipped.empty());
    REQUIRE(sink.sessions.size() == 1);
    REQUIRE(sink.sessions[0].steps.size() == 2);
    CHECK(sink.sessions[0].steps[1].parent == StepIndex(0));
    CHECK(sink.sessions[0].outcome.kind == Outcome::Kind::kOk);
  }
}

TEST_CASE("An export of OpenAI Agents has its handoffs as messages that the next agent takes") {
  const auto item = [](const std::string& id, const std::string& parent, int at,
                       const std::string& data) {
    return R"({"object":"trace.span","id":")" + id + R"(","trace_id":"trace_1","parent_id":)" +
           (parent.empty() ? "null" : '"' + parent + '"') + R"(,"started_at":"2025-01-01T00:00:0)" +
           std::to_string(at) + R"(Z","ended_at":"2025-01-01T00:00:0)" + std::to_string(at + 1) +
           R"(Z","span_data":)" + data + R"(,"error":null})";
  };
  const std::string text =
      R"({"data":[{"object":"trace","id":"trace_1","workflow_name":"flow"},)" +
      item("s1", "", 0, R"({"type":"agent","name":"Triage"})") + "," +
      item("s2", "s1", 1, R"({"type":"handoff","from_agent":"Triage","to_agent":"Cook"})") + "," +
      item("s3", "", 3, R"({"type":"agent","name":"Cook"})") + "," +
      item("s4", "s3", 4, R"({"type":"function","name":"find","input":"{}","output":"x"})") + "]}";
  MemorySink sink;
  const auto importer = MakeOpenAiTracesImporter();
  CHECK(DetectText(*importer, text) == 90);
  REQUIRE(ReadText(*importer, text, sink).ok());
  REQUIRE(sink.sessions.size() == 1);
  const SessionDraft& draft = sink.sessions[0];
  REQUIRE(draft.steps.size() == 2);
  REQUIRE(draft.messages.size() == 1);
  CHECK(draft.messages[0].from == StepIndex(0));
  CHECK(draft.messages[0].taken_by == StepIndex(1));
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].name == "find");
}

TEST_CASE("The real exports come in whole, with the counts of their own contents") {
  if (TestData().empty()) {
    WARN("not run: BACKSTEP_TEST_DATA is not set");
    return;
  }
  for (const std::string& path : FilesIn(TestData() + "/langfuse_frameworks", ".json")) {
    INFO(path);
    const Json json = *ParseJson(*(*Source::Open(path))->ReadAll());
    size_t generations = 0, tools = 0, all = 0;
    for (const Json& observation : json.at("observations")) {
      ++all;
      generations += observation.at("type") == "GENERATION";
      tools += observation.at("type") == "TOOL";
    }
    MemorySink sink;
    REQUIRE(ReadFiles(*MakeLangfuseImporter(), {path}, sink).ok());
    CHECK(sink.skipped.empty());
    size_t spans = 0, models = 0, called = 0;
    for (const SessionDraft& draft : sink.sessions) {
      for (const NoteDraft& note : draft.notes) spans += note.kind == EventRecord::Kind::kSpan;
      for (const EffectDraft& effect : draft.effects) {
        models += effect.kind == EffectKind::kLlm;
        called += effect.kind == EffectKind::kTool;
      }
    }
    CHECK(spans == all);
    CHECK(models >= generations);
    CHECK(called >= tools);
  }
  for (const std::string& path : FilesIn(TestData() + "/deepeval_traces", ".json")) {
    INFO(path);
    const Json json = *ParseJson(*(*Source::Open(path))->ReadAll());
    size_t agents = 0, models = 0, tools = 0;
    double tokens = 0;
    for (const Json& trace : json.is_array() ? json : Json::array({json})) {
      agents += trace.at("agentSpans").size();
      models += trace.at("llmSpans").size();
      tools += trace.at("toolSpans").size() + trace.at("retrieverSpans").size();
      for (const Json& span : trace.at("llmSpans")) {
        tokens += NumberAt(span, "inputTokenCount").value_or(0);
      }
    }
    MemorySink sink;
    REQUIRE(ReadFiles(*MakeDeepevalImporter(), {path}, sink).ok());
    CHECK(sink.skipped.empty());
    size_t steps = 0, effects = 0;
    uint64_t counted = 0;
    for (const SessionDraft& draft : sink.sessions) {
      steps += draft.steps.size();
      effects += draft.effects.size();
      for (const EffectDraft& effect : draft.effects) counted += effect.usage.input_tokens;
    }
    CHECK(steps >= agents);
    CHECK(effects == models + tools);
    CHECK(counted == static_cast<uint64_t>(tokens));
  }
}

}  // namespace
}  // namespace backstep::adapters
