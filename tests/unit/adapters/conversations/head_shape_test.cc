#include "backstep/recorder/adapters/conversations/head_shape.h"

#include "backstep/tests/support/catch.h"

namespace backstep::adapters {

TEST_CASE("the shape of a head is its keys by path, up to where it is cut off") {
  const std::string text =
      R"({"a": 1, "b": {"c": "x\"y"}, "d": [{"e": null}, {"f": [true]}], "g": "z"})";
  const HeadShape whole(text);
  CHECK(whole.object());
  CHECK(whole.complete());
  CHECK(whole.First("a") == "1");
  CHECK(whole.First("b.c") == R"(x\"y)");
  CHECK(whole.Has("d[].e"));
  CHECK(whole.First("d[].f[]") == "");
  CHECK(whole.First("g") == "z");
  CHECK_FALSE(whole.Has("c"));
  for (size_t cut = 0; cut < text.size(); ++cut) {
    const HeadShape part(text.substr(0, cut));
    CHECK_FALSE(part.complete());
    CHECK(part.Has("d[].e") == (cut > text.find("null")));
  }
}

TEST_CASE("what a parser must refuse tells nothing about the shape") {
  const HeadShape shape(
      "\xEF\xBB\xBF [{\"a\": NaN, \"b\": \"\\ud800\xff\", \"c\": -Infinity, \"d\": {}}]");
  CHECK(shape.array());
  CHECK(shape.complete());
  CHECK(shape.Has("[].d"));
  for (const char* none :
       {"", "   ", "words", "]", "{]", "[}", "\"text\"", "{\"a\" \"b\" \"c\"}"}) {
    const HeadShape nothing(none);
    CHECK_FALSE(nothing.Has("[].a"));
  }
  CHECK_FALSE(HeadShape(std::string(60'000, '[')).complete());
}

}  // namespace backstep::adapters
