// Opening: the first page, the file dialog, the recordings of a folder.
#include <cstdlib>
#include <fstream>

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
  const Json keys = stage.Show("wait\nkey Ctrl+O\nwait\nkey End\nwait\nkey Enter\nwait\nwait\n", "");
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

TEST_CASE("the list of a folder has outcome, errors and cost of each recording, and what is broken") {
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

TEST_CASE("random input neither crashes the window nor holds it up") {
  const Stage stage;
  const char* longer = std::getenv("BACKSTEP_LONG");
  const std::string seconds = longer != nullptr && *longer == '1' ? "60" : "8";
  for (const std::string seed : {"1", "2"}) {
    std::ofstream(stage.dir / "script") << "wait\nrandom " << seed << " " << seconds << "\n";
    const Ended ended = stage.Window("team.backstep --at 50% --script script");
    INFO("seed " << seed << "\n" << ended.output);
    CHECK(ended.code == 0);
  }
}

}  // namespace backstep::testing
