#include "backstep/samples/software_team/agents/chat.h"

#include "backstep/samples/software_team/team.h"
#include "backstep/samples/software_team/tools/process.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

#include <filesystem>
#include <fstream>

using namespace team;
using backstep::Body;
using backstep::testing::TempDir;

TEST_CASE("a conversation committed piece by piece reads back whole") {
  Body state = Chat::Empty();
  auto chat = Chat::Parse(state);
  REQUIRE(chat.ok());
  for (int step = 0; step < 4; ++step) {
    for (int i = 0; i < step; ++i) chat->Add("user", "line " + std::to_string(i) + "\n\"quoted\"");
    state.bytes = chat->Added().Apply(state.bytes).value();
    chat->Committed();
    auto restored = Chat::Parse(state);
    REQUIRE(restored.ok());
    CHECK(restored->turns().size() == chat->turns().size());
  }
  auto restored = Chat::Parse(state);
  restored->Add("assistant", "more");
  chat->Add("assistant", "more");
  CHECK(restored->Added().Apply(state.bytes).value() == chat->Added().Apply(state.bytes).value());
}

TEST_CASE("what is no conversation is refused") {
  for (const char* text : {"", "{}", "[1]", "[{\"role\":\"user\"}]\n]", "[\n{}\n]", "[ ]"}) {
    INFO(text);
    CHECK_FALSE(Chat::Parse({text}).ok());
  }
}

TEST_CASE("a task is told apart from the examples that judge it") {
  const Task task = ReadTask("Add them up. Example: 1, -2 prints -1. Then print 1.5 of it.\n"
                             "Example: nothing prints 0");
  CHECK(task.text == "Add them up. Then print 1.5 of it.");
  REQUIRE(task.examples.size() == 2);
  CHECK(task.examples[0].input == "1\n-2\n");
  CHECK(task.examples[0].expect == "-1");
  CHECK(task.examples[1].input.empty());
}

TEST_CASE("a program that runs on is ended with all that it started") {
  TempDir dir;
  const std::string script = "sleep 1000 & echo started; sleep 1000";
  auto result = RunProcess({"sh", "-c", script}, dir.path(), "", 200);
  REQUIRE(result.ok());
  CHECK(result->timed_out);
  CHECK(result->output == "started\n");
  CHECK(RunProcess({"/no/such/program"}, dir.path(), "", 200).status().code() ==
        backstep::StatusCode::kNotFound);
  auto killed = RunProcess({"sh", "-c", "kill -9 $$"}, dir.path(), "", 5000);
  REQUIRE(killed.ok());
  CHECK(killed->exit_code == -9);
}

TEST_CASE("a workspace is fresh each time and takes plain names only") {
  TempDir dir;
  Workspace first(dir.path()), second(dir.path());
  REQUIRE(first.Write("a.txt", "one").ok());
  REQUIRE(second.Write("a.txt", "two").ok());
  CHECK(first.Folder().value() != second.Folder().value());
  for (const char* name : {"../a", "", ".hidden", "a/b"}) CHECK_FALSE(first.Write(name, "x").ok());
  std::string gone;
  {
    Workspace temporary("");
    gone = temporary.Folder().value();
    CHECK(std::filesystem::exists(gone));
  }
  CHECK_FALSE(std::filesystem::exists(gone));
}
