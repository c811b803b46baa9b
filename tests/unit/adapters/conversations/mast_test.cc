#include "backstep/recorder/adapters/mast/mast.h"

#include <regex>

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

constexpr char kNote[] =
    R"(, "note": {"text": ["went", "wrong"], "options": {"Loops": "yes", "Lies": "no"}}})";

SessionDraft ToldMast(const std::string& text, testing::Told* told) {
  const backstep::testing::TempDir dir;
  auto importer = MakeMastImporter();
  CHECK(testing::SureOf(*importer, text) >= 80);
  testing::Tell(*importer, {testing::WriteTo(dir / "m.json", text)}, told);
  REQUIRE(told->sessions.size() == 1);
  return told->sessions[0];
}

std::string InstanceOf(const std::string& trajectory) {
  return R"({"instance_id": "i", "problem_statement": ["solve", "it"], "other_data": {"answer": 3},
            "trajectory": )" + trajectory + kNote;
}

std::string AgentOfStep(const SessionDraft& draft, size_t step) {
  return draft.agents[draft.steps[step].agent.value].name;
}

}  // namespace

TEST_CASE("failure modes that were found are annotations of the run, beside the note") {
  testing::Told told;
  const SessionDraft draft = ToldMast(
      InstanceOf(R"([{"content": ["a", "b"], "role": "user", "name": "proxy"},
                     {"content": "c", "role": "assistant"}])"), &told);
  REQUIRE(draft.steps.size() == 2);
  CHECK(AgentOfStep(draft, 0) == "proxy");
  CHECK(AgentOfStep(draft, 1) == "assistant");
  CHECK(told.Text(draft.messages[0].body) == "solve\nit");
  REQUIRE(draft.notes.size() == 2);
  CHECK(ParseJson(draft.notes[0].data)->at("reason") == "Loops");
  CHECK(ParseJson(draft.notes[1].data)->at("reason") == "went\nwrong");
  CHECK(ParseJson(draft.notes[1].data)->at("details").at("options").at("Lies") == "no");
}

TEST_CASE("HyperAgent's log is a step an entry, its code blocks calls of tools") {
  testing::Told told;
  const SessionDraft draft = ToldMast(InstanceOf(R"json([
      "HyperAgent_i-1 - INFO - Initialized tools",
      "HyperAgent_i-1 - INFO - Planner's Response: Look at it.", "", "Intern Name: Navigator",
      "HyperAgent_i-1 - INFO - Inner-Navigator-Assistant's Response: Thought: now",
      "Action:", "```python", "result = open_file._run(path=\"x\")", "```", "and", "Action:",
      "```python", "print(1)", "```",
      "HyperAgent_i-1 - INFO - Navigator->Planner: It is: here", "more"])json"), &told);
  REQUIRE(draft.steps.size() == 3);
  CHECK(draft.agents.size() == 2);
  CHECK(AgentOfStep(draft, 1) == "Navigator");
  CHECK(draft.steps[1].name == "Inner-Navigator-Assistant");
  REQUIRE(draft.effects.size() == 2);
  CHECK(draft.effects[0].name == "open_file");
  CHECK(told.Text(draft.effects[0].request) == "result = open_file._run(path=\"x\")");
  CHECK(draft.effects[1].name == "python");
  const MessageDraft& answer = draft.messages.back();
  CHECK(draft.agents[answer.to.value].name == "Planner");
  CHECK(told.Text(answer.body) == "It is: here\nmore");
  CHECK_FALSE(answer.taken_by);
  CHECK(draft.notes[0].data == "Initialized tools");
}

TEST_CASE("MetaGPT's log is a step an act, with its time, role and action") {
  testing::Told told;
  const SessionDraft draft = ToldMast(
      R"({"run_id": 3, "prompt": "a game", "timestamp": "t", "cost": 0.5, "content": )"
      R"("2025-01-12 14:40:01.446 | INFO     | metagpt.roles.role:_act:391 - Alice(Coder): to do )"
      R"(Write(Write)\ncode\n\n2025-01-12 14:40:02.000 | WARNING  | m:f:1 - careful\n)"
      R"(2025-01-12 14:40:03.000 | INFO     | m:_act:85 - Bob(Tester): to do Test(Test)\n"})",
      &told);
  REQUIRE(draft.steps.size() == 2);
  CHECK(AgentOfStep(draft, 0) == "Alice");
  CHECK(draft.agents[0].role == "Coder");
  CHECK(draft.steps[0].name == "Write");
  CHECK(draft.steps[1].began.ns == 1736692803000000000);
  CHECK(told.Text(draft.messages[1].body).starts_with("code"));
  CHECK(draft.notes.at(0).category == "WARNING");
}

TEST_CASE("reviewers work side by side, and what they quote came from whom they quote") {
  testing::Told told;
  const std::string first(50, 'a'), second(50, 'b');
  const SessionDraft draft = ToldMast(InstanceOf(
      R"({"0": [{"role": "user", "content": "Solve."}, {"role": "assistant",)"
      R"( "content": ")" + first +
      R"("}, {"role": "user", "content": "Look: )" + second +
      R"("}], "1": [{"role": "user", "content": "Solve."}, {"role": "assistant", "content": ")" +
      second + R"("}]})"), &told);
  CHECK(draft.agents.size() == 2);
  REQUIRE(draft.steps.size() == 5);
  CHECK(told.Conversation(draft, 4).size() == 3);  // each hears its own
  REQUIRE(draft.messages.size() == 3);
  CHECK(draft.messages[2].from->value == 3);
  CHECK(draft.messages[2].taken_by->value == 4);
}

TEST_CASE("a tree of thoughts is reasoners in rounds, each before its verifier") {
  testing::Told told;
  const SessionDraft draft = ToldMast(InstanceOf(R"([
      " ########## Round 1 ########## ", "***** Reasoner 1 output: *****", "think",
      "**************************************************",
      "***** Reasoner 2 output: ***** ", "guess",
      "**************************************************",
      "Reasoner 1: Answer: 3, Verified: True", "Verifier response:", "**fine**",
      "**************************************************",
      "At least two agree. Final Answer: 3"])"), &told);
  REQUIRE(draft.steps.size() == 3);
  CHECK(AgentOfStep(draft, 1) == "Reasoner 2");
  CHECK(AgentOfStep(draft, 2) == "Verifier");
  CHECK(draft.segments.at(0).name == "Round 1");
  const MessageDraft& judged = draft.messages.back();
  CHECK(judged.from->value == 0);
  CHECK(judged.taken_by->value == 2);
  CHECK(draft.notes[0].data.find("Final Answer") != std::string::npos);
}

TEST_CASE("published MAST logs bring every entry", "[data]") {
  std::vector<std::string> files = testing::RealFiles("mast", ".json");
  for (const std::string& packed : testing::RealFiles("mast", ".json.gz")) files.push_back(packed);
  const std::regex entry(
      "^HyperAgent_[^ ]+ - INFO - ([A-Za-z-]+'s Response|[A-Za-z]+->[A-Za-z]+):");
  for (const std::string& file : files) {
    INFO(file);
    testing::Told told;
    testing::Tell(*MakeMastImporter(), {file}, &told);
    const Json run = testing::RealJson(file);
    const SessionDraft& draft = told.sessions.at(0);
    CHECK(told.skipped.empty());
    size_t entries = 0;
    if (run.contains("content")) {
      const std::string log = run["content"];
      for (size_t at = log.find("): to do "); at != std::string::npos;
           at = log.find("): to do ", at + 1)) ++entries;
    } else if (run["trajectory"].is_object()) {
      for (const Json& peer : run["trajectory"]) entries += peer.size();
    } else if (run["trajectory"][0].is_object()) {
      entries = run["trajectory"].size();
      CHECK(told.Conversation(draft, entries - 1) == run["trajectory"]);
    } else {
      for (const Json& line : run["trajectory"]) {
        const std::string text = line;
        if (std::regex_search(text, entry) || text.find("output: *****") != std::string::npos ||
            text.find(", Verified: ") != std::string::npos) ++entries;
      }
    }
    CHECK(draft.steps.size() == entries);
    if (!run.contains("note")) continue;
    size_t found = 0;
    for (const Json& verdict : run["note"]["options"]) found += verdict == "yes" ? 1 : 0;
    size_t told_modes = 0;
    for (const NoteDraft& note : draft.notes) {
      if (note.category == "annotation" && ParseJson(note.data)->at("kind") == "failure") {
        ++told_modes;
      }
    }
    CHECK(told_modes == found);
  }
}

}  // namespace backstep::adapters
