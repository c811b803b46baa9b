// Fork, answer what a branch asks, and compare: by clicks in the real window.
#include <fstream>

#include "backstep/tests/gui/stage.h"

namespace backstep::testing {
namespace {

// A branch that pauses at the first call whose answer the recording does not have.
const std::string kPaused =
    "wait\nrightclick message:planner/1.0\nclick menu:edit-message\n"
    "wait\nclick field:text\nreplace Read the amounts, one a line.\nwait\n"
    "click field:miss\nclick miss:pause and ask me\nwait\nclick button:Run\nwait\nwait\n";

const std::string kDropped =
    "wait\nrightclick message:planner/1.0\nclick menu:drop-message\nwait\nclick button:Run\n"
    "wait\nwait\n";

bool Asks(const Json& view) {
  for (const Json& name : view["named"]) {
    if (name.get<std::string>().starts_with("question:")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a message is dropped and the first difference seen after three clicks at a step") {
  const Stage stage;
  const Json view = stage.Play(kDropped, "--at 3");
  INFO(view["run"].dump(1) << view["pair"].dump(1));
  REQUIRE(view["run"]["branch"].is_string());
  CHECK(view["branch"] == view["run"]["branch"]);
  CHECK(Has(view, "difference:0"));
  REQUIRE(view["pair"].is_object());
  CHECK(view["pair"]["step"] == view["comparison"]["differing"][0]["step"]);
  CHECK(Has(view, "side:A"));
  CHECK(Has(view, "side:B"));
}

TEST_CASE("from the moment a recording opens, three clicks lead to the first difference") {
  const Stage stage;
  const Json view = stage.Play("wait\nrightclick chat:@outside/0.6\nclick menu:drop-message\n"
                               "click button:Run\nwait\nwait\n");
  INFO(view["run"].dump(1));
  REQUIRE(view["run"]["branch"].is_string());
  CHECK(Has(view, "difference:0"));
  CHECK(view["pair"]["step"] == view["comparison"]["differing"][0]["step"]);
}

TEST_CASE("the form that ran runs again from the same branch, not from the one that it made") {
  const Stage stage;
  (void)stage.Play(kDropped +
                       "click tab:fork\nwait\nclick button:Stop here\nwait\nclick button:Run\n"
                       "wait\nwait\n",
                   "--at 3");
  const Json branches = stage.Cli("branches team.backstep --json")["branches"];
  INFO(branches.dump(1));
  REQUIRE(branches.size() == 3);
  CHECK(branches[1]["fork"] == "main:1");
  CHECK(branches[2]["fork"] == "main:1");
}

TEST_CASE("the cursor is linked: each difference shows its step on both sides") {
  const Stage stage;
  const Json cli = [&] {
    (void)stage.Play(kDropped, "--at 3");
    return stage.Cli("diff team.backstep main b1 --json");
  }();
  REQUIRE(cli["differing"].size() > 2);
  const Json next = stage.Play("wait\nkey N\nwait\nkey N\nwait\n", "--branch b1 --compare main");
  REQUIRE(next["pair"].is_object());
  CHECK(next["comparison"]["differing_count"] == cli["differing_count"]);
  CHECK(next["pair"]["step"] == next["comparison"]["differing"][2]["step"]);
  const Json first = stage.Play("wait\nkey N\nwait\nclick difference:0\nwait\n",
                                "--branch b1 --compare main");
  CHECK(first["pair"]["step"] == first["comparison"]["differing"][0]["step"]);
  const Json other = stage.Play(
      "wait\nclick field:compare-b\nreplace main:2\nclick button:Compare\n"
      "wait\n",
      "--branch b1 --compare main");
  CHECK(other["comparison"]["b"]["name"] == "main:2");
}

TEST_CASE("what a fork shares, runs again and may run live is said before it runs") {
  const Stage stage;
  const Json view = stage.Play("wait\nclick edit:planner/1.0\nwait\n", "--at 3");
  REQUIRE(view["plan"].is_object());
  INFO(view["plan"].dump(1));
  CHECK(view["plan"]["problem"].is_null());
  CHECK(view["plan"]["steps_shared"].get<int>() + view["plan"]["steps_after"].get<int>() == 29);
  CHECK(view["plan"]["calls_recorded"] > 10);
  CHECK(Has(view, "plan"));
  const Json none = stage.Play("wait\nclick tab:fork\nclick field:kind\n"
                               "click kind:Another answer of a call\nwait\n", "--at 3");
  CHECK(Has(none, "plan:problem"));
  bool offered = false;
  for (const Json& name : none["named"]) {
    offered |= name.get<std::string>().starts_with("choice:coder/1#");
  }
  CHECK(offered);
}

TEST_CASE("a branch that pauses asks, and goes on with each kind of answer") {
  const Stage stage;
  const Json asked = stage.Play(kPaused, "--at 3");
  INFO(asked["run"].dump(1));
  REQUIRE(asked["run"]["result"] == "paused");
  REQUIRE(Asks(asked));
  for (const std::string answer : {"click button:Run it live\n", "click button:Run all live\n",
                                   "click button:Nearest recorded\n",
                                   "click field:answer\ntype 42\nclick button:Use this answer\n"}) {
    const Json view = stage.Play(kPaused + answer + "wait\nwait\n", "--at 3");
    INFO(answer << view["run"].dump(1));
    CHECK(view["run"]["error"].is_null());
    CHECK(view["run"]["branch"] != asked["run"]["branch"]);
    if (answer.find("all live") != std::string::npos) CHECK(view["run"]["result"] == "finished");
    if (answer.find("type 42") == std::string::npos) continue;
    // It answers the call that was asked about, and no other.
    const Json info = stage.Cli("branches team.backstep --json");
    INFO(info.dump(1));
    CHECK(info["branches"].back()["summary"]["edited"] == 1);
  }
  const Json stopped = stage.Play(kPaused + "click button:Stop here\nwait\n", "--at 3");
  CHECK(!Asks(stopped));
  CHECK(Has(stopped, "result:run"));
}

// A recording whose program lies beside it, so that a test can put another one in its place.
struct OwnProgram : Stage {
  OwnProgram() {
    const Ended recorded = Shell(At("cp " BACKSTEP_BINARY_DIR "/samples/software_team team && " +
                                    kBin + "backstep run -o own.backstep -- ./team"));
    INFO(recorded.output);
    REQUIRE(fs::exists(dir / "own.backstep"));
  }
  void Replace(const std::string& script) const {
    fs::remove(dir / "team");
    std::ofstream(dir / "team") << script;
    fs::permissions(dir / "team", fs::perms::owner_all);
  }
  // Runs an edit, its command line confirmed; plays `end` while it runs.
  Json RunEdit(const std::string& end) const {
    return Show("wait\nclick edit:planner/1.0\nwait\nclick field:text\nreplace x\nwait\n"
                "click check:confirm\nwait\nclick button:Run\n" + end,
                "own.backstep --at 3");
  }
};

TEST_CASE("a program that is missing or crashes is told, and the window lives on") {
  const OwnProgram stage;
  fs::remove(stage.dir / "team");
  const Json missing = stage.RunEdit("wait\nkey Home\nwait\n");
  INFO(missing["run"].dump(1));
  CHECK(Has(missing, "error:run"));
  CHECK(missing["cursor"] == 0);
  stage.Replace("#!/bin/sh\nkill -SEGV $$\n");
  const Json crashed = stage.RunEdit("wait\nkey Home\nwait\n");
  INFO(crashed["run"].dump(1));
  CHECK(Has(crashed, "error:run"));
  CHECK(crashed["cursor"] == 0);
}

TEST_CASE("a run whose program hangs is cancelled, and another can be begun") {
  const OwnProgram stage;
  stage.Replace("#!/bin/sh\nexec sleep 100\n");
  const Json view = stage.RunEdit("sleep 1000\nexpect button:Cancel\nclick button:Cancel\nwait\n");
  INFO(view["run"].dump(1));
  CHECK(view["run"]["running"] == false);
  CHECK(!Has(view, "button:Cancel"));
  CHECK(view["branches"].size() == 1);
}

}  // namespace backstep::testing
