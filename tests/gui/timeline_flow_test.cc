// The timeline in the real window: what a branch's steps wear, errors, zoom and wheel.
#include "backstep/tests/gui/stage.h"

namespace backstep::testing {

TEST_CASE("a branch's steps wear what became of them, in its colours and in its legend") {
  const Stage stage;
  const Json main = stage.Play("wait\n");
  CHECK_FALSE(Has(main, "legend:different"));
  CHECK_FALSE(Has(main, "status:same again"));
  const std::string replay =
      "backstep replay team.backstep --on-miss llm=live --on-miss tool=live ";
  (void)Shell(stage.At(kBin + replay + "--from main:5 --name again"));
  (void)Shell(stage.At(kBin + replay + "--edit-message planner/1.1=Less. --name lost"));
  const Json again = stage.Play("wait\n", "--branch again-free");
  INFO(again["named"].dump(1));
  for (const char* name : {"legend:shared", "legend:same again", "legend:different",
                           "legend:live", "legend:fault or edit"}) {
    CHECK(Has(again, name));
  }
  CHECK(Has(again, "status:shared"));
  CHECK(Has(again, "status:same again"));
  const Json lost = stage.Play("wait\n", "--branch lost");
  INFO(lost["named"].dump(1));
  for (const char* name : {"status:different", "status:live", "status:fault or edit"}) {
    CHECK(Has(lost, name));
  }
}

TEST_CASE("the next error is the step that set a failed outcome, and it has a flag") {
  const Stage stage;
  const Json view = stage.Play("wait\nkey E\nwait\n", "--at first");
  const auto step = view["cursor"].get<uint64_t>();
  REQUIRE(step > 0);
  CHECK(Has(view, "outcome:" + std::to_string(step)));
}

TEST_CASE("a double click travels to a step and zooms to it") {
  const Stage stage;
  CHECK_FALSE(Has(stage.Play("wait\n"), "overview-window"));
  const Json view = stage.Play("wait\ndoubleclick step:5\nwait\n");
  CHECK(view["cursor"] == 5);
  CHECK(Has(view, "overview-window"));
}

TEST_CASE("the palette swaps what the wheel does in the timeline, for later windows too") {
  const Stage stage;
  CHECK_FALSE(Has(stage.Play("wait\nwheel step:5 4\nwait\n"), "overview-window"));
  const Json swapped = stage.Play(
      "wait\nkey Ctrl+Shift+P\nsleep 200\ntype wheel zooms\nsleep 200\n"
      "click command:The wheel zooms the timeline, Ctrl+wheel scrolls\nwait\n"
      "wheel step:5 4\nwait\n");
  CHECK(Has(swapped, "overview-window"));
  CHECK(Has(stage.Play("wait\nwheel step:5 4\nwait\n"), "overview-window"));
}

TEST_CASE("scrubbing over the whole run ends where the mouse was let go, and says what it cost") {
  const Stage stage;
  const Json view = stage.Play("wait\nscrub ruler 2\nwait\n",
                               "--at first --frame-log " + (stage.dir / "log"));
  CHECK(view["checkpoint"]["step"]["number"] == view["cursor"]);
  const std::string log = ReadAll(stage.dir / "log");
  for (const char* word : {"scrub ", "cursor ", "picture ", "whole ", "frame "}) {
    INFO(word);
    CHECK(log.find(word) != std::string::npos);
  }
}

}  // namespace backstep::testing
