// Runs of one agent at work: SWE-agent and OpenHands; and sessions of Google's ADK.
#include <set>

#include "backstep/recorder/adapters/adk/adk.h"
#include "backstep/recorder/adapters/openhands/openhands.h"
#include "backstep/recorder/adapters/swe_agent/swe_agent.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

SessionDraft ToldBy(std::unique_ptr<Importer> importer, const std::string& text,
                    testing::Told* told) {
  const backstep::testing::TempDir dir;
  CHECK(testing::SureOf(*importer, text) >= 60);
  testing::Tell(*importer, {testing::WriteTo(dir / "w.json", text)}, told);
  REQUIRE(told->sessions.size() == 1);
  return told->sessions[0];
}

}  // namespace

TEST_CASE("a trajectory of SWE-agent is a step an action, with the environment after it") {
  testing::Told told;
  const SessionDraft draft = ToldBy(MakeSweAgentImporter(), R"({"environment": "e", "trajectory": [
      {"action": "ls -l\n", "observation": "a", "response": "look", "thought": "l",
       "state": "{\"open_file\": \"n/a\"}\n", "execution_time": 0.5},
      {"action": "", "observation": "what?", "response": "hm", "state": {"open_file": "x"}}],
    "history": [{"role": "system", "content": "s", "agent": "main"},
      {"role": "user", "content": "demo", "agent": "main", "is_demo": true},
      {"role": "user", "content": "fix", "agent": "main"},
      {"role": "assistant", "content": "look", "agent": "main"}],
    "info": {"exit_status": "exit_cost", "model_stats": {"tokens_sent": 9, "tokens_received": 3,
      "instance_cost": 0.25}}})", &told);
  REQUIRE(draft.steps.size() == 2);
  CHECK(draft.state_source == StateSource::kRecorded);
  CHECK(told.Text(std::get<KeptBody>(draft.steps[0].state)) == R"({"open_file":"n/a"})");
  CHECK(told.Text(std::get<KeptBody>(draft.steps[1].state)) == R"({"open_file":"x"})");
  REQUIRE(draft.effects.size() == 3);
  CHECK(draft.effects[1].name == "ls");
  CHECK(draft.effects[1].duration.ns == 500000000);
  CHECK(told.Text(*draft.effects[1].response) == "a");
  CHECK(draft.effects[2].usage.input_tokens == 9);  // sums of the run, at its last call
  CHECK(draft.effects[2].usage.cost_usd == 0.25);
  CHECK(draft.effects[0].usage == Usage{});
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  REQUIRE(draft.messages.size() == 1);
  CHECK(told.Text(draft.messages[0].body) == "fix");
  CHECK(testing::MetaOf(draft, "source.demonstration") == "demo");
}

TEST_CASE("a history alone is a step an answer of the model's") {
  testing::Told told;
  const SessionDraft draft = ToldBy(MakeSweAgentImporter(), R"({"history": [
      {"role": "system", "content": "s", "agent": "main", "message_type": "system_prompt"},
      {"role": "user", "content": "fix", "agent": "main"},
      {"role": "assistant", "content": "t", "action": "find x", "agent": "main",
       "tool_calls": [{"id": "c"}]},
      {"role": "tool", "content": "found", "tool_call_ids": ["c"], "agent": "main"},
      {"role": "tool", "content": "?", "tool_call_ids": ["d"], "agent": "main"}]})", &told);
  REQUIRE(draft.steps.size() == 1);
  CHECK(told.Text(*draft.effects.at(0).response) == "found");
  CHECK(told.Text(draft.messages.at(0).body) == "fix");
  CHECK(told.skipped.size() == 1);
}

TEST_CASE("events of OpenHands are steps, actions joined with what they caused") {
  testing::Told told;
  const std::string call = R"("tool_call_metadata": {"model_response": {"id": "r1", "model": "m",
      "choices": [{"finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 1}}})";
  const SessionDraft draft = ToldBy(MakeOpenHandsImporter(), R"({"instance_id": "i-1",
    "metadata": {"agent_class": "A"}, "error": "gave up", "history": [
      {"id": 0, "source": "user", "action": "message", "args": {"content": "fix"},
       "timestamp": "2025-04-30T16:45:41.5"},
      {"id": 3, "source": "agent", "action": "run", "args": {"command": "ls"}, )" + call + R"(},
      {"id": 4, "source": "environment", "observation": "run", "content": "a", "cause": 3, )" +
      call + R"(},
      {"id": 5, "source": "agent", "observation": "error", "content": "bad"},
      {"id": 6, "source": "agent"}],
    "metrics": {"token_usages": [
       {"model": "m", "prompt_tokens": 11, "completion_tokens": 5, "response_id": "r1"},
       {"model": "m", "prompt_tokens": 2, "completion_tokens": 1, "response_id": "r2"}],
     "response_latencies": [{"latency": 1.5, "response_id": "r1"}]}})", &told);
  CHECK(draft.name == "i-1");
  REQUIRE(draft.steps.size() == 4);
  CHECK(draft.steps[1].program_index == 3u);
  CHECK(draft.steps[0].began.ns == 1746031541500000000);
  REQUIRE(draft.effects.size() == 3);
  CHECK(draft.effects[0].kind == EffectKind::kLlm);
  CHECK(draft.effects[0].usage.input_tokens == 11);  // as the metrics count them
  CHECK(draft.effects[0].duration.ns == 1500000000);
  CHECK(draft.effects[1].name == "run");
  CHECK(told.Text(*draft.effects[1].response) == "a");
  CHECK(draft.effects[2].usage.input_tokens == 2);  // a call no event names
  REQUIRE(draft.steps[3].error);
  CHECK(draft.outcome.reason == "gave up");
  CHECK(told.skipped.size() == 1);
}

TEST_CASE("older records of OpenHands are lines, with pairs of action and observation") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  const std::string line =
      R"({"issue": {"number": 1}, "git_patch": "", "success": true, "success_explanation": "ok",)"
      R"("history": [[{"source": "agent", "action": "run", "args": {}},)"
      R"({"source": "agent", "observation": "run", "content": "x"}]]})";
  auto importer = MakeOpenHandsImporter();
  CHECK(testing::SureOf(*importer, line + "\n" + line) >= 70);
  testing::Tell(*importer, {testing::WriteTo(dir / "o.jsonl", line + "\n{\n\n" + line + "\n")},
                &told);
  REQUIRE(told.sessions.size() == 2);
  CHECK(told.sessions[1].steps.size() == 2);
  REQUIRE(told.sessions[1].effects.size() == 1);
  CHECK(told.Text(*told.sessions[1].effects[0].response) == "x");
  CHECK(told.sessions[1].outcome.kind == Outcome::Kind::kOk);
  CHECK(told.skipped.size() == 1);
}

TEST_CASE("an ADK session hands over where an agent calls for it") {
  testing::Told told;
  const SessionDraft draft = ToldBy(MakeAdkImporter(), R"({"id": "s-1", "context": {"_time": "t"},
    "events": [
      {"invocation_id": "v", "author": "user", "content": {"parts": [{"text": "go"}]},
       "timestamp": 1734292270.5},
      {"invocation_id": "v", "author": "boss", "content": {"parts": [{"function_call":
        {"name": "transfer_to_other_agent", "args": {"agent_name": "worker"}}}]}},
      {"invocation_id": "v", "author": "boss", "content": {"parts": [{"function_response":
        {"name": "transfer_to_other_agent", "response": {"status": "ok"}}}]},
       "actions": {"transferToAgent": "worker"}},
      {"invocationId": "v", "author": "worker", "content": {"parts": [{"functionCall":
        {"name": "f", "id": "9", "args": {}}}]}, "usageMetadata": {"promptTokenCount": 4},
       "actions": {"stateDelta": {"a": 1}}},
      {"author": "worker", "content": {"parts": [{"functionResponse": {"name": "g", "id": "8"}}]}},
      {"content": {}}]})", &told);
  CHECK(draft.name == "s-1");
  REQUIRE(draft.steps.size() == 5);
  CHECK(draft.steps[0].began.ns == 1734292270500000000);
  CHECK(draft.messages.at(1).channel == "transfer");
  CHECK(draft.messages[1].taken_by->value == 3);
  CHECK(draft.notes.at(0).kind == EventRecord::Kind::kHandoff);
  CHECK(draft.notes[0].name == "worker");
  CHECK(std::count_if(draft.notes.begin(), draft.notes.end(), [](const NoteDraft& note) {
          return note.kind == EventRecord::Kind::kHandoff;
        }) == 1);  // though the answer says it again
  CHECK(told.Text(*draft.effects.at(0).response) == R"({"status":"ok"})");
  CHECK(draft.effects[1].usage.input_tokens == 4);
  CHECK(told.skipped.size() == 2);  // an answer to no call, an event of nobody
  CHECK(testing::MetaOf(draft, "source.context") == R"({"_time":"t"})");
}

TEST_CASE("published runs of agents at work bring every action, event and token", "[data]") {
  for (const std::string& file : testing::RealFiles("swe_agent", ".traj")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeSweAgentImporter(), {file}, &told);
    const Json run = testing::RealJson(file);
    const SessionDraft& draft = told.sessions.at(0);
    CHECK(told.skipped.empty());
    if (!run.contains("trajectory")) continue;
    REQUIRE(draft.steps.size() == run["trajectory"].size());
    for (size_t i = 0; i < draft.steps.size(); ++i) {
      const Json& state = run["trajectory"][i]["state"];
      CHECK(Json::parse(told.Text(std::get<KeptBody>(draft.steps[i].state))) ==
            (state.is_string() ? Json::parse(state.get<std::string>()) : state));
    }
    Usage sum;
    for (const EffectDraft& effect : draft.effects) sum += effect.usage;
    CHECK(sum.input_tokens == run["info"]["model_stats"]["tokens_sent"].get<uint64_t>());
  }
  for (const std::string& file : testing::RealFiles("openhands", ".json")) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeOpenHandsImporter(), {file}, &told);
    const Json run = testing::RealJson(file);
    const Json& events = run.is_array() ? run : run["history"];
    const SessionDraft& draft = told.sessions.at(0);
    REQUIRE(draft.steps.size() == events.size());
    std::set<std::string> asked;
    size_t joined = 0, answered = 0;
    for (const Json& event : events) {
      if (event.contains("tool_call_metadata")) {
        asked.insert(event["tool_call_metadata"]["model_response"]["id"]);
      }
      joined += event.contains("cause") && event["observation"] != "null" ? 1 : 0;
    }
    for (const EffectDraft& effect : draft.effects) {
      answered += effect.kind == EffectKind::kTool && (effect.response || effect.error) ? 1 : 0;
    }
    CHECK(testing::CallsOf(draft, EffectKind::kLlm) == asked.size());
    CHECK(answered == joined);
    CHECK(told.skipped.empty());
    if (!run.contains("metrics")) continue;
    Usage sum;
    for (const EffectDraft& effect : draft.effects) sum += effect.usage;
    const Json& total = run["metrics"]["accumulated_token_usage"];
    CHECK(sum.input_tokens == total["prompt_tokens"].get<uint64_t>());
    CHECK(sum.output_tokens == total["completion_tokens"].get<uint64_t>());
  }
  for (const std::string& file : testing::RealFiles("google_adk", ".json")) {
    testing::Told told;
    testing::Tell(*MakeAdkImporter(), {file}, &told);
    const Json events = testing::RealJson(file)["events"];
    CHECK(told.sessions.at(0).steps.size() == events.size());
    CHECK(told.Conversation(told.sessions[0], events.size() - 1) == events);
    CHECK(told.skipped.empty());
  }
}

}  // namespace backstep::adapters
