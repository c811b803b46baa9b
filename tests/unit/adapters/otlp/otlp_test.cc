#include "backstep/recorder/adapters/otlp/otlp.h"

#include "backstep/recorder/adapters/core/json_text.h"
#include "backstep/tests/unit/adapters/spans/proto_writer.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

struct OtlpRun : MemorySink {
  explicit OtlpRun(const std::string& text) {
    const auto importer = MakeOtlpImporter();
    detected = DetectText(*importer, text);
    status = ReadText(*importer, text, *this);
  }
  int detected = 0;
  Status status;
};

std::string JsonSpan(const std::string& trace, const std::string& id, const std::string& parent,
                     const std::string& name, int at, const std::string& rest = "") {
  return R"({"traceId":")" + trace + R"(","spanId":")" + id + R"(","parentSpanId":")" + parent +
         R"(","name":")" + name + R"(","startTimeUnixNano":")" + std::to_string(1700000000 + at) +
         R"(000000000","endTimeUnixNano":)" + std::to_string(1700000001 + at) + "000000000" + rest +
         "}";
}
std::string JsonTraces(const std::string& spans) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + spans +
         R"(],"scope":{"name":"tracer"}}],)" +
         R"("resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}}]})";
}
std::string With(const std::string& attributes) { return R"(,"attributes":[)" + attributes + "]"; }
std::string Text(const std::string& key, const std::string& text) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + text + R"("}})";
}
const std::string kHexTrace(32, 'a');

const std::string kAgentAndCall =
    JsonSpan(kHexTrace, "00000000000000a1", "", "invoke_agent Planner", 0,
             With(Text("gen_ai.operation.name", "invoke_agent") + "," +
                  Text("gen_ai.agent.name", "Planner") + "," + Text("session.id", "s1") + "," +
                  Text("input.value", "make a plan"))) +
    "," +
    JsonSpan(kHexTrace, "00000000000000a2", "00000000000000a1", "chat", 0,
             R"(,"kind":"SPAN_KIND_CLIENT")" +
                 With(Text("gen_ai.operation.name", "chat") + "," +
                      Text("gen_ai.request.model", "m1") + "," +
                      Text("gen_ai.prompt.0.role", "user") + "," +
                      Text("gen_ai.prompt.0.content", "hi") + "," +
                      Text("gen_ai.completion.0.role", "assistant") + "," +
                      Text("gen_ai.completion.0.content", "hello") + "," +
                      R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}},)"
                      R"({"key":"gen_ai.usage.output_tokens","value":{"intValue":3}})"));

TEST_CASE("An agent's span is a step and a model call in it an effect") {
  OtlpRun run(JsonTraces(kAgentAndCall));
  CHECK(run.detected == 100);
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  const SessionDraft& draft = run.sessions[0];
  CHECK(draft.name == "s1");
  REQUIRE(draft.agents.size() == 1);
  CHECK(draft.agents[0].name == "Planner");
  REQUIRE(draft.steps.size() == 1);
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].kind == EffectKind::kLlm);
  CHECK(draft.effects[0].name == "m1");
  CHECK(draft.effects[0].usage.input_tokens == 7);
  CHECK(draft.effects[0].usage.output_tokens == 3);
  CHECK(run.Text(draft.effects[0].request) ==
        R"({"model":"m1","messages":[{"role":"user","content":"hi"}]})");
  CHECK(run.Text(*draft.effects[0].response) == R"({"role":"assistant","content":"hello"})");
  REQUIRE(draft.messages.size() == 1);
  CHECK(!draft.messages[0].from);
  CHECK(run.Text(draft.messages[0].body) == "make a plan");
  CHECK(draft.state_source == StateSource::kReconstructed);
  CHECK(run.Text(std::get<KeptBody>(draft.steps[0].state)) ==
        R"({"reconstructed":true,"conversation":[{"role":"user","content":"hi"},)"
        R"({"role":"assistant","content":"hello"}]})");
  CHECK(draft.notes.size() == 2);  // each span is kept
}

TEST_CASE("A resource that stands behind its spans is theirs all the same") {
  OtlpRun run(JsonTraces(JsonSpan(kHexTrace, "00000000000000a1", "", "work", 0)));
  REQUIRE(run.sessions.size() == 1);
  REQUIRE(run.sessions[0].agents.size() == 1);
  CHECK(run.sessions[0].agents[0].name == "shop");
}

TEST_CASE("Ids in base64 and kinds by name are the same spans as in hex and numbers") {
  OtlpRun hex(
      JsonTraces(JsonSpan("98BB760ABCB20B66D2303BFAD83A2771", "8592740CC1C7D0C2", "", "a", 0)));
  OtlpRun base64(JsonTraces(JsonSpan("mLt2CryyC2bSMDv62DoncQ==", "hZJ0DMHH0MI=", "", "a", 0)));
  REQUIRE(hex.sessions.size() == 1);
  REQUIRE(base64.sessions.size() == 1);
  CHECK(hex.Text(*hex.sessions[0].notes[0].kept_data) ==
        base64.Text(*base64.sessions[0].notes[0].kept_data));
  CHECK(hex.Text(*hex.sessions[0].notes[0].kept_data).find("98bb760abcb20b66d2303bfad83a2771") !=
        std::string::npos);
}

std::string ProtoAgentAndCall() {
  ProtoSpanText agent{std::string(16, '\xaa'), std::string(8, '\xa1'), "", "invoke_agent Planner",
                      1700000000000000000, 1700000001000000000};
  agent.rest = BytesField(9, TextAttribute("gen_ai.agent.name", "Planner")) +
               BytesField(9, TextAttribute("session.id", "s1"));
  ProtoSpanText call{std::string(16, '\xaa'), std::string(8, '\xa2'),
                     std::string(8, '\xa1'),  "chat m1",
                     1700000000000000000,     1700000001000000000};
  call.rest = BytesField(9, TextAttribute("gen_ai.operation.name", "chat")) +
              BytesField(9, IntAttribute("gen_ai.usage.input_tokens", 7)) +
              BytesField(15, BytesField(2, "no money") + NumberField(3, 2));
  return ProtoTraces(BytesField(2, ProtoSpan(agent)) + BytesField(2, ProtoSpan(call)));
}

TEST_CASE("Protobuf is read alone, behind lengths of one byte, and behind lengths of four") {
  const std::string message = ProtoAgentAndCall();
  std::string four = {0, 0, static_cast<char>(message.size() >> 8),
                      static_cast<char>(message.size())};
  for (const std::string& text : {message, Varint(message.size()) + message, four + message}) {
    OtlpRun run(text);
    CHECK(run.detected >= 80);
    INFO(run.status.ToString());
    REQUIRE(run.status.ok());
    CHECK(run.skipped.empty());
    REQUIRE(run.sessions.size() == 1);
    REQUIRE(run.sessions[0].effects.size() == 1);
    CHECK(run.sessions[0].effects[0].usage.input_tokens == 7);
    REQUIRE(run.sessions[0].effects[0].error);
    CHECK(run.sessions[0].effects[0].error->message == "no money");
  }
}

TEST_CASE("Whatever a file of protobuf is cut or flipped to, what was whole before is kept") {
  const std::string message = ProtoAgentAndCall();
  for (size_t size = 0; size < message.size(); ++size) {
    OtlpRun run(message.substr(0, size));
    CHECK(run.sessions.size() <= 1);
    CHECK((!run.status.ok() || !run.skipped.empty()));
  }
  for (size_t at = 0; at < message.size() * 8; ++at) {
    std::string flipped = message;
    flipped[at / 8] = static_cast<char>(flipped[at / 8] ^ (1 << at % 8));
    OtlpRun run(flipped);
    CHECK(run.sessions.size() <= 2);
  }
}

TEST_CASE("Lines of requests are read, and a broken line costs itself alone") {
  const std::string one = JsonTraces(JsonSpan(kHexTrace, "00000000000000a1", "", "a", 0));
  const std::string two = JsonTraces(JsonSpan(kHexTrace, "00000000000000a2", "", "b", 1));
  OtlpRun run(one + "\n" + R"({"resourceSpans":[{"scopeSpans":[}]})" + "\n" + two + "\n");
  REQUIRE(run.status.ok());
  REQUIRE(run.skipped.size() == 1);
  CHECK(run.skipped[0].first.line == 2);
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].notes.size() == 2);
}

TEST_CASE("A list of requests is read like requests one behind the other") {
  const std::string first = JsonTraces(JsonSpan(kHexTrace, "00000000000000a1", "", "one", 0));
  const std::string second = JsonTraces(JsonSpan(kHexTrace, "00000000000000a2", "", "two", 1));
  const std::string list = "[\n" + first + ",\n" + second + ", {\"logs\": []}]";
  CHECK(MakeOtlpImporter()->Detect({list, true, "x"}) == 100);
  OtlpRun run(list);
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].steps.size() == 2);
  REQUIRE(run.skipped.size() == 1);
  CHECK(run.skipped[0].second == "an object that holds no \"resourceSpans\"");
  CHECK_FALSE(OtlpRun("[]").status.ok());
}

TEST_CASE("Parents in a circle are cut open and told") {
  OtlpRun run(JsonTraces(JsonSpan(kHexTrace, "00000000000000a1", "00000000000000a2", "a", 1) + "," +
                         JsonSpan(kHexTrace, "00000000000000a2", "00000000000000a1", "b", 0) + "," +
                         JsonSpan(kHexTrace, "00000000000000a3", "00000000000000a3", "self", 2)));
  REQUIRE(run.status.ok());
  CHECK(run.skipped.size() == 2);
  REQUIRE(run.sessions.size() == 1);
  CHECK(run.sessions[0].notes.size() == 3);
}

TEST_CASE("Traces of one session are one run, traces without one are runs of their own") {
  const std::string session = With(Text("session.id", "s1"));
  OtlpRun run(JsonTraces(JsonSpan(std::string(32, 'a'), "00000000000000a1", "", "a", 0, session) +
                         "," +
                         JsonSpan(std::string(32, 'b'), "00000000000000a1", "", "b", 1, session) +
                         "," + JsonSpan(std::string(32, 'c'), "00000000000000a1", "", "c", 2)));
  REQUIRE(run.sessions.size() == 2);
  CHECK(run.sessions[0].name == "s1");
  CHECK(run.sessions[0].notes.size() == 2);
  CHECK(run.sessions[1].name == "c");
}

TEST_CASE("Tokens that a span repeats of the calls in it are not counted twice") {
  const std::string usage = R"({"key":"gen_ai.usage.input_tokens","value":{"intValue":"5"}},)" +
                            Text("gen_ai.operation.name", "chat");
  OtlpRun run(JsonTraces(
      JsonSpan(kHexTrace, "00000000000000a1", "", "outer", 0, With(usage)) + "," +
      JsonSpan(kHexTrace, "00000000000000a2", "00000000000000a1", "inner", 0, With(usage))));
  REQUIRE(run.sessions.size() == 1);
  REQUIRE(run.sessions[0].effects.size() == 2);
  CHECK(run.sessions[0].effects[0].usage.input_tokens +
            run.sessions[0].effects[1].usage.input_tokens ==
        5);
}

TEST_CASE("Nodes of a graph hand on to each other") {
  const auto node = [](const std::string& name, int number) {
    return With(Text("metadata", R"({\"langgraph_node\": \")" + name +
                                     R"(\", \"langgraph_step\": )" + std::to_string(number) + "}"));
  };
  OtlpRun run(JsonTraces(
      JsonSpan(kHexTrace, "00000000000000a1", "", "LangGraph", 0) + "," +
      JsonSpan(kHexTrace, "00000000000000a2", "00000000000000a1", "plan", 0, node("plan", 1)) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a3", "00000000000000a1", "left", 2, node("left", 2)) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a4", "00000000000000a1", "right", 2, node("right", 2)) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a5", "00000000000000a1", "join", 4, node("join", 3))));
  REQUIRE(run.sessions.size() == 1);
  const SessionDraft& draft = run.sessions[0];
  REQUIRE(draft.steps.size() == 4);
  REQUIRE(draft.messages.size() == 3);
  CHECK(draft.messages[0].edge_id == "plan->left");
  CHECK(draft.messages[1].edge_id == "plan->right");
  CHECK(draft.messages[2].edge_id == "right->join");
}

TEST_CASE(
    "What Backstep exported comes in as it was: no message more, none less, no failure of a kept "
    "event") {
  const auto step = [](const std::string& agent, const std::string& rest) {
    return With(Text("backstep.span.kind", "step") + "," + Text("backstep.agent.name", agent) +
                "," + R"({"key":"backstep.step.number","value":{"intValue":")" +
                (agent == "Outer" ? "2" : "1") + R"("}},)" + Text("backstep.step.name", "think")) +
           rest;
  };
  const std::string kept =
      R"(,"events":[{"name":"exception","attributes":[)" + Text("backstep.event.kind", "event") +
      "," + Text("backstep.category", "error") + "," + Text("backstep.data", "words") + "]}]";
  std::string text = JsonTraces(
      JsonSpan(kHexTrace, "00000000000000a0", "", "llmmas.session", 0,
               With(Text("backstep.span.kind", "session") + "," + Text("llmmas.session.id", "s") +
                    "," + R"({"key":"backstep.export","value":{"intValue":"1"}},)" +
                    Text("backstep.outcome", "failed") + "," +
                    Text("backstep.metadata", R"([[\"ticket\",\"7\"]])"))) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a1", "00000000000000a0", "agent_step", 1,
               step("Outer", kept)) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a2", "00000000000000a1", "agent_step", 2,
               step("Inner", "")) +
      "," +
      JsonSpan(kHexTrace, "00000000000000a3", "00000000000000a1", "process Outer", 1,
               With(Text("backstep.span.kind", "process") + "," +
                    Text("llmmas.source_agent.id", "@outside") + "," +
                    Text("llmmas.target_agent.id", "Outer") + "," +
                    Text("llmmas.message.id", "@outside/0.0") + "," +
                    Text("llmmas.message.body", "do it"))));
  text.replace(text.find("\"tracer\""), 8, "\"backstep\"");
  OtlpRun run(text);
  REQUIRE(run.status.ok());
  REQUIRE(run.sessions.size() == 1);
  const SessionDraft& draft = run.sessions[0];
  CHECK(run.skipped.empty());
  REQUIRE(draft.steps.size() == 2);  // in the order they ended
  CHECK(draft.steps[1].name == "think");
  CHECK(!draft.steps[1].error);
  CHECK(draft.steps[0].parent == StepIndex(1));
  REQUIRE(draft.messages.size() == 1);
  CHECK(!draft.messages[0].from);
  CHECK(draft.messages[0].taken_by == StepIndex(1));
  CHECK(run.Text(draft.messages[0].body) == "do it");
  REQUIRE(draft.notes.size() == 1);  // the event; its spans are none of the program's
  CHECK(draft.notes[0].category == "error");
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  bool ticket = false;
  for (const auto& [key, value] : draft.metadata) {
    ticket = ticket || (key == "ticket" && value == "7");
  }
  CHECK(ticket);
}

TEST_CASE("The real traces come in whole, as JSON the same as protobuf") {
  if (TestData().empty()) {
    WARN("not run: BACKSTEP_TEST_DATA is not set");
    return;
  }
  for (const std::string& path : FilesIn(TestData() + "/otlp", "")) {
    if (path.find(".md") != std::string::npos || path.find(".json") == std::string::npos) continue;
    INFO(path);
    MemorySink json;
    REQUIRE(ReadFiles(*MakeOtlpImporter(), {path}, json).ok());
    CHECK(json.skipped.empty());
    std::string proto_path = path;
    proto_path.replace(proto_path.find(".json"), 5, ".pb");
    if (!std::filesystem::exists(proto_path)) continue;
    MemorySink proto;
    REQUIRE(ReadFiles(*MakeOtlpImporter(), {proto_path}, proto).ok());
    REQUIRE(json.sessions.size() == proto.sessions.size());
    for (size_t i = 0; i < json.sessions.size(); ++i) {
      const SessionDraft &a = json.sessions[i], &b = proto.sessions[i];
      CHECK(a.steps.size() == b.steps.size());
      CHECK(a.messages.size() == b.messages.size());
      REQUIRE(a.effects.size() == b.effects.size());
      for (size_t j = 0; j < a.effects.size(); ++j) {
        CHECK(json.Text(a.effects[j].request) == proto.Text(b.effects[j].request));
        CHECK(a.effects[j].usage == b.effects[j].usage);
      }
    }
  }
}

}  // namespace
}  // namespace backstep::adapters
