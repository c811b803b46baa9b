#include "backstep/recorder/adapters/json/json_stream.h"

#include "backstep/recorder/adapters/core/source.h"
#include "backstep/tests/unit/adapters/spans/reading.h"

namespace backstep::adapters {
namespace {

using namespace testing;

// Takes what lies under the key "take", passes over "pass", enters the rest.
struct Taker : JsonVisitor {
  JsonWant Begin(const JsonPath& path, char) override {
    if (!path.empty() && path.back() == "take") return JsonWant::kTake;
    if (!path.empty() && path.back() == "pass") return JsonWant::kPass;
    return JsonWant::kEnter;
  }
  Status Take(const JsonPath& path, std::string_view text, const Place& place) override {
    std::string joined;
    for (const std::string& part : path) joined += "/" + part;
    taken.push_back(joined + " " + std::string(text) + " @" + std::to_string(place.offset));
    return {};
  }
  Status Leave(const JsonPath&, const Place&) override {
    ++left;
    return {};
  }
  std::vector<std::string> taken;
  int left = 0;
};

struct Walked : MemorySink {
  explicit Walked(const std::string& text) {
    const backstep::testing::TempDir folder;
    auto source = Source::Open(WriteTo(folder / "file", text));
    REQUIRE(source.ok());
    REQUIRE(WalkJson(**source, taker, *this).ok());
  }
  Taker taker;
};

TEST_CASE("What is wanted of a long JSON is handed over whole, with its place") {
  Walked walked(R"({"pass":{"take":1},"a":[{"take":{"x":"}]\"\\"}},{"take": "s" }], "take":-1.5})");
  CHECK(walked.taker.taken ==
        std::vector<std::string>{R"(/a/*/take {"x":"}]\"\\"} @32)", R"(/a/*/take "s" @57)",
                                 "/take -1.5 @72"});
  CHECK(walked.skipped.empty());
}

TEST_CASE("Values stand behind each other, by lines or not, and a key may be escaped") {
  Walked walked("{\"take\":1}\n{\"t\\u0061ke\":2}{\"take\":3},\n[{\"take\":4}]\n");
  CHECK(walked.taker.taken.size() == 4);
  CHECK(walked.taker.left == 5);
  CHECK(walked.skipped.empty());
}

TEST_CASE("Behind what is broken it goes on at the next line that begins a value") {
  Walked walked("{\"take\":1}\n{\"a\":[}\n{\"take\":2}\nwords\n{\"take\":3}\n{\"take\": {\"x\":");
  CHECK(walked.taker.taken.size() == 3);
  REQUIRE(walked.skipped.size() == 3);
  CHECK(walked.skipped[0].first.line == 2);
  CHECK(walked.skipped[1].first.line == 4);
  CHECK(walked.skipped[2].second == "the file ends in the middle of this value");
  CHECK(walked.taker.left == 5);  // what was entered ends when it breaks, but for the last
}

TEST_CASE("Of a file of lines one that is torn takes no other with it") {
  const std::vector<std::string> torn = {
      "{\"a\":[{\"take\":7}", "{\"a\":{\"b\":", "{\"a\":\"tex", "{\"a",     "{\"take\":{\"x\":[1,",
      "{\"take\":\"wo",       "{\"pass\":\"wo", "{\"a\":1,",    "{\"a\":tr"};
  for (const std::string& line : torn) {
    INFO(line);
    Walked walked("{\"take\":1}\n" + line + "\n{\"take\":2}\n{\"take\":3}\n");
    const auto& taken = walked.taker.taken;
    CHECK(std::count_if(taken.begin(), taken.end(), [](const std::string& one) {
            return one.starts_with("/take 1 ") || one.starts_with("/take 2 ") ||
                   one.starts_with("/take 3 ");
          }) == 3);
    REQUIRE(walked.skipped.size() == 1);
    CHECK(walked.skipped[0].first.line == 2);
  }
}

TEST_CASE("A list may have its items where lines begin") {
  Walked walked("[\n{\"take\":1},\n{\"take\":2}\n]\n");
  CHECK(walked.taker.taken.size() == 2);
  CHECK(walked.skipped.empty());
}

TEST_CASE("Values longer than what is read at once come whole") {
  const std::string body(200000, 'x');
  Walked walked("[{\"take\":\"" + body + "\"},{\"pass\":[\"" + body + "\"]},{\"take\":7}]");
  REQUIRE(walked.taker.taken.size() == 2);
  CHECK(walked.taker.taken[0].size() > body.size());
  CHECK(walked.skipped.empty());
}

}  // namespace
}  // namespace backstep::adapters
