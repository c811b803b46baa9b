#include "backstep/recorder/adapters/tapeagents/tapeagents.h"

#include <fstream>
#include <map>

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

std::string StepOf(const std::string& agent, const std::string& kind, const std::string& more = "",
                   const std::string& prompt = "") {
  return R"({"metadata": {"id": "s", "prompt_id": ")" + prompt + R"(", "agent": ")" + agent +
         R"("}, "kind": ")" + kind + "\"" + (more.empty() ? "" : ", " + more) + "}";
}

std::string TapeOfSteps(const std::string& id, const std::string& parent,
                        const std::vector<std::string>& steps) {
  std::string all;
  for (const std::string& step : steps) all += (all.empty() ? "" : ",\n") + step;
  return R"({"metadata": {"id": ")" + id + R"(", "parent_id": )" +
         (parent.empty() ? "null" : "\"" + parent + "\"") +
         R"(, "author_tape_id": null, "n_added_steps": 1, "error": null}, "context": null,
            "steps": [)" + all + "]}";
}

const std::vector<std::string> kSteps = {
    StepOf("", "user", R"("content": "go")"),
    StepOf("Boss", "call", R"("content": "do", "agent_name": "Worker")"),
    StepOf("Boss/Worker", "execute_code", R"("code": "1+1")"),
    StepOf("", "code_execution_result", R"("text": "2")"),
    StepOf("Boss/Worker", "respond", R"("content": "two")"),
    StepOf("Boss", "broadcast", R"("content": "so", "to": ["Worker", "Other"])")};

}  // namespace

TEST_CASE("a tape is a step each, calls and answers go down and up its stack") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeTapeAgentsImporter();
  const std::string tape = TapeOfSteps("t", "", kSteps);
  CHECK(testing::SureOf(*importer, tape) >= 90);
  testing::Tell(*importer, {testing::WriteTo(dir / "t.json", tape)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 6);
  CHECK(draft.agents.size() == 5);  // user, Boss, Worker, environment, Other
  std::map<std::string, size_t> channels;
  for (const MessageDraft& message : draft.messages) ++channels[message.channel];
  CHECK(channels["call"] == 1);
  CHECK(channels["respond"] == 1);
  CHECK(channels["broadcast"] == 2);
  REQUIRE(draft.effects.size() == 1);
  CHECK(draft.effects[0].name == "execute_code");
  CHECK(told.Text(*draft.effects[0].response) == "2");
  REQUIRE(draft.segments.size() == 2);
  CHECK(draft.segments[1].name == "Worker");
  CHECK(draft.segments[1].parent->value == 0);
  CHECK(draft.steps[4].segment->value == 1);
  CHECK(draft.steps[5].segment->value == 0);
}

TEST_CASE("a fork of a tape is a branch from the last step that is the same in all it did") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  std::vector<std::string> other = kSteps;
  other[4] = StepOf("Boss/Worker", "respond", R"("content": "three")");
  std::vector<std::string> longer = kSteps;
  longer.push_back(StepOf("Boss", "final_step"));
  // The fork comes before what it was forked from; one descends from itself.
  testing::Tell(*MakeTapeAgentsImporter(),
                {testing::WriteTo(dir / "b.json", TapeOfSteps("b", "a", other)),
                 testing::WriteTo(dir / "a.json", TapeOfSteps("a", "", kSteps)),
                 testing::WriteTo(dir / "c.json", TapeOfSteps("c", "a", longer)),
                 testing::WriteTo(dir / "d.json", TapeOfSteps("d", "d", kSteps))},
                &told);
  REQUIRE(told.sessions.size() == 4);
  CHECK(told.sessions[0].key == "a");
  CHECK(told.sessions[1].key == "b");
  CHECK(told.sessions[1].parent_key == "a");
  CHECK(told.sessions[1].shared_steps == 4);
  CHECK(told.sessions[2].parent_key == "a");
  CHECK(told.sessions[2].shared_steps == 6);  // all of it
  CHECK(told.sessions[3].parent_key.empty());
}

TEST_CASE("tapes that descend from each other are told, each once") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  testing::Tell(*MakeTapeAgentsImporter(),
                {testing::WriteTo(dir / "a.json", TapeOfSteps("a", "b", kSteps)),
                 testing::WriteTo(dir / "b.json", TapeOfSteps("b", "a", kSteps))},
                &told);
  CHECK(told.sessions.size() == 2);
  REQUIRE(told.skipped.size() == 1);
  CHECK(told.skipped[0].find("descends from itself") != std::string::npos);
}

TEST_CASE("a broken database is an error that names it") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  Status status;
  std::string bytes("SQLite format 3\0", 16);
  bytes += std::string(4096, 'x') + "LLMCalls";
  CHECK(testing::SureOf(*MakeTapeAgentsImporter(), bytes) > 50);
  testing::Tell(*MakeTapeAgentsImporter(), {testing::WriteTo(dir / "d.sqlite", bytes)}, &told,
                &status);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK(status.message().find("d.sqlite") != std::string::npos);
}

TEST_CASE("published tapes bring every step, action and model call", "[data]") {
  const std::vector<std::string> tapes = testing::RealFiles("tapeagents", ".json");
  if (tapes.empty()) return;
  std::vector<std::string> files = testing::RealFiles("tapeagents", ".sqlite");
  files.insert(files.end(), tapes.begin(), tapes.end());
  testing::Told told;
  testing::Tell(*MakeTapeAgentsImporter(), files, &told);
  REQUIRE(told.sessions.size() == tapes.size());
  CHECK(told.skipped.empty());  // every model call has its step
  size_t calls = 0;
  for (size_t i = 0; i < tapes.size(); ++i) {
    INFO(tapes[i]);
    const Json tape = testing::RealJson(tapes[i]);
    const SessionDraft& draft = told.sessions[i];
    CHECK(draft.steps.size() == tape["steps"].size());
    size_t actions = 0;
    for (const Json& step : tape["steps"]) {
      const std::string kind = step["kind"];
      actions += kind.ends_with("_action") || kind == "execute_code" ? 1 : 0;
    }
    CHECK(testing::CallsOf(draft, EffectKind::kTool) == actions);
    calls += testing::CallsOf(draft, EffectKind::kLlm);
  }
  CHECK(calls == 20);  // rows of the three databases
}

}  // namespace backstep::adapters
