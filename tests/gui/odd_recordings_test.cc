// Recordings that are odd in one way each (programs/odd_recordings.cc) open and can be looked at.
#include "backstep/tests/gui/stage.h"

namespace backstep::testing {
namespace {

constexpr const char* kAll[] = {"one_agent", "agents500", "no_state", "long_messages", "cjk",
                                "right_to_left", "emoji", "zero_length", "deep", "long_names",
                                "bytes", "one_step", "empty"};

struct OddDesk : Desk {
  OddDesk() {
    const Ended made =
        Shell(At(BACKSTEP_BINARY_DIR "/test_programs/odd_recordings " + dir.path()));
    INFO(made.output);
    REQUIRE(made.code == 0);
  }
};

}  // namespace

TEST_CASE("odd recordings open, show what the command line shows, and are drawn") {
  const OddDesk desk;
  for (const std::string name : kAll) {
    INFO(name);
    const std::string recording = name + ".backstep";
    const Json view = desk.Show(
        "wait\nclick tab:state\nwait\nclick tab:mailboxes\nwait\nclick tab:step\nkey End\nwait\n"
        "shot " + name + ".png\n", recording + " --at 50%");
    CHECK(view["recording"] == recording);
    CHECK(!view.contains("error"));
    const Json info = desk.Cli("info " + recording + " --json");
    CHECK(view["timeline"]["steps"] == info["sessions"][0]["steps"]);
    CHECK(view["checkpoint"]["agents"].size() == info["sessions"][0]["agents"].size());
    for (const char* part : {"checkpoint", "graph", "conversation", "agent_state"}) {
      CHECK(!(view[part].is_object() && view[part].contains("error")));
    }
    CHECK(ColoursOf(desk.dir / (name + ".png")) > 50);
  }
}

TEST_CASE("a recording made with scopes offers no fork, and says why and what to implement") {
  const OddDesk desk;
  const std::string palette = "key Ctrl+Shift+P\nsleep 200\ntype fork here fault\nsleep 300\n";
  const Json view = desk.Show(
      "wait\nexpect disabled:Fork here\nclick tab:fork\nwait\nexpect empty:fork\nabsent "
      "field:kind\n"
      "rightclick step:2\nsleep 200\nexpect disabled:fork-here\nabsent menu:fork-here\n"
      "key Escape\nsleep 200\n" +
          palette +
          "expect disabled:Fork here: a fault\nkey Enter\n"
          "sleep 200\nkey Escape\nsleep 200\nclick tab:step\nwait\nrightclick message:ping/1.0\n"
          "sleep 200\nexpect disabled:edit-message\nexpect disabled:drop-message\nkey Escape\n"
          "sleep 200\nkey Ctrl+F\nwait\nexpect empty:fork\n",
      "no_state.backstep --at 2");
  CHECK(view["fork"].is_null());
}

TEST_CASE(
    "one of five hundred agents is found by its name, and zooming names those that have room") {
  const OddDesk desk;
  const auto named = [](const Json& view) {
    size_t count = 0;
    for (const Json& name : view["named"]) count += name.get<std::string>().starts_with("name:");
    return count;
  };
  const std::string recording = "agents500.backstep --size 1280x720";
  const Json whole = desk.Show("wait\nexpect graph-count\n", recording);
  const Json zoomed = desk.Show("wait\nwheel panel:graph 12 ctrl\nwait\n", recording);
  CHECK(named(zoomed) > named(whole) + 3);
  const std::string find = "wait\nclick field:find-agent\ntype R-123\nsleep 200\nkey Enter\nwait\n";
  CHECK(desk.Show(find, recording)["agent"] == "worker-123");
  const Json second = desk.Show(
      "wait\nclick field:find-agent\ntype r-12\nsleep 200\nkey Enter\nwait\n"
      "key Enter\nwait\n",
      recording);
  CHECK(second["agent"].get<std::string>().starts_with("worker-12"));
  CHECK(Has(second, "node:" + second["agent"].get<std::string>()));
}

TEST_CASE("segments that lie deeper than there is room for are counted") {
  const OddDesk desk;
  CHECK(Has(desk.Show("wait\n", "deep.backstep"), "segments:cut"));
  CHECK_FALSE(Has(desk.Show("wait\n", "one_agent.backstep"), "segments:cut"));
}

}  // namespace backstep::testing
