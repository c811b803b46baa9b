#include "backstep/replay/engine/match/excerpt.h"

#include "backstep/tests/support/catch.h"

namespace backstep::replay {
namespace {

TEST_CASE("A difference is shown from its first byte on, with a little in front of it") {
  const Difference d = DescribeDifference("state", std::string(100, 'x') + "recorded",
                                          std::string(100, 'x') + "here");
  REQUIRE(d.expected == "state from byte 100: ...\"" + std::string(24, 'x') + "recorded\"");
  REQUIRE(d.actual == "state from byte 100: ...\"" + std::string(24, 'x') + "here\"");
}

TEST_CASE("A text that ends earlier differs at its end") {
  const Difference d = DescribeDifference("m", "abc", "ab");
  REQUIRE(d.expected == "m from byte 2: \"abc\"");
  REQUIRE(d.actual == "m from byte 2: \"ab\"");
}

TEST_CASE("An excerpt is bounded, escaped, and never cuts a character in two") {
  REQUIRE(Quote("a\"b\\c\n\x01", 100) == "\"a\\\"b\\\\c\\n\\x01\"");
  REQUIRE(Quote("aé", 2) == "\"a\"...");
  const Difference d = DescribeDifference("m", std::string(5000, 'a'), std::string(5000, 'b'));
  REQUIRE(d.expected.size() < 200);
}

}  // namespace
}  // namespace backstep::replay
