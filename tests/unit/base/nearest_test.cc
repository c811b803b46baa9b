#include "backstep/base/nearest.h"

#include "backstep/tests/support/catch.h"

namespace backstep {

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(EditDistance("", "") == 0);
  CHECK(EditDistance("main", "main") == 0);
  CHECK(EditDistance("man", "main") == 1);
  CHECK(EditDistance("MAIN", "main") == 0);
  CHECK(EditDistance("mian", "main") == 1);
  CHECK(EditDistance("kitten", "sitting") == 3);
  CHECK(EditDistance("", "abc") == 3);
}

TEST_CASE("edit distance of very long words is bounded") {
  CHECK(EditDistance(std::string(100000, 'a'), std::string(100000, 'b')) == 256);
}

TEST_CASE("the nearest name is the one with the fewest edits, the first of equals") {
  CHECK(Nearest("man", {"retry", "main", "mean"}) == "main");
  CHECK(Nearest("tool_nme", {"tool_type", "tool_name"}) == "tool_name");
  CHECK(Nearest("x", {}) == "");
  CHECK(Nearest("plan", {"coder", "planner"}) == "planner");
  CHECK(NearestHint("man", {"main"}) == "; nearest is 'main'");
  CHECK(NearestHint("man", {}) == "");
}

}  // namespace backstep
