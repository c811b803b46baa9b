#include "backstep/recorder/adapters/cassettes/cassettes.h"

#include "backstep/recorder/adapters/cassettes/model_api.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

std::string Line(int seq, const std::string& uri, const std::string& request, int status,
                 const std::string& response, const std::string& more = "") {
  return "{\"seq\":" + std::to_string(seq) + ",\"method\":\"POST\",\"uri\":\"" + uri +
         "\",\"request\":" + request + ",\"status\":" + std::to_string(status) +
         ",\"response\":" + response + more + "}\n";
}

constexpr char kChatUri[] = "https://api.openai.com/v1/chat/completions";

}  // namespace

TEST_CASE("an exchange with a model is a step with one call, whole on both sides") {
  const backstep::testing::TempDir dir;
  const std::string request =
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],)"
      R"("model":"m-1","temperature":0.5})";
  const std::string answer =
      R"({"id":"a","choices":[{"message":{"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"t1","function":{"name":"look","arguments":"{\"x\":1}"}}]},)"
      R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":4,)"
      R"("prompt_tokens_details":{"cached_tokens":3}}})";
  const std::string again =
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},)"
      R"({"role":"tool","tool_call_id":"t1","content":"seen"}],"model":"m-1"})";
  testing::Told told;
  auto importer = MakeLlmHttpImporter();
  const std::string text = Line(0, kChatUri, request, 200, answer) + "\n{broken\n" +
                           Line(5, kChatUri, again, 429, R"({"error":{"message":"slow"}})") +
                           Line(6, kChatUri, again, 200, "null", ",\"response_lost\":true") +
                           Line(7, "https://x.org/search?q=1", "{}", 200, "\"plain\"");
  CHECK(testing::SureOf(*importer, text) >= 80);
  testing::Tell(*importer, {testing::WriteTo(dir / "c.jsonl", text)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 4);
  REQUIRE(told.skipped.size() == 1);
  const EffectDraft& call = draft.effects[0];
  CHECK(call.kind == EffectKind::kLlm);
  CHECK(call.name == "m-1");
  CHECK(call.provider == "openai");
  CHECK(call.parameters == R"({"temperature":0.5})");
  CHECK(told.Text(call.request) == request);
  CHECK(told.Text(*call.response) == answer);
  CHECK(call.usage.input_tokens == 10);
  CHECK(call.usage.cached_tokens == 3);
  CHECK(call.finish_reason == "tool_calls");
  const EffectDraft& tool = draft.effects[1];
  CHECK(tool.name == "look");
  CHECK(told.Text(*tool.response) == "seen");  // a later request has it
  const EffectDraft& refused = draft.effects[2];
  REQUIRE(refused.error);
  CHECK(refused.error->kind == "rate_limit");
  CHECK(refused.error->code == 429);
  CHECK(refused.error->message == "slow");
  CHECK_FALSE(draft.effects[3].response);
  CHECK(draft.notes.at(0).name == "response_lost");
  CHECK(draft.effects[4].tool_type == "http");
  CHECK(told.Text(*draft.effects[4].response) == "plain");
  CHECK(draft.agents.size() == 2);  // one system prompt, and what is no model
  CHECK(draft.messages.size() == 1);  // the last message of the others is a tool's
  const auto& state = std::get<KeptBody>(draft.steps[0].state);
  CHECK(ParseJson(told.Text(state))->at("conversation").size() == 3);
}

TEST_CASE("streamed answers are joined, whatever they are streamed in") {
  const Json chat = JoinStream(
      "data: {\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":\"He\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"y\",\"tool_calls\":[{\"index\":0,\"id\":\"c\","
      "\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
      "\"}\"}}]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n");
  CHECK(chat["choices"][0]["message"]["content"] == "Hey");
  CHECK(chat["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == "{}");
  CHECK(chat["choices"][0]["finish_reason"] == "stop");
  const Json responses = JoinStream(
      "event: a\ndata: {\"type\":\"x\",\"delta\":\"t\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"output\":[]}}\n");
  CHECK(responses["id"] == "r");
  const Json gemini = JoinStream(
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n"
      "data: "
      "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}],"
      "\"usageMetadata\":{\"promptTokenCount\":2}}\n");
  CHECK(gemini["candidates"][0]["content"]["parts"].size() == 2);
  const Json claude = JoinStream(
      "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"role\":\"assistant\"}}\n"
      "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"hi\"}}\n"
      "data: "
      "{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\","
      "\"name\":\"n\"}}\n"
      "data: {\"type\":\"content_block_delta\",\"delta\":{\"partial_json\":\"{\\\"a\\\":1}\"}}\n"
      "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n");
  CHECK(claude["content"][0]["text"] == "hi");
  CHECK(claude["content"][1]["input"]["a"] == 1);
  CHECK(JoinStream("nothing of the kind").is_null());
  const Json pieces = JoinPieces(Json::parse(
      R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},)"
      R"({"candidates":[{"content":{"parts":[{"text":"b"}]}}]}])"));
  CHECK(pieces["candidates"][0]["content"]["parts"][1]["text"] == "b");
  CHECK(JoinPieces(Json::object()).is_null());
}

TEST_CASE("a streamed exchange keeps what was joined and what came over the wire") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  const std::string stream =
      R"("data: {\"choices\":[{\"delta\":{\"content\":\"ok\"}}]}\n\ndata: [DONE]\n\n")";
  testing::Tell(
      *MakeLlmHttpImporter(),
      {testing::WriteTo(dir / "s.jsonl",
                        Line(0, kChatUri, R"({"messages":[],"model":"m"})", 200, stream))},
      &told);
  const SessionDraft& draft = told.sessions.at(0);
  CHECK(told.Text(*draft.effects[0].response).find("\"content\":\"ok\"") != std::string::npos);
  CHECK(draft.notes.at(0).data.starts_with("data: {"));
}

TEST_CASE("calls recorded by AutoGen are matched by their messages") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  const std::string text = R"([{"mode": "create", "messages": [
      {"content": "Teach.", "type": "SystemMessage"},
      {"content": ["a", "b"], "source": "Student", "type": "UserMessage"}],
      "response": {"finish_reason": "stop", "content": "ok",
                   "usage": {"prompt_tokens": 5, "completion_tokens": 2}}, "stream": []},
    {"mode": "create_stream", "messages": [
      {"content": "x", "source": "Teacher", "type": "AssistantMessage"},
      {"content": "y", "source": "Student", "type": "UserMessage"}],
      "response": null, "stream": ["par", "tial"]},
    {"mode": "create"}])";
  auto importer = MakeAutogenRecordedImporter();
  CHECK(testing::SureOf(*importer, text) >= 90);
  testing::Tell(*importer, {testing::WriteTo(dir / "r.json", text)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 2);
  CHECK(told.skipped.size() == 1);
  CHECK(draft.agents.size() == 3);
  CHECK(draft.effects[0].usage.output_tokens == 2);
  CHECK(ParseJson(told.Text(draft.effects[0].request))->at("messages").size() == 2);
  CHECK(told.Text(draft.messages[0].body) == "a\nb");
  CHECK(told.Text(*draft.effects[1].response) == R"({"content":"partial"})");
  CHECK(draft.agents[draft.steps[1].agent.value].name == "Teacher");
}

TEST_CASE("published cassettes bring every exchange with its tokens", "[data]") {
  for (const std::string& file : testing::RealFiles("llm_http", ".jsonl")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeLlmHttpImporter(), {file}, &told);
    auto source = Source::Open(file);
    REQUIRE(source.ok());
    size_t exchanges = 0, output = 0;
    std::string_view line;
    while (*(*source)->ReadLine(&line)) {
      const Json one = Json::parse(line);
      if (one["uri"].get<std::string>().ends_with("/traces/ingest")) continue;
      ++exchanges;
      const Json usage = one["response"].value("usage", Json::object());
      output +=
          usage.value("completion_tokens", size_t{0}) + usage.value("output_tokens", size_t{0});
      output += one["response"].value("usageMetadata", Json::object())
                    .value("candidatesTokenCount", size_t{0});
    }
    CHECK(told.skipped.empty());
    const SessionDraft& draft = told.sessions.at(0);
    CHECK(draft.steps.size() == exchanges);
    CHECK(testing::CallsOf(draft, EffectKind::kLlm) == exchanges);
    Usage sum;
    for (const EffectDraft& effect : draft.effects) sum += effect.usage;
    CHECK(sum.output_tokens == output);
  }
  for (const std::string& file : testing::RealFiles("autogen_recorded", ".json")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeAutogenRecordedImporter(), {file}, &told);
    const Json calls = testing::RealJson(file);
    CHECK(told.sessions.at(0).steps.size() == calls.size());
    CHECK(told.sessions.at(0).effects.size() == calls.size());
  }
}

}  // namespace backstep::adapters
