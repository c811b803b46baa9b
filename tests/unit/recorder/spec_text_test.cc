#include "backstep/recorder/faults/spec_text.h"

#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::recorder;

namespace {

std::string ErrorOf(const std::string& text) {
  auto parsed = ParseSpecText(text, "f.yaml");
  REQUIRE_FALSE(parsed.ok());
  CHECK(parsed.status().code() == StatusCode::kInvalidArgument);
  return parsed.status().message();
}

std::string JsonOf(const std::string& text) {
  auto parsed = ParseSpecText(text, "f.yaml");
  INFO(parsed.status().ToString());
  REQUIRE(parsed.ok());
  return parsed->ToJson();
}

}  // namespace

TEST_CASE("YAML and JSON of the same content give the same tree") {
  CHECK(JsonOf("a: 1\nb: [x, true, null]\n") == R"({"a":1,"b":["x",true,null]})");
  CHECK(JsonOf(R"({"a": 1, "b": ["x", true, null]})") == R"({"a":1,"b":["x",true,null]})");
}

TEST_CASE("Quoted words stay text and numbers keep their digits") {
  CHECK(JsonOf("a: '1'\nb: 12345678901234567890123\nc: 1e3\nd: .5\ne: ~\nf: 'true'\n") ==
        R"({"a":"1","b":12345678901234567890123,"c":1e3,"d":0.5,"e":null,"f":"true"})");
}

TEST_CASE("JSON escapes beyond sixteen bits and tabs are read") {
  CHECK(JsonOf("{\n\t\"a\": \"\\ud83d\\ude00 \\\\ud83d\"\n}") ==
        "{\"a\":\"\xF0\x9F\x98\x80 \\\\ud83d\"}");
}

TEST_CASE("Every value knows its line") {
  auto parsed = ParseSpecText("a: 1\n\nb:\n  - x\n  - y\n", "f.yaml");
  REQUIRE(parsed.ok());
  CHECK(parsed->entries[1].line == 3);
  CHECK(parsed->Find("b")->items[1].line == 5);
}

TEST_CASE("A key given twice is refused with its line") {
  CHECK(ErrorOf("a: 1\nb: 2\na: 3\n") == "f.yaml:3: 'a' is given twice");
}

TEST_CASE("References are followed, and a bomb of them is refused") {
  CHECK(JsonOf("a: &x [1, 2]\nb: *x\n") == R"({"a":[1,2],"b":[1,2]})");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string to = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + to;
    for (int k = 0; k < 9; ++k) bomb += ", " + to;
    bomb += "]\n";
  }
  CHECK(ErrorOf(bomb).find("more values than a file may have") != std::string::npos);
  const std::string large = "a: &x '" + std::string(1 << 20, 'q') + "'\nb: [*x, *x, *x, *x, *x]\n";
  CHECK(ErrorOf(large).find("f.yaml:2: more values") == 0);
}

TEST_CASE("Depth, size and form are bounded") {
  CHECK(ErrorOf(std::string(100, '[')).find("nested too deep") != std::string::npos);
  CHECK(ErrorOf(std::string(100000, '[')).find("nested too deep") != std::string::npos);
  CHECK(ErrorOf(std::string(5 << 20, 'a')).find("larger than 4 MiB") != std::string::npos);
  CHECK(ErrorOf(std::string("a\0b", 3)).find("not a text file") != std::string::npos);
  CHECK(ErrorOf("a: 1\n---\nb: 2\n").find("second document") != std::string::npos);
  CHECK(ErrorOf("a: b: c\n").find("f.yaml:1: not YAML or JSON") == 0);
  CHECK(ErrorOf("x: 1\ny: [1, 2\n").find("f.yaml:") == 0);
  CHECK(ErrorOf("? [a]\n: 1\n").find("a key must be a word") != std::string::npos);
  CHECK(ErrorOf("<<: {a: 1}\n").find("merge keys") != std::string::npos);
}

TEST_CASE("Numbers are read whole or not at all") {
  auto parsed = ParseSpecText("[7, -1, 1.5, 1x, inf, '3', 99999999999999999999]", "f");
  REQUIRE(parsed.ok());
  const auto& items = parsed->items;
  CHECK(items[0].AsCount() == 7u);
  CHECK_FALSE(items[1].AsCount());
  CHECK(items[2].AsNumber() == 1.5);
  CHECK_FALSE(items[3].AsNumber());
  CHECK_FALSE(items[4].AsNumber());
  CHECK(items[5].AsCount() == 3u);
  CHECK_FALSE(items[6].AsCount());
}
