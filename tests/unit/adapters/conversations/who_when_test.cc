#include "backstep/recorder/adapters/who_when/who_when.h"

#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/adapters/conversations/telling.h"
#include "backstep/tests/unit/adapters/core/packed.h"

namespace backstep::adapters {
namespace {

using testing::MetaOf;
using testing::RealFiles;
using testing::RealJson;
using testing::SureOf;
using testing::Tell;
using testing::Told;
using testing::WriteTo;

constexpr char kChatRun[] = R"json({
  "is_correct": false, "question": "How many?", "question_ID": "q-1", "ground_truth": "3",
  "history": [
    {"content": "Count them.", "role": "assistant", "name": "Planner_Expert"},
    {"content": "exitcode: 1 (execution failed)\nCode output: boom", "role": "user",
     "name": "Computer_terminal"},
    {"content": "It is 2.", "role": "assistant", "name": "Counting_Expert"}],
  "mistake_agent": "Counting_Expert", "mistake_step": "2", "mistake_reason": "It guessed.",
  "system_prompt": {"Counting_Expert": "You count."}, "labels": {"kind": 7}})json";

constexpr char kOrchestratedRun[] = R"json({
  "history": [
    {"content": "Find it.", "role": "human"},
    {"content": "We should search.", "role": "Orchestrator (thought)"},
    {"content": "Search for it.", "role": "Orchestrator (-> WebSurfer)"},
    {"content": "Still thinking.", "role": "Orchestrator (thought)"},
    {"content": "Found.", "role": "WebSurfer"}],
  "question": "Find it.", "is_corrected": true, "question_ID": "q-2", "level": 2,
  "mistake_agent": "WebSurfer", "mistake_step": 9, "mistake_reason": "late"})json";

std::string LabelOf(const std::string& id, const std::string& agent) {
  return R"({"trajectory_id": ")" + id + R"(", "failures": [
      {"failure_id": 1, "step_number": 2, "step_reason": "why 1", "failure_category": "Plan",
       "category_reason": "c", "failed_agent": ")" + agent + R"("},
      {"failure_id": 2, "step_number": 3, "step_reason": "why 2", "failed_agent": "Nobody"}],
    "root_cause": {"failure_id": 2, "reason_for_root_cause": "root"},
    "failure_summary": "all of it"})";
}

Json NoteData(const NoteDraft& note) { return *ParseJson(note.data); }

}  // namespace

TEST_CASE("a group chat of Who&When is a step an item, each message to whoever speaks next") {
  const backstep::testing::TempDir dir;
  Told told;
  auto importer = MakeWhoWhenImporter();
  CHECK(SureOf(*importer, kChatRun) >= 90);
  Tell(*importer, {WriteTo(dir / "7.json", kChatRun)}, &told);
  REQUIRE(told.sessions.size() == 1);
  const SessionDraft& draft = told.sessions[0];
  CHECK(draft.name == "7");
  CHECK(draft.outcome.kind == Outcome::Kind::kFailed);
  CHECK(MetaOf(draft, "import.format") == "who_when");
  CHECK(MetaOf(draft, "source.question_ID") == "q-1");
  CHECK(MetaOf(draft, "source.ground_truth") == "3");
  REQUIRE(draft.steps.size() == 3);
  CHECK(draft.steps[2].program_index == 2u);
  REQUIRE(draft.steps[1].error);
  CHECK(draft.steps[1].error->kind == "exit code 1");
  REQUIRE(draft.messages.size() == 3);  // the question, and two that had a next speaker
  CHECK_FALSE(draft.messages[0].from);
  CHECK(told.Text(draft.messages[0].body) == "How many?");
  CHECK(draft.messages[1].from->value == 0);
  CHECK(draft.messages[1].taken_by->value == 1);
  CHECK(draft.agents[draft.messages[2].to.value].name == "Counting_Expert");
  CHECK(told.Conversation(draft, 1).size() == 2);
  CHECK(told.Conversation(draft, 2)[2]["content"] == "It is 2.");
  const AgentDraft& counting = draft.agents[draft.messages[2].to.value];
  CHECK(ParseJson(counting.attributes)->at("system_prompt") == "You count.");
}

TEST_CASE("a list of Who&When runs is a session each") {
  const backstep::testing::TempDir dir;
  Told told;
  auto importer = MakeWhoWhenImporter();
  const std::string list = "[" + std::string(kChatRun) + ",\n 7,\n" + kChatRun + "]";
  CHECK(SureOf(*importer, list) >= 90);
  Tell(*importer, {WriteTo(dir / "all.json", list)}, &told);
  REQUIRE(told.sessions.size() == 2);
  CHECK(told.sessions[0].name == "all 1");
  CHECK(told.sessions[1].name == "all 3");
  CHECK(told.sessions[1].steps.size() == 3);
  CHECK(told.sessions[1].notes.size() == 1);
  REQUIRE(told.skipped.size() == 1);
  CHECK(told.skipped[0].find("item 2 has no list") != std::string::npos);
}

TEST_CASE("a mistake is an annotation of its step, counted from 0, whatever its agent") {
  const backstep::testing::TempDir dir;
  Told told;
  auto importer = MakeWhoWhenImporter();
  Tell(*importer, {WriteTo(dir / "7.json", kChatRun), WriteTo(dir / "8.json", kOrchestratedRun)},
       &told);
  REQUIRE(told.sessions.size() == 2);
  REQUIRE(told.sessions[0].notes.size() == 1);
  const NoteDraft& mistake = told.sessions[0].notes[0];
  CHECK(mistake.step->value == 2);
  CHECK(mistake.category == "annotation");
  CHECK(mistake.name == "who_when");
  const Json data = NoteData(mistake);
  CHECK(data["agent"] == "Counting_Expert");
  CHECK(data["reason"] == "It guessed.");
  CHECK(data["decisive"] == true);
  CHECK(data["details"]["labels"]["kind"] == 7);
  // One that names no step stays, for the run, and is told.
  REQUIRE(told.sessions[1].notes.size() == 1);
  CHECK_FALSE(told.sessions[1].notes[0].step);
  REQUIRE(told.skipped.size() == 1);
  CHECK(told.skipped[0].find("mistake_step 9") != std::string::npos);
}

TEST_CASE("an orchestrator's instruction goes to the agent it names") {
  const backstep::testing::TempDir dir;
  Told told;
  auto importer = MakeWhoWhenImporter();
  CHECK(SureOf(*importer, kOrchestratedRun) >= 90);
  // The head of a long run ends within its history.
  CHECK(SureOf(*importer, std::string_view(kOrchestratedRun).substr(0, 200), false) >= 50);
  Tell(*importer, {WriteTo(dir / "8.json", kOrchestratedRun)}, &told);
  const SessionDraft& draft = told.sessions[0];
  CHECK(draft.agents.size() == 3);
  CHECK(draft.outcome.kind == Outcome::Kind::kOk);
  CHECK(draft.steps[1].name == "thought");
  REQUIRE(draft.messages.size() == 5);
  const MessageDraft& instruction = draft.messages[3];
  CHECK(told.Text(instruction.body) == "Search for it.");
  CHECK(draft.agents[instruction.to.value].name == "WebSurfer");
  CHECK(instruction.taken_by->value == 4);
  // The next thought is nobody's answer; it goes on to who speaks next.
  CHECK(draft.messages[4].from->value == 3);
  CHECK(draft.messages[4].taken_by->value == 4);
}

TEST_CASE("AgentRx's labels count steps from 1 and stand beside the other author's") {
  const backstep::testing::TempDir dir;
  std::filesystem::create_directories(dir / "labels/deep");
  std::filesystem::create_directories(dir / "runs/set");
  Told told;
  told.labels = {WriteTo(dir / "labels/deep/a.json", LabelOf("linked", "x")),
                 WriteTo(dir / "labels/deep/b.json", LabelOf("q-1", "counting_expert")),
                 WriteTo(dir / "labels/deep/c.json", LabelOf("q-1", "Stranger")),
                 WriteTo(dir / "labels/deep/d.json", LabelOf("nowhere", "x"))};
  WriteTo(dir / "labels/LINKS.tsv", "trajectory_id\tfile\nlinked\tset/8.json\n");
  auto importer = MakeWhoWhenImporter();
  Tell(*importer, {WriteTo(dir / "runs/set/7.json", kChatRun),
                   WriteTo(dir / "runs/set/8.json", kOrchestratedRun)}, &told);
  REQUIRE(told.labels_used.size() == 2);
  CHECK(told.labels_used[0] == told.labels[0]);  // it names its run; the other waits for the last
  CHECK(told.labels_used[1] == told.labels[1]);
  const SessionDraft& chat = told.sessions[0];
  REQUIRE(chat.notes.size() == 3);
  CHECK(chat.notes[1].step->value == 1);
  CHECK(chat.notes[1].name == "agentrx");
  CHECK(NoteData(chat.notes[1])["decisive"] == false);
  CHECK(NoteData(chat.notes[1])["details"]["failure_category"] == "Plan");
  CHECK(chat.notes[2].step->value == 2);
  CHECK(NoteData(chat.notes[2])["decisive"] == true);
  CHECK(NoteData(chat.notes[2])["agent"] == "Nobody");  // as its author has it
  CHECK(NoteData(chat.notes[2])["details"]["root_cause"]["reason_for_root_cause"] == "root");
  CHECK(MetaOf(chat, "agentrx.failure_summary") == "all of it");
  CHECK(told.sessions[1].notes.size() == 3);
}

TEST_CASE("a role that names no addressee, and items without a speaker, are kept as they are") {
  const backstep::testing::TempDir dir;
  Told told;
  const std::string run = R"json({"question_ID": null, "ground_truth": {}, "is_corrected": "maybe",
      "mistake_step": "-3", "mistake_agent": ["x"], "history": [
        {"role": "human", "content": "\ud800 \u0000"},
        {"role": "Orchestrator (-> )", "content": "a"},
        {"role": "Orchestrator (", "content": null}, {"role": "", "content": {"a": 1}}, 7]})json";
  auto importer = MakeWhoWhenImporter();
  CHECK(SureOf(*importer, run) >= 80);
  Tell(*importer, {WriteTo(dir / "o.json", run)}, &told);
  const SessionDraft& draft = told.sessions.at(0);
  REQUIRE(draft.steps.size() == 5);
  CHECK(draft.agents[draft.steps[1].agent.value].name == "Orchestrator");
  CHECK(draft.messages.size() == 4);  // each to the next speaker
  CHECK(draft.outcome.kind == Outcome::Kind::kUnknown);
  CHECK(told.skipped.size() == 3);  // two without a speaker, a mistake of no step
}

TEST_CASE("a run without a history says what is missing") {
  const backstep::testing::TempDir dir;
  Told told;
  Status status;
  Tell(*MakeWhoWhenImporter(), {WriteTo(dir / "x.json", R"({"history": "no", "question": 3})")},
       &told, &status);
  CHECK(status.code() == StatusCode::kCorruption);
  CHECK(status.message().find("\"history\"") != std::string::npos);
}

TEST_CASE("published failure logs bring every item and every label", "[data]") {
  Told told;
  told.labels = RealFiles("agentrx_labels", ".json");
  const std::vector<std::string> files = RealFiles("who_when", ".json");
  if (files.empty()) return;
  Tell(*MakeWhoWhenImporter(), files, &told);
  REQUIRE(told.sessions.size() == files.size());
  size_t agentrx = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    INFO(files[i]);
    const Json run = RealJson(files[i]);
    const SessionDraft& draft = told.sessions[i];
    REQUIRE(draft.steps.size() == run["history"].size());
    for (size_t s = 0; s < draft.steps.size(); ++s) {
      const Json& item = run["history"][s];
      std::string agent = item.value("name", item["role"].get<std::string>());
      agent = agent.substr(0, agent.find(" ("));
      CHECK(draft.agents[draft.steps[s].agent.value].name == agent);
    }
    CHECK(told.Conversation(draft, draft.steps.size() - 1) == run["history"]);
    size_t mistakes = 0;
    for (const NoteDraft& note : draft.notes) {
      if (note.name == "agentrx") ++agentrx;
      if (note.name != "who_when") continue;
      ++mistakes;
      const Json& step = run["mistake_step"];
      CHECK(std::to_string(note.step->value) ==
            (step.is_string() ? step.get<std::string>() : step.dump()));
      CHECK(NoteData(note)["agent"] == run["mistake_agent"]);
    }
    CHECK(mistakes == 1);
  }
  size_t failures = 0;
  for (const std::string& label : told.labels) failures += RealJson(label)["failures"].size();
  CHECK(agentrx == failures);
  CHECK(told.skipped.empty());
}

}  // namespace backstep::adapters
