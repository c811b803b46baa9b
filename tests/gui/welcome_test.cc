// Opening: the first page, the file dialog, the recordings of a folder.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "backstep/tests/gui/stage.h"

namespace backstep::testing {

TEST_CASE("the first page offers the samples of the build, and one click opens one") {
  const Desk desk;
  const Json page = desk.Show("wait\nexpect button:open\nexpect sample:relay.backstep\n", "");
  CHECK(page["recording"].is_null());
  CHECK(Has(page, "sample:software_team.backstep"));
  CHECK(Has(page, "sample:swarm.backstep"));
  const Json view = desk.Show("wait\nclick sample:relay.backstep\nwait\n", "");
  REQUIRE(view["recording"].is_string());
  CHECK(view["recording"].get<std::string>().ends_with("/samples/relay.backstep"));
  CHECK(Has(desk.Show("wait\n", ""), "recent:relay.backstep"));
}

TEST_CASE("the file dialog finds a recording by mouse, by keys and by a typed path") {
  const Stage stage;
  fs::create_directories(stage.dir / "a/b");
  const Json mouse = stage.Show(
      "wait\nclick button:open\nwait\nexpect entry:a\ndoubleclick entry:a\nwait\nexpect entry:b\n"
      "click button:up\nwait\ndoubleclick entry:team.backstep\nwait\nwait\n", "");
  CHECK(mouse["recording"].is_string());
  CHECK(!Has(mouse, "dialog:open"));
  const Json keys =
      stage.Show("wait\nkey Ctrl+O\nwait\nkey End\nwait\nkey Enter\nwait\nwait\n", "");
  CHECK(keys["recording"].is_string());
  const Json typed = stage.Show("wait\nkey Ctrl+O\nwait\nclick field:path\nreplace " +
                                    stage.recording + "\nkey Enter\nwait\nwait\n", "");
  CHECK(typed["recording"] == stage.recording);
}

TEST_CASE("the file dialog says why a folder cannot be read, and closes") {
  const Desk desk;
  const Json view = desk.Show(
      "wait\nkey Ctrl+O\nwait\nclick field:path\nreplace /nowhere/at/all\nkey Enter\nwait\n"
      "expect dialog:open\nkey Escape\nwait\nkey Escape\nwait\nabsent dialog:open\n", "");
  CHECK(view["recording"].is_null());
}

TEST_CASE("a theme chosen on the first page stays when a recording is opened") {
  const Desk desk;
  (void)desk.Show("wait\n", "");  // leaves settings that say "dark"
  const auto theme = [&] {
    return Json::parse(ReadAll(desk.dir / "config/backstep/window.json"), nullptr, false)["theme"];
  };
  CHECK(theme() == "dark");
  (void)desk.Show("wait\nkey Ctrl+Shift+P\nsleep 200\ntype light\nsleep 200\n"
                  "click command:Light theme\nwait\nclick sample:relay.backstep\nwait\n", "");
  CHECK(theme() == "light");
}

TEST_CASE("what was chosen and confirmed for one recording does not go to the next one") {
  const Stage stage;
  (void)Shell(stage.At("cp -r team.backstep copy.backstep; cp -r team.backstep other.backstep"));
  const std::string confirm = "wait\nclick edit:planner/1.0\nwait\nclick check:confirm\nwait\n";
  const Json one = stage.Show(confirm, "copy.backstep --at 3");
  CHECK(one["fork"]["target"] == "planner/1.0");
  CHECK(one["fork"]["confirmed"] == true);
  const Json other = stage.Show(
      confirm + "key Ctrl+O\nwait\ndoubleclick entry:other.backstep\nwait\nwait\n"
                "expect check:confirm\n", "copy.backstep --at 3");
  CHECK(other["recording"].get<std::string>().ends_with("/other.backstep"));
  CHECK(other["fork"].is_null());  // no form is begun
}

TEST_CASE(
    "the list of a folder has outcome, errors and cost of each recording, and what is broken") {
  const Stage stage;
  fs::create_directories(stage.dir / "broken.backstep");
  const Json view = stage.Show("wait\nexpect recording:broken.backstep\n", "");
  Json listed = view["listing"]["recordings"];
  REQUIRE(listed.size() == 2);
  CHECK(listed[0]["error"].is_string());
  Json& session = listed[1]["sessions"][0];
  CHECK(session["outcome"]["kind"] == "failed");
  CHECK(session["cost_usd"].is_number());
  CHECK(session["error_count"].is_number());
  session.erase("cost_usd");
  session.erase("error_count");
  CHECK(session == stage.Cli("list --json")["recordings"][1]["sessions"][0]);
}

TEST_CASE(
    "a recording that goes away while it is open is said in a banner, and the window lives on") {
  const Stage stage;
  const std::string seen = stage.dir / "seen";
  std::thread mover([&] {
    for (int i = 0; i < 600 && !fs::exists(seen); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    fs::rename(stage.recording, stage.dir / "gone.backstep");
  });
  const Json view = stage.Play("wait\nabsent banner:lost\ndump " + seen + "\nawait banner:lost\n"
                               "key Right\nwait\nexpect button:Open again\n", "--at 3");
  mover.join();
  CHECK(view["cursor"] == 4);
}

TEST_CASE("random input neither crashes the window nor holds it up") {
  const Stage stage;
  const char* longer = std::getenv("BACKSTEP_LONG");
  const std::string seconds = longer != nullptr && *longer == '1' ? "60" : "8";
  for (const std::string seed : {"1", "2"}) {
    CHECK(stage.Window("team.backstep --dump-view view.json").code == 0);
    const std::string settings = ReadAll(stage.dir / "config/backstep/window.json");
    std::ofstream(stage.dir / "script") << "wait\nrandom " << seed << " " << seconds << "\n";
    const Ended ended = stage.Window("team.backstep --at 50% --script script");
    INFO("seed " << seed << "\n" << ended.output);
    CHECK(ended.code == 0);
    CHECK_FALSE(settings.empty());
    CHECK(ReadAll(stage.dir / "config/backstep/window.json") == settings);
  }
}

}  // namespace backstep::testing
