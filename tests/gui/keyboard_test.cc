// The window without a mouse.
#include "backstep/tests/gui/stage.h"

namespace backstep::testing {
namespace {

// Types into the palette and runs what it marks.
std::string Palette(const std::string& words) {
  return "key Ctrl+Shift+P\nsleep 200\ntype " + words + "\nsleep 300\nkey Enter\nwait\n";
}

}  // namespace

TEST_CASE("the palette finds commands by some of their words, and arrows choose among them") {
  const Stage stage;
  CHECK(Has(stage.Play("wait\n" + Palette("zoom timeline in")), "overview-window"));
  CHECK_FALSE(Has(stage.Play("wait\n" + Palette("zoom timeline in") + Palette("frame everything")),
                  "overview-window"));
  CHECK(stage.Play("wait\n" + Palette("agent tester"))["agent"] == "tester");
  CHECK(Has(stage.Play("wait\n" + Palette("show mailboxes") +
                       "key Ctrl+Shift+P\nsleep 200\n"
                       "type failed step\nsleep 200\nkey Down\nsleep 200\n"
                       "expect palette:chosen Previous failed step or labelled mistake\n"),
            "field:palette"));
}

TEST_CASE("one Escape closes the palette") {
  const Stage stage;
  const Json view = stage.Play("wait\nkey Ctrl+Shift+P\nsleep 200\ntype agent\nsleep 200\n"
                               "expect field:palette\nkey Escape\nsleep 200\n"
                               "absent field:palette\n");
  CHECK(view["recording"].is_string());
}

TEST_CASE("a fork is made, confirmed by a key and compared without the mouse") {
  const Stage stage;
  const Json view =
      stage.Play("wait\n" + Palette("fork here fault") +
                     "expect field:action\nkey Escape\nwait\nkey Ctrl+Enter\nwait\nwait\n",
                 "--at 3");
  INFO(view["run"].dump(1) << view["fork"].dump(1));
  REQUIRE(view["run"]["branch"].is_string());
  CHECK(Has(view, "difference:0"));
}

TEST_CASE("arrows choose an agent, a recording and an entry of the file dialog") {
  const Stage stage;
  const Json first = stage.Play("wait\n");
  // It opens with the agent of the last step, the last of the list.
  CHECK(stage.Play("wait\nkey Up\nwait\n")["agent"] != first["agent"]);
  const Json listed = stage.Show("wait\nkey Down\nwait\nexpect chosen:team.backstep\nkey Enter\n"
                                 "wait\nwait\n", "");
  CHECK(listed["recording"].is_string());
  const Json typed = stage.Show("wait\nkey Ctrl+O\nwait\nreplace " + stage.recording +
                                    "\nsleep 200\nkey Enter\nwait\nwait\n", "");
  CHECK(typed["recording"] == stage.recording);
}

TEST_CASE("the next difference of nothing is said, and a letter typed anew is drawn") {
  const Stage stage;
  const Json view = stage.Play("wait\nkey N\nsleep 100\nexpect notice\n" +
                               Palette("fork another text") +
                               "click field:target\nsleep 100\ntype \xe6\x96\xb0\nwait\n");
  CHECK(view["fork"]["target"] == "\xe6\x96\xb0");
}

}  // namespace backstep::testing
