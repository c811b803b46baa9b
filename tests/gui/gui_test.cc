// Drives the real window under Xvfb through what a person does, by scripts, and asserts on what it
// says it shows (--dump-view) and on pictures.
#include <fstream>

#include "backstep/tests/gui/stage.h"

namespace backstep::testing {

TEST_CASE("the window shows the moment that the command line shows") {
  const Stage stage;
  const Json view = stage.Play("wait\n", "--at 5");
  const Json shown = stage.Cli("show team.backstep main:5 --json");
  REQUIRE(view["cursor"] == 5);
  REQUIRE(view["checkpoint"]["moment"] == shown["moment"]);
  REQUIRE(view["checkpoint"]["agents"].size() == shown["agents"].size());
  for (size_t i = 0; i < shown["agents"].size(); ++i) {
    CHECK(view["checkpoint"]["agents"][i]["state"]["hash"] == shown["agents"][i]["state"]["hash"]);
  }
  CHECK(view["timeline"]["steps"] ==
        stage.Cli("info team.backstep --json")["sessions"][0]["steps"]);
  CHECK(view["outcome"] == "failed");
  for (const char* panel : {"panel:graph", "panel:timeline", "panel:inspector", "panel:centre"}) {
    CHECK(Has(view, panel));
  }
}

TEST_CASE("a window opens with the conversation of the agent whose step it shows") {
  const Stage stage;
  for (const std::string at : {"3", "14", "last"}) {
    const Json step = stage.Cli("show team.backstep main:" + at + " --json")["step"];
    const Json view = stage.Play("wait\n", "--at " + at);
    INFO(at << step.dump(1).substr(0, 400));
    REQUIRE(step["agent"].is_string());
    CHECK(view["agent"] == step["agent"]);
    CHECK(view["conversation"]["agent"] == step["agent"]);
  }
  // Who was chosen stays, wherever the cursor goes.
  const Json chosen =
      stage.Play("wait\nclick agent:tester\nkey Home\nkey Right\nwait\n", "--at 14");
  CHECK(chosen["cursor"] == 1);
  CHECK(chosen["agent"] == "tester");
}

TEST_CASE("keys travel, and the panels follow") {
  const Stage stage;
  const Json view = stage.Play("wait\nkey Home\nkey Right\nkey Right\nkey Right\nwait\n");
  CHECK(view["cursor"] == 3);
  CHECK(view["checkpoint"]["moment"] == "main:3");
  CHECK(stage.Play("wait\nkey End\nkey Left\nwait\n")["cursor"] ==
        view["last"].get<uint64_t>() - 1);
}

TEST_CASE("the first failing step is one click away") {
  const Stage stage;
  const Json view = stage.Play("wait\nclick button:first\nclick button:next-error\nwait\n");
  INFO(view["checkpoint"].dump(1).substr(0, 600));
  CHECK(view["checkpoint"]["outcome"]["kind"] == "failed");
  CHECK(view["agent"] == "reviewer");
}

TEST_CASE("an edited message is run again and compared, all by clicks") {
  const Stage stage;
  const Json view = stage.Play("wait\nclick edit:planner/1.0\nwait\nclick field:text\n"
                               "replace Read the amounts, one a line.\nwait\nclick button:Run\n"
                               "wait\nwait\n",
                               "--at 3");
  INFO(view["run"].dump(1) << view["fork"].dump(1));
  REQUIRE(view["run"]["branch"].is_string());
  CHECK(view["run"]["error"].is_null());
  CHECK(view["branch"] == view["run"]["branch"]);
  CHECK(!view["comparison"].is_null());
  CHECK(Has(view, "difference:0"));
}

TEST_CASE("a fault is injected and the first difference is on the screen within five clicks") {
  const Stage stage;
  const Json view = stage.Play("wait\nclick button:Fork here\nwait\nclick button:Run\nwait\nwait\n",
                               "--at 3 --size 1600x1000");
  INFO(view["run"].dump(1) << view["fork"].dump(1));
  REQUIRE(view["run"]["branch"].is_string());
  CHECK(Has(view, "difference:0"));
}

TEST_CASE("pictures are taken in both themes, sizes and scales") {
  const Stage stage;
  for (const std::string how : {"--size 1280x720", "--size 1600x1000 --theme light",
                                "--size 1280x720 --scale 2"}) {
    const Ended ended = stage.Window("team.backstep --at 5 --screenshot picture.png " + how);
    INFO(how << ended.output);
    CHECK(ended.code == 0);
    CHECK(ColoursOf(stage.dir / "picture.png") > 100);
    fs::remove(stage.dir / "picture.png");
  }
}

TEST_CASE("what cannot be opened is said in the window, and the window lives on") {
  const Stage stage;
  const Ended missing = stage.Window("nowhere.backstep --dump-view view.json");
  CHECK(missing.code == 3);
  CHECK(missing.output.find("nowhere.backstep") != std::string::npos);
  const Json view = Json::parse(ReadAll(stage.dir / "view.json"), nullptr, false);
  CHECK(Has(view, "error:open"));
  // Each file of the log cut in half, one after the other.
  for (const auto& file : fs::directory_iterator(stage.recording + "/logs/1")) {
    const auto size = file.file_size();
    if (size < 2) continue;
    const std::string path = file.path().string(), kept = ReadAll(path);
    fs::resize_file(path, size / 2);
    const Ended ended = stage.Window("team.backstep --dump-view view.json");
    INFO(path << "\n" << ended.output);
    CHECK((ended.code == 0 || ended.code == 3));
    std::ofstream(path, std::ios::binary) << kept;
  }
}

TEST_CASE("what was said about a step of an imported run stands beside that step") {
  const Desk desk;
  std::ofstream(desk.dir / "run.json")
      << R"({"is_correct": false, "question": "2+2?", "question_ID": "q1", "ground_truth": "4",
             "mistake_agent": "solver", "mistake_step": "1", "mistake_reason": "it guessed",
             "history": [{"role": "user", "name": "asker", "content": "2+2?"},
                         {"role": "assistant", "name": "solver", "content": "5"},
                         {"role": "user", "name": "asker", "content": "thanks"}]})";
  const Ended imported = Shell(desk.At(kBin + "backstep import run.json -o run.backstep"));
  INFO(imported.output);
  REQUIRE(imported.code == 0);
  CHECK(Has(desk.Show("wait\n", "run.backstep --at 2"), "annotation:who_when"));
  CHECK_FALSE(Has(desk.Show("wait\n", "run.backstep --at 1"), "annotation:who_when"));
  // No step of it failed: what is found from either side is the mistake.
  const std::string next = "wait\nclick button:first\nclick button:next-error\nwait\n";
  CHECK(desk.Show(next, "run.backstep")["cursor"] == 2);
  CHECK(desk.Show("wait\nkey End\nkey Shift+E\nwait\n", "run.backstep")["cursor"] == 2);
}

TEST_CASE("without a display it says what to do") {
  const Ended ended = Shell("unset DISPLAY WAYLAND_DISPLAY; " + kBin + "backstep-gui x.backstep");
  CHECK(ended.code == 4);
  CHECK(ended.output.find("xvfb-run") != std::string::npos);
  const Ended wrong = Shell(kBin + "backstep-gui --thme dark");
  CHECK(wrong.code == 2);
  CHECK(wrong.output.find("--theme") != std::string::npos);
}

}  // namespace backstep::testing
