// The form's program, where the recorded one is not to be run.
#include "backstep/tests/gui/stage.h"

namespace backstep::testing {

TEST_CASE("the recorded program is replaced by another one in the form, once that is confirmed") {
  const Stage stage;
  const std::string other = "wait\nclick button:Fork here\nwait\nclick button:Another program\nwait\n"
                            "expect field:directory\nclick field:program\nreplace ";
  const std::string run = "\nwait\nclick check:confirm\nwait\nclick button:Run\nwait\nwait\n";
  const Json missing = stage.Play(other + "/nowhere/team" + run + "expect error:run\n",
                                  "--at 3 --size 1600x1000");
  INFO(missing["run"].dump(1));
  CHECK(missing["run"]["error"].get<std::string>().find("/nowhere/team") != std::string::npos);
  (void)Shell(stage.At("cp " BACKSTEP_BINARY_DIR "/samples/software_team 'moved team'"));
  const Json moved = stage.Play(other + "'" + (stage.dir / "moved team") + "'" + run,
                                "--at 3 --size 1600x1000");
  INFO(moved["run"].dump(1));
  CHECK(moved["run"]["branch"].is_string());
}

}  // namespace backstep::testing
