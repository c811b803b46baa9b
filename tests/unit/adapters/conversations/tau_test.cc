#include "backstep/recorder/adapters/tau/tau.h"

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

constexpr char kTauRun[] = R"({"task_id": 4, "reward": 0.0, "trial": 1,
  "info": {"task": {"user_id": "u", "instruction": "Return the lamp."}},
  "traj": [
    {"role": "system", "content": "policy", "index": 1},
    {"role": "user", "content": "hello", "index": 2},
    {"role": "assistant", "content": null, "index": 3, "tool_calls": [
      {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"a\":1}"}},
      {"id": "c2", "type": "function", "function": {"name": "lost", "arguments": "{}"}}]},
    {"role": "tool", "content": "Error: none", "index": 4, "tool_call_id": "c1", "name": "find"},
    {"role": "tool", "content": "?", "index": 5, "tool_call_id": "c9", "name": "find"},
    {"role": "assistant", "content": "bye", "index": 6}]})";

}  // namespace

TEST_CASE("a tau-bench run is a step an index, its calls joined with their answers") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeTauImporter();
  CHECK(testing::SureOf(*importer, kTauRun) >= 80);
  testing::Tell(*importer, {testing::WriteTo(dir / "t.json", kTauRun)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 6);
  CHECK(draft.agents.size() == 3);  // the policy is told to the assistant
  CHECK(draft.agents[draft.steps[0].agent.value].name == "assistant");
  CHECK(draft.steps[5].program_index == 6u);
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  CHECK(draft.outcome.score == 0.0);
  REQUIRE(draft.effects.size() == 2);
  CHECK(draft.effects[0].step.value == 2);
  CHECK(draft.effects[0].tool_call_id == "c1");
  CHECK(told.Text(draft.effects[0].request) == R"({"a":1})");
  REQUIRE(draft.effects[0].error);
  CHECK_FALSE(draft.effects[1].response);
  REQUIRE(told.skipped.size() == 1);
  CHECK(told.skipped[0].find("c9") != std::string::npos);
  const MessageDraft& call = draft.messages.at(1);
  CHECK(draft.agents[call.to.value].name == "tool");
  CHECK(call.taken_by->value == 3);
  CHECK(told.Text(draft.messages.back().body) == "Return the lamp.");
  CHECK(draft.messages.back().taken_by->value == 1);
}

TEST_CASE("a file of many tau-bench runs is as many sessions") {
  const backstep::testing::TempDir dir;
  testing::Told told;
  auto importer = MakeTauImporter();
  const std::string two = "[" + std::string(kTauRun) + "," + kTauRun + "]";
  CHECK(testing::SureOf(*importer, two) >= 80);
  testing::Tell(*importer, {testing::WriteTo(dir / "t.json", two)}, &told);
  REQUIRE(told.sessions.size() == 2);
  CHECK(told.sessions[1].name == "t task 4 trial 1");
}

TEST_CASE("published tau-bench runs bring every index, call and label", "[data]") {
  testing::Told told;
  told.labels = testing::RealFiles("agentrx_tau/labels", ".json");
  const std::vector<std::string> files = testing::RealFiles("agentrx_tau/runs", ".json");
  if (files.empty()) return;
  testing::Tell(*MakeTauImporter(), files, &told);
  size_t annotations = 0, failures = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    INFO(files[i]);
    const Json run = testing::RealJson(files[i]);
    const SessionDraft& draft = told.sessions.at(i);
    REQUIRE(draft.steps.size() == run["traj"].size());
    size_t calls = 0;
    for (size_t s = 0; s < draft.steps.size(); ++s) {
      const Json& message = run["traj"][s];
      CHECK(draft.steps[s].program_index == message["index"].get<uint64_t>());
      if (message.contains("tool_calls")) calls += message["tool_calls"].size();
    }
    CHECK(testing::CallsOf(draft, EffectKind::kTool) == calls);
    for (const EffectDraft& effect : draft.effects) {
      CHECK((effect.response.has_value() || effect.error.has_value()));
    }
    for (const NoteDraft& note : draft.notes) {
      ++annotations;
      const Json data = *ParseJson(note.data);
      const uint64_t number = data["details"]["step_number"].get<uint64_t>();
      CHECK(draft.steps[note.step->value].program_index == number);
    }
  }
  for (const std::string& label : told.labels) {
    failures += testing::RealJson(label)["failures"].size();
  }
  CHECK(annotations == failures);
  CHECK(told.skipped.empty());
}

}  // namespace backstep::adapters
