// What a person arranges stays arranged.
#include <cmath>

#include "backstep/tests/gui/stage.h"

namespace backstep::testing {
namespace {

double LeftShare(const Stage& stage) {
  const Json settings =
      Json::parse(ReadAll(stage.dir / "config/backstep/window.json"), nullptr, false);
  REQUIRE(settings.is_object());
  return settings["layout"]["left"].get<double>();
}

}  // namespace

TEST_CASE("a dragged splitter is remembered, and a double click sets it back") {
  const Stage stage;
  stage.Play("wait\ndrag splitter:left 128 0\nwait\n", "--size 1280x720");
  CHECK(std::fabs(LeftShare(stage) - 0.32) < 0.02);
  stage.Play("wait\ndoubleclick splitter:left\nwait\n", "--size 1280x720");
  CHECK(std::fabs(LeftShare(stage) - 0.22) < 0.001);
}

TEST_CASE("a narrow window gives up columns of numbers, and the sheet of keys its second column") {
  const Stage stage;
  const std::string look = "wait\nclick tab:recordings\nwait\nkey ?\nsleep 300\n"
                           "expect sheet:keys\nexpect keys:last\n";
  CHECK(Has(stage.Play(look, "--size 1600x1000"), "columns:5"));
  const Json narrow = stage.Play(look, "--size 640x400");
  CHECK_FALSE(Has(narrow, "columns:5"));
  CHECK(Has(narrow, "recording:team.backstep"));
}

}  // namespace backstep::testing
