#include <algorithm>

#include "backstep/base/hash.h"
#include "backstep/base/utf8.h"
#include "backstep/replay/compare.h"
#include "backstep/replay/compare/align.h"
#include "backstep/replay/compare/excerpt.h"
#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::replay;

namespace {

std::string Show(const std::vector<ValueDiff>& diffs) {
  std::string out;
  for (const ValueDiff& diff : diffs) {
    out += diff.path + ": " + diff.before + " -> " + diff.after + "\n";
  }
  return out;
}

std::string Json(const std::string& before, const std::string& after, size_t most = 50) {
  return Show(DiffBodies({before, "application/json"}, {after, "application/json"}, most));
}

std::string Text(const std::string& before, const std::string& after, size_t most = 50) {
  return Show(DiffBodies({before, "text/plain"}, {after, "text/plain"}, most));
}

std::vector<Hash128> Elements(const std::vector<int>& numbers) {
  std::vector<Hash128> out;
  for (int n : numbers) out.push_back(HashBytes(std::to_string(n)));
  return out;
}

size_t LongestCommon(const std::vector<Hash128>& a, const std::vector<Hash128>& b) {
  std::vector<std::vector<size_t>> best(a.size() + 1, std::vector<size_t>(b.size() + 1, 0));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      best[i][j] = a[i] == b[j] ? best[i + 1][j + 1] + 1 : std::max(best[i + 1][j], best[i][j + 1]);
    }
  }
  return best[0][0];
}

// Every element once, in order, pairs equal where they say so; returns how many are.
size_t CheckAlignment(const std::vector<Hash128>& a, const std::vector<Hash128>& b) {
  size_t next_a = 0, next_b = 0, equal = 0;
  for (const Aligned& at : Align(a, b)) {
    if (at.a) REQUIRE(*at.a == next_a++);
    if (at.b) REQUIRE(*at.b == next_b++);
    if (!at.equal) continue;
    REQUIRE((at.a && at.b));
    REQUIRE(a[*at.a] == b[*at.b]);
    ++equal;
  }
  REQUIRE(next_a == a.size());
  REQUIRE(next_b == b.size());
  return equal;
}

}  // namespace

TEST_CASE("Equal bodies have no differences and another media type is one") {
  CHECK(Json("{}", "{}") == "");
  CHECK(Show(DiffBodies({"x", "text/plain"}, {"x", "text/html"})) ==
        "media type: text/plain -> text/html\n");
}

TEST_CASE("JSON differs by pointer path, absent sides empty") {
  CHECK(Json(R"({"a":1,"b":{"c":[1,2,3]},"d":null})", R"({"a":2,"b":{"c":[1,9,3]},"e":""})") ==
        "/a: 1 -> 2\n/b/c/1: 2 -> 9\n/d: null -> \n/e:  -> \"\"\n");
  CHECK(Json("1", "\"1\"") == ": 1 -> \"1\"\n");
  CHECK(Json(R"({"a/b":{"~":1}})", R"({"a/b":{"~":2}})") == "/a~1b/~0: 1 -> 2\n");
}

TEST_CASE("An insertion into an array does not list every later element") {
  CHECK(Json("[1,2,3,4,5]", "[1,9,2,3,4,5]") == "/1:  -> 9\n");
  CHECK(Json("[1,2,3,4,5]", "[2,3,4,5]") == "/0: 1 -> \n");
  CHECK(Json(R"([{"r":"u","c":"hi"},{"r":"a","c":"x"},{"r":"u","c":"bye"}])",
             R"([{"r":"s","c":"new"},{"r":"u","c":"hi"},{"r":"a","c":"y"},{"r":"u","c":"bye"}])") ==
        "/0:  -> {\"c\":\"new\",\"r\":\"s\"}\n/2/c: \"x\" -> \"y\"\n");
}

TEST_CASE("A long string shows where it begins to differ") {
  const std::string head(5000, 'h'), tail(5000, 't');
  const std::string shown =
      Json("\"" + head + "AAA" + tail + "\"", "\"" + head + "BBB" + tail + "\"");
  CHECK(shown.find("AAAt") != std::string::npos);
  CHECK(shown.find("BBBt") != std::string::npos);
  CHECK(shown.size() < 600);
}

TEST_CASE("What differs in form alone is shown by line") {
  CHECK(Json("{\"a\":1}", "{\"a\": 1}") == "line 1: {\"a\":1} -> {\"a\": 1}\n");
  CHECK(Json("123456789012345678901234567890", "123456789012345678901234567891")
            .find("line 1: 1234") == 0);
}

TEST_CASE("Invalid JSON, text and bytes each have their form of difference") {
  CHECK(Json("{\"a\":", "{\"b\":") == "line 1: {\"a\": -> {\"b\":\n");
  CHECK(Text("one\ntwo\nthree\n", "one\n2\nthree\nfour\n") ==
        "line 2: two -> 2\nline 4:  -> four\n");
  CHECK(Text("a\n\nb\n", "a\nb\n") == "line 2: (empty line) -> \n");
  CHECK(Text("a\n", "a") == "line 1: a (LF) -> a (no line end)\n");
  CHECK(Text("a\r\n", "a\n") == "line 1: a (CR LF) -> a (LF)\n");
  CHECK(Text("", "a") == "line 1:  -> a\n");
  CHECK(Text(std::string("ab\0cd", 5), std::string("ab\0xd", 5)) ==
        "byte 3: 63 64 (5 bytes) -> 78 64 (5 bytes)\n");
  CHECK(Text("\xFF\xFE", "\xFF").find("byte 1: fe (2 bytes) -> (1 bytes)") == 0);
}

TEST_CASE("Differences are bounded and the rest is counted") {
  std::string before = "[", after = "[";
  for (int i = 0; i < 100; ++i) {
    before += (i ? "," : "") + std::to_string(i);
    after += (i ? "," : "") + std::to_string(1000 + i);
  }
  const auto diffs = DiffBodies({before + "]"}, {after + "]"}, 10);
  REQUIRE(diffs.size() == 11);
  CHECK(diffs[10].path == "…");
  CHECK(diffs[10].after == "90 more");
  CHECK(Text("a\nb\nc\n", "x\ny\nz\n", 1) == "line 1: a -> x\n…:  -> 2 more\n");
}

TEST_CASE("Depth without end is compared as text and not by recursion") {
  const std::string deep(200000, '[');
  CHECK(Json(deep, deep + "[").find("line 1: …") == 0);
  const std::string closed = std::string(100000, '[') + std::string(100000, ']');
  CHECK(Json(closed, "[" + closed + "]").find("line 1: ") == 0);
}

TEST_CASE(
    "JSON beyond some megabytes is compared as text, which takes little more than reading it") {
  const std::string most(4u << 20, 'x');
  CHECK(Json("{\"a\":\"" + most + "\"}", "{\"a\":1}").find("line 1: ") == 0);
  CHECK(Json("{\"a\":\"" + most.substr(100) + "\"}", "{\"a\":1}").find("/a: ") == 0);
}

TEST_CASE("An alignment is valid and has the most equal elements") {
  RandomStream random(11);
  for (int round = 0; round < 400; ++round) {
    std::vector<int> a(random.Next() % 30), b(random.Next() % 30);
    const uint64_t letters = 1 + random.Next() % 6;
    for (int& n : a) n = static_cast<int>(random.Next() % letters);
    for (int& n : b) n = static_cast<int>(random.Next() % letters);
    const auto left = Elements(a), right = Elements(b);
    CHECK(CheckAlignment(left, right) == LongestCommon(left, right));
  }
}

TEST_CASE("Sequences that differ in all are set side by side without end of work") {
  std::vector<int> a(30000), b(20000);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<int>(i);
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<int>(100000 + i);
  CHECK(CheckAlignment(Elements(a), Elements(b)) == 0);
  std::vector<int> c = a;
  c.insert(c.begin() + 7, -1);
  c.erase(c.begin() + 29000);
  CHECK(CheckAlignment(Elements(a), Elements(c)) == a.size() - 1);
}

TEST_CASE("Excerpts are cut between characters") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "ä";
  CHECK(IsUtf8(Excerpt(text)));
  CHECK(Excerpt(text).size() <= kExcerptBytesMax);
  auto [before, after] = ExcerptPair(text + "x", text + "y");
  CHECK(IsUtf8(before));
  CHECK(before.substr(before.size() - 1) == "x");
  CHECK(after.size() <= kExcerptBytesMax);
}
