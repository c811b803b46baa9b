#include <map>
#include <set>

#include "backstep/recorder/adapters/deerflow/deerflow.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

std::string EventOf(const std::string& event, const std::string& data) {
  return "event: " + event + "\ndata: {\"thread_id\": \"T\", " + data + "}\n\n";
}

const std::string kStream =
    EventOf("message_chunk", R"("id": "1", "role": "user", "content": "换水?")") +
    EventOf("message_chunk", R"("id": "2", "agent": "coordinator", "role": "assistant")") +
    EventOf("tool_calls", R"("id": "2", "agent": "coordinator", "role": "assistant",
"tool_calls": [{"name": "handoff_to_planner", "args": {}, "id": "c1"}],
"tool_call_chunks": [{"name": "handoff_to_planner", "args": "", "id": "c1", "index": 0}])") +
    EventOf("tool_calls", R"("id": "2", "agent": "coordinator",
"tool_calls": [{"name": "", "args": {}, "id": null}],
"tool_call_chunks": [{"name": null, "args": "{\"a\"", "id": null, "index": 0}])") +
    EventOf("tool_call_chunks", R"("id": "2", "agent": "coordinator",
"tool_call_chunks": [{"name": null, "args": ":1}", "id": null, "index": 0}])") +
    EventOf("message_chunk",
            R"("id": "3", "agent": "planner", "role": "assistant", "content": "pl")") +
    EventOf("interrupt", R"("id": "human_feedback:9", "role": "assistant", "content": "ok?",
"finish_reason": "interrupt", "options": [1])") +
    EventOf("message_chunk", R"("id": "3", "agent": "planner", "content": "an")") +
    EventOf("tool_call_result", R"("id": "4", "content": "done", "tool_call_id": "c1")") +
    EventOf("tool_call_result", R"("id": "5", "content": "lost", "tool_call_id": "c7")") +
    "data: nonsense\n\nnonsense\n";

std::string OneLine(std::string text) {  // data of several lines would be joined by a break
  for (size_t at = text.find(",\n"); at != std::string::npos; at = text.find(",\n")) {
    text.replace(at, 2, ", ");
  }
  return text;
}

}  // namespace

TEST_CASE("an event stream is a step a message, joined from its chunks") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeLangGraphStreamImporter();
  const std::string text = OneLine(kStream);
  CHECK(testing::SureOf(*importer, text) >= 90);
  testing::Tell(*importer, {testing::WriteTo(dir / "s.txt", text)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 4);
  CHECK(told.Conversation(draft, 2)[2]["content"] == "plan");
  REQUIRE(draft.effects.size() == 1);
  CHECK(told.Text(draft.effects[0].request) == R"({"a":1})");
  CHECK(told.Text(*draft.effects[0].response) == "done");
  CHECK(draft.agents[draft.messages.at(1).to.value].name == "planner");
  CHECK(draft.messages[1].channel == "handoff");
  CHECK(draft.agents[draft.steps[3].agent.value].name == "human_feedback");
  CHECK(told.skipped.size() == 3);
}

TEST_CASE("a stream of two threads is two sessions") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  std::string other = EventOf("message_chunk", R"("id": "1", "role": "user", "content": "x")");
  other.replace(other.find("\"T\""), 3, "\"U\"");
  testing::Tell(*MakeLangGraphStreamImporter(),
                {testing::WriteTo(dir / "s.txt", OneLine(kStream) + "\n" + other)}, &told);
  REQUIRE(told.sessions.size() == 2);
  CHECK(testing::MetaOf(told.sessions[1], "source.thread_id") == "U");
}

TEST_CASE("a thread's state is a step a message, tools answered by their messages") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  const std::string text = R"({"values": {"messages": [
      {"type": "human", "content": [{"type": "text", "text": "hi"}], "id": "1"},
      {"type": "ai", "content": "", "id": "2", "response_metadata": {"model_name": "m",
       "finish_reason": "tool_calls"}, "usage_metadata": {"input_tokens": 7, "output_tokens": 2},
       "tool_calls": [{"name": "look", "args": {"q": 1}, "id": "c"}]},
      {"type": "tool", "content": "boom", "tool_call_id": "c", "status": "error"},
      {"type": "ai", "content": "bye", "name": "closer"}], "todos": [1], "title": "T"},
    "next": [], "metadata": {"graph_id": "lead"}, "checkpoint": {"thread_id": "x"}})";
  auto importer = MakeLangGraphThreadImporter();
  CHECK(testing::SureOf(*importer, text) >= 70);
  testing::Tell(*importer, {testing::WriteTo(dir / "t.json", text)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 3);
  CHECK(draft.agents[1].name == "lead");
  CHECK(draft.agents[2].name == "closer");
  CHECK(told.Conversation(draft, 2).size() == 4);
  REQUIRE(draft.effects.size() == 2);
  CHECK(draft.effects[0].usage.input_tokens == 7);
  CHECK(draft.effects[1].error->message == "boom");
  CHECK(testing::MetaOf(draft, "source.values.title") == "T");
}

TEST_CASE("published event streams bring every message, chunk and call", "[data]") {
  for (const std::string& file : testing::RealFiles("deerflow/replay_v1", ".txt")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeLangGraphStreamImporter(), {file}, &told);
    auto source = Source::Open(file);
    REQUIRE(source.ok());
    std::set<std::string> threads, messages;
    std::map<std::string, std::string> texts;
    std::string_view line, event;
    std::string kept;
    size_t results = 0, calls = 0;
    while (*(*source)->ReadLine(&line)) {
      if (line.starts_with("event: ")) kept = line.substr(7);
      if (!line.starts_with("data: ")) continue;
      const Json data = Json::parse(line.substr(6));
      threads.insert(data["thread_id"]);
      if (kept == "tool_call_result") {
        ++results;
        continue;
      }
      messages.insert(data["id"]);
      texts[data["id"]] += data.value("content", "");
      if (!data.contains("tool_calls")) continue;
      for (const Json& call : data["tool_calls"]) calls += call["name"] != "" ? 1 : 0;
    }
    CHECK(told.sessions.size() == threads.size());
    size_t steps = 0, effects = 0, answered = 0;
    for (const SessionDraft& draft : told.sessions) {
      steps += draft.steps.size();
      effects += draft.effects.size();
      for (const EffectDraft& effect : draft.effects) {
        answered += effect.response || effect.error ? 1 : 0;
        const std::string request = told.Text(effect.request);
        INFO(request);
        CHECK(Json::parse(request).is_object());
      }
      if (draft.steps.empty()) continue;
      for (const Json& item : told.Conversation(draft, draft.steps.size() - 1)) {
        CHECK(item["content"] == texts[item["id"]]);
      }
    }
    CHECK(steps == messages.size());
    CHECK(effects == calls);
    CHECK(answered == results);
    CHECK(told.skipped.empty());
  }
}

TEST_CASE("published thread states bring every message and call", "[data]") {
  for (const std::string& file : testing::RealFiles("deerflow/threads_v2", ".json")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeLangGraphThreadImporter(), {file}, &told);
    const Json messages = testing::RealJson(file)["values"]["messages"];
    size_t tools = 0, calls = 0;
    for (const Json& message : messages) {
      tools += message["type"] == "tool" ? 1 : 0;
      if (message.contains("tool_calls")) calls += message["tool_calls"].size();
    }
    const SessionDraft& draft = told.sessions.at(0);
    CHECK(draft.steps.size() == messages.size() - tools);
    CHECK(testing::CallsOf(draft, EffectKind::kTool) == calls);
    CHECK(told.skipped.empty());
  }
}

}  // namespace backstep::adapters
