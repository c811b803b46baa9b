#include "backstep/replay/view/conversation/conversation.h"

#include <nlohmann/json.hpp>

#include "backstep/replay/view/conversation/chat_text.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using replay::AnswerText;
using replay::ChatKind;
using replay::ChatRow;
using replay::Conversation;
using replay::ConversationOf;
using replay::ConversationOptions;
using replay::NewestTurns;
using replay::Step;
using testing::Ask;
using testing::RecordScript;
using testing::ScriptProgram;
using testing::TempDir;
using testing::To;

// coder asks a model, calls reviewer and a tool, reports; fails at the task "bad".
ScriptProgram Coding(int* live, const std::vector<std::string>& tasks) {
  ScriptProgram program;
  program.behaviours = {
      {"coder", [live](Step& step, std::string* state) {
         const std::string task = step.taken()[0].body.bytes;
         if (task == "bad") return Status::Internal("no such task");
         *state = Ask(step, EffectKind::kLlm, "gpt", task, live);
         const auto reply = step.CallAgent("reviewer", To("reviewer", *state));
         if (reply.ok()) *state += reply.message.body.bytes;
         Ask(step, EffectKind::kTool, "compile", "main.cc", live);
         step.Now();
         step.Send(To("boss", "done " + task));
         return Status();
       }},
      {"reviewer", [](Step& step, std::string*) {
         step.Reply({"fine", "text/plain"});
         return Status();
       }},
      {"boss", [](Step& step, std::string*) {
         step.SetOutcome({Outcome::Kind::kOk, std::nullopt, "shipped"});
         return Status();
       }}};
  for (const std::string& task : tasks) program.start.push_back(To("coder", task));
  return program;
}

Conversation MustTalk(store::Line& line, const std::string& agent, uint64_t until,
                      const ConversationOptions& options = {}) {
  const auto id = line.FindAgent(agent);
  REQUIRE(id.has_value());
  auto view = ConversationOf(line, *id, StepNumber{until}, options);
  INFO(view.status().ToString());
  REQUIRE(view.ok());
  return std::move(*view);
}

// "took @outside/0.0 @outside, model coder/1#0 gpt, ..."
std::string Outline(const Conversation& view) {
  std::string text;
  for (const ChatRow& row : view.rows) {
    if (!text.empty()) text += ", ";
    text += std::string(ChatKindName(row.kind)) + " " + row.id;
    if (!row.who.empty()) text += " " + row.who;
  }
  return text;
}

TEST_CASE("A conversation tells what an agent read, asked, did and said in that order") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, {"parser"});
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  // Steps: reviewer/1, coder/1, boss/1.
  const Conversation view = MustTalk(*line, "coder", 2);
  REQUIRE(Outline(view) ==
          "took @outside/0.0 @outside, model coder/1#0 gpt, sent coder/1.0 reviewer, "
          "took reviewer/1.0 reviewer, tool coder/1#1 compile, sent coder/1.1 boss");
  REQUIRE(view.rows[0].body.text == "parser");
  REQUIRE(view.rows[0].first_of_step);
  REQUIRE(!view.rows[1].first_of_step);
  REQUIRE(view.rows[3].about == "coder/1.0");
  REQUIRE(view.rows[4].response.text == "compile(main.cc)");
  for (const ChatRow& row : view.rows) REQUIRE(row.step.value == 2);
  REQUIRE(view.steps_shown == 1);
  REQUIRE(view.steps_total == 1);
  REQUIRE(!view.cut);
  REQUIRE(Outline(MustTalk(*line, "boss", 3)) ==
          "took coder/1.1 coder, outcome boss/1");
  REQUIRE(MustTalk(*line, "boss", 2).rows.empty());
  REQUIRE(Outline(MustTalk(*line, "@outside", 0)) == "sent @outside/0.0 coder");
  const auto json = nlohmann::json::parse(ToJson(view));
  REQUIRE(json["rows"][1]["kind"] == "model");
}

TEST_CASE("A step open at the moment shows what it had done by then") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, {"parser"});
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  const Conversation view = MustTalk(*line, "coder", 1);
  REQUIRE(Outline(view) == "took @outside/0.0 @outside, model coder/1#0 gpt");
  REQUIRE(view.rows[0].open);
  REQUIRE(view.rows[0].step.value == 0);
}

TEST_CASE("A failure is the last row of its step") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, {"bad"});
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  const Conversation view = MustTalk(*line, "coder", 1);
  REQUIRE(Outline(view) == "took @outside/0.0 @outside, failure coder/1");
  REQUIRE(view.rows.back().body.text.find("no such task") != std::string::npos);
}

TEST_CASE("A fault follows the row that it hit") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, {"parser"});
  const auto recording = RecordScript(
      program, dir / "a.backstep", 1,
      "backstep: 1\nfaults:\n  - {id: broken, hook: tool_call, selector: {tool_name: compile},"
      " action: {type: tool.error}}\n");
  const auto line = *recording->OpenLine(LogId{1});
  const Conversation view = MustTalk(*line, "coder", 2);
  REQUIRE(view.rows.size() == 7);
  REQUIRE(view.rows[4].kind == ChatKind::kTool);
  REQUIRE(view.rows[4].error.has_value());
  REQUIRE(view.rows[5].kind == ChatKind::kFault);
  REQUIRE(view.rows[5].who == "tool.error");
  REQUIRE(view.rows[5].topic == "broken");
  REQUIRE(view.rows[5].about == "coder/1#1");
}

TEST_CASE("Only the newest rows are made, and what is left out is told") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, std::vector<std::string>(30, "parser"));
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  const uint64_t last = line->last().value;
  const Conversation all = MustTalk(*line, "coder", last, {.rows_max = 1000});
  REQUIRE(all.rows.size() == 180);
  REQUIRE(!all.cut);
  REQUIRE(all.steps_total == 30);
  const Conversation some = MustTalk(*line, "coder", last, {.rows_max = 20});
  REQUIRE(some.rows.size() == 20);
  REQUIRE(some.cut);
  REQUIRE(some.steps_shown == 4);
  REQUIRE(some.rows.back().id == all.rows.back().id);
  REQUIRE(some.rows.front().id == all.rows[160].id);
  REQUIRE(!some.rows.front().first_of_step);
  const Conversation late =
      MustTalk(*line, "coder", last, {.from = all.rows[120].step, .rows_max = 1000});
  REQUIRE(late.rows.size() == 60);
  REQUIRE(late.cut);
}

TEST_CASE("Long bodies are cut, and beyond the budget only their size is known") {
  const TempDir dir;
  int live = 0;
  const std::string task(5000, 'x');
  ScriptProgram program = Coding(&live, {task, task});
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  const uint64_t last = line->last().value;
  const Conversation cut = MustTalk(*line, "coder", last, {.text_bytes_max = 100});
  REQUIRE(cut.rows[0].body.text.size() == 100);
  REQUIRE(cut.rows[0].body.size_bytes == 5000);
  REQUIRE(!cut.rows[0].body.whole);
  const Conversation poor = MustTalk(*line, "coder", last, {.read_bytes_max = 20200});
  REQUIRE(poor.rows.back().body.whole);
  REQUIRE(poor.rows.front().body.text.empty());
  REQUIRE(poor.rows.front().body.size_bytes == 5000);
}

TEST_CASE("A moment or an agent that is not there is refused") {
  const TempDir dir;
  int live = 0;
  ScriptProgram program = Coding(&live, {"parser"});
  const auto recording = RecordScript(program, dir / "a.backstep");
  const auto line = *recording->OpenLine(LogId{1});
  REQUIRE(ConversationOf(*line, AgentId{1}, StepNumber{9}).status().code() ==
          StatusCode::kNotFound);
  REQUIRE(ConversationOf(*line, AgentId{77}, StepNumber{1}).status().code() ==
          StatusCode::kNotFound);
}

TEST_CASE("The newest part of a prompt follows the model's last answer") {
  const auto prompt = NewestTurns(
      R"({"model":"m","messages":[{"role":"system","content":"be brief"},
          {"role":"user","content":"plan"},{"role":"assistant","content":"ok"},
          {"role":"user","content":[{"type":"text","text":"now code"},{"type":"image_url"}]}]})",
      3);
  REQUIRE(prompt.turns_total == 4);
  REQUIRE(prompt.turns.size() == 1);
  REQUIRE(prompt.turns[0].role == "user");
  REQUIRE(prompt.turns[0].text == "now code\n[image_url]");
  const auto first = NewestTurns(
      R"({"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}]})", 3);
  REQUIRE(first.turns[0].text == "a\nb");
  REQUIRE(NewestTurns(R"({"prompt":"hello"})", 3).turns[0].text == "hello");
  REQUIRE(NewestTurns("plan it", 3).turns.empty());
  REQUIRE(NewestTurns(R"({"messages":[]})", 3).turns.empty());
  REQUIRE(NewestTurns(R"({"messages":[3,null,{"role":7}]})", 3).turns.size() == 3);
}

TEST_CASE("The words of an answer are found in the shapes of the providers") {
  REQUIRE(AnswerText(R"({"choices":[{"message":{"role":"assistant","content":"hi"}}]})") == "hi");
  REQUIRE(AnswerText(R"({"choices":[{"message":{"content":null,"tool_calls":[
            {"function":{"name":"run","arguments":"{\"x\":1}"}}]}}]})") == "run({\"x\":1})");
  REQUIRE(AnswerText(R"({"output":[{"content":[{"type":"output_text","text":"hi"}]}]})") == "hi");
  REQUIRE(AnswerText(R"({"candidates":[{"content":{"parts":[{"text":"hi"}]}}]})") == "hi");
  REQUIRE(AnswerText(R"({"content":[{"type":"text","text":"hi"},
            {"type":"tool_use","name":"run","input":{"x":1}}]})") == "hi\nrun({\"x\":1})");
  REQUIRE(AnswerText("\"hi\"") == "hi");
  REQUIRE(AnswerText("plain words").empty());
  REQUIRE(AnswerText("[[[[[[[[[[[[").empty());
}

TEST_CASE("JSON is read as lines with its own line breaks") {
  REQUIRE(replay::ReadableJson(
              R"({"lang":"c++","rules":["a",{"b":1}],"source":"int x;\nint y;\n","none":{},)"
              R"("empty":""})", 1000) ==
          "lang: c++\nrules:\n  - a\n  -\n    b: 1\nsource:\n  int x;\n  int y;\n"
          "none: {}\nempty: \"\"");
  REQUIRE(replay::ReadableJson("[1,2]", 1000) == "- 1\n- 2");
  REQUIRE(replay::ReadableJson("\"text\"", 1000).empty());
  REQUIRE(replay::ReadableJson("no json", 1000).empty());
  REQUIRE(replay::ReadableJson(R"({"long":"words and words"})", 10).empty());
  REQUIRE(!replay::ReadableJson(std::string(50, '[') + std::string(50, ']'), 1000).empty());
}

}  // namespace
}  // namespace backstep
