// The form's program, where the recorded one is not to be run.
#include "backstep/tests/gui/stage.h"

namespace backstep::testing {

TEST_CASE("the recorded program is replaced by another one in the form, once that is confirmed") {
  const Stage stage;
  const std::string other =
      "wait\nclick button:Fork here\nwait\nclick button:Another program\nwait\n"
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

TEST_CASE("another program is chosen in the file dialog, shown whole, confirmed and run") {
  const Stage stage;
  (void)Shell(stage.At("mkdir 'other place'; echo hello >'other place/notes'; "
                       "cp " BACKSTEP_BINARY_DIR "/samples/software_team 'other place/team'"));
  const std::string open =
      "wait\nclick button:Fork here\nwait\nclick button:Another program\nwait\n"
      "click check:confirm\nclick button:Browse\nwait\nexpect dialog:program\n"
      "click field:path\nreplace " +
      (stage.dir / "other place");
  const std::string chosen = "\nwait\nabsent dialog:program\nexpect disabled:Run\n"
                             "click check:confirm\nwait\nclick button:Run\nwait\nwait\n";
  const std::string whole = "'" + (stage.dir / "other place/team") + "'";
  for (const std::string how : {"\nkey Enter\nwait\nabsent entry:notes\ndoubleclick entry:team",
                                "/team\nkey Enter"}) {
    const Json view = stage.Play(open + how + chosen, "--at 3 --size 1600x1000");
    INFO(how << view["fork"].dump(1) << view["run"].dump(1));
    CHECK(view["fork"]["program"] == whole);
    CHECK(view["run"]["branch"].is_string());
  }
}

}  // namespace backstep::testing
