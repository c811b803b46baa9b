#include "backstep/gui/widgets/frame.h"

#include "backstep/tests/support/catch.h"

namespace backstep::gui {
namespace {

TEST_CASE("What is named is clicked in the middle of what shows of it") {
  const NamedRect whole{"row", {10, 10}, {30, 20}, {0, 0}, {100, 100}};
  REQUIRE(whole.Seen().has_value());
  CHECK(whole.Seen()->x == 20);
  CHECK(whole.Seen()->y == 15);
  const NamedRect half{"row", {10, 10}, {30, 20}, {20, 0}, {100, 100}};
  REQUIRE(half.Seen().has_value());
  CHECK(half.Seen()->x == 25);
}

TEST_CASE("What is scrolled or clipped away cannot be clicked") {
  CHECK_FALSE(NamedRect{"row", {10, 110}, {30, 120}, {0, 0}, {100, 100}}.Seen().has_value());
  CHECK_FALSE(NamedRect{"row", {10, 10}, {30, 20}, {40, 0}, {100, 100}}.Seen().has_value());
  CHECK_FALSE(NamedRect{"row", {10, 10}, {30, 20}, {50, 50}, {40, 40}}.Seen().has_value());
}

}  // namespace
}  // namespace backstep::gui
