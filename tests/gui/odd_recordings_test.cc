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

}  // namespace backstep::testing
