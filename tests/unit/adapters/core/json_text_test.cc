#include "backstep/recorder/adapters/core/json_text.h"

#include "backstep/tests/support/catch.h"

namespace backstep::adapters {
namespace {

std::string Again(const std::string& text) {
  const Result<Json> value = ParseJson(text);
  INFO(value.status().ToString());
  REQUIRE(value.ok());
  return JsonText(*value);
}

std::string WhyNot(const std::string& text) {
  const Result<Json> value = ParseJson(text);
  REQUIRE_FALSE(value.ok());
  CHECK(value.status().code() == StatusCode::kCorruption);
  return value.status().message();
}

}  // namespace

TEST_CASE("JSON is read as it is written") {
  CHECK(Again(R"( {"b": [1, -2, 2.5, true, null], "a": {"x": "y"}} )") ==
        R"({"b":[1,-2,2.5,true,null],"a":{"x":"y"}})");
  CHECK(Again("18446744073709551615") == "18446744073709551615");
  CHECK(Again("-9223372036854775808") == "-9223372036854775808");
  CHECK(Again("[]") == "[]");
  CHECK(Again("{}") == "{}");
  CHECK(Again("\xef\xbb\xbf\"after a mark\"") == "\"after a mark\"");
  CHECK(Again(R"("\u00e9 \ud83d\ude00 \"\\\/\b\f\n\r\t")") ==
        "\"\xc3\xa9 \xf0\x9f\x98\x80 \\\"\\\\/\\b\\f\\n\\r\\t\"");
}

TEST_CASE("JSON of the wild is taken as what it most likely means") {
  CHECK(Again("[NaN, Infinity, -Infinity, 1e999]") == "[null,null,null,null]");
  CHECK(Again(R"("a\ud83db")") == "\"a\xef\xbf\xbd" "b\"");
  CHECK(Again(R"("\ude00\ud83d\u0041")") == "\"\xef\xbf\xbd\xef\xbf\xbd" "A\"");
  CHECK(Again("\"\xff\xc3\"") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(Again(R"("nul \u0000")") == R"("nul \u0000")");
  CHECK(Again("\"line\nbreak\"") == R"("line\nbreak")");
  CHECK(Again(R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
}

TEST_CASE("of many keys that occur twice the last one stands") {
  std::string text = "{";
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 20000; ++i) {
      text += "\"key" + std::to_string(i) + "\":" + std::to_string(i + round) + ",";
    }
  }
  text.back() = '}';
  const Result<Json> value = ParseJson(text);
  REQUIRE(value.ok());
  CHECK(value->size() == 20000);
  CHECK(NumberAt(*value, "key7") == 8);
  CHECK(NumberAt(*value, "key19999") == 20000);
}

TEST_CASE("what is no JSON is refused with place and reason") {
  CHECK(WhyNot("") == "not JSON at byte 0: it ends where a value should be");
  CHECK(WhyNot("{\"a\":1} x") == "not JSON at byte 8: something follows the JSON value");
  CHECK(WhyNot("{\"a\" 1}") == "not JSON at byte 5: a colon should be here");
  CHECK(WhyNot("[1 2]") == "not JSON at byte 3: a comma or ] should be here");
  CHECK(WhyNot("\"abc") == "not JSON at byte 4: it ends within a string");
  CHECK(WhyNot("\"\\q\"").find("no such escape") != std::string::npos);
  CHECK(WhyNot("\"\\u12g4\"").find("four hex digits") != std::string::npos);
  CHECK(WhyNot("[1,]").find("a value should be here") != std::string::npos);
  CHECK(WhyNot("1-2").find("not a number") != std::string::npos);
  CHECK(WhyNot("\"\\").find("no such escape") != std::string::npos);
  CHECK(WhyNot(std::string(100000, '[')).find("512 levels") != std::string::npos);
  CHECK(ParseJson(std::string(500, '[') + std::string(500, ']')).ok());
}

TEST_CASE("parts of a JSON value are empty when they are not there or of another type") {
  const Json value = *ParseJson(R"({"s":"x","n":4,"d":"2.5","b":true,"o":{},"e":""})");
  CHECK(TextAt(value, "s") == "x");
  CHECK(TextAt(value, "n") == "4");
  CHECK(TextAt(value, "b") == "true");
  CHECK(TextAt(value, "o").empty());
  CHECK(TextAt(value, "no").empty());
  CHECK(NumberAt(value, "n") == 4.0);
  CHECK(NumberAt(value, "d") == 2.5);
  CHECK_FALSE(NumberAt(value, "s"));
  CHECK_FALSE(NumberAt(value, "e"));
  CHECK(Find(value, "o")->is_object());
  CHECK(Find(Json(3), "o") == nullptr);
}

TEST_CASE("times are read in the forms that occur") {
  constexpr int64_t kDay = 1761004800000000000;  // 2025-10-21
  const auto at = [](const char* text) { return TimeOf(Json(text)).ns; };
  CHECK(at("2025-10-21") == kDay);
  CHECK(at("2025-10-21T00:00:01Z") == kDay + 1000000000);
  CHECK(at("2025-10-21T02:00:00.123456789+02:00") == kDay + 123456789);
  CHECK(at("2025-10-20 19:30:00.5 -0430") == kDay + 500000000);
  CHECK(at("2025-10-21T00:00") == kDay);
  CHECK(at("2025-10-21 00:00:00.000001234567 UTC") == kDay + 1234);
  CHECK(at("1761004800") == kDay);
  CHECK(at("1761004800000000000") == kDay);
  CHECK(at("1761004800.5") == kDay + 500000000);
  CHECK(TimeOf(Json(1761004800)).ns == kDay);
  CHECK(TimeOf(Json(1761004800000)).ns == kDay);
  CHECK(TimeOf(Json(1761004800000000)).ns == kDay);
  CHECK(TimeOf(Json(1761004800000000000)).ns == kDay);
  CHECK(TimeOf(Json(1761004800.25)).ns == kDay + 250000000);
  for (const char* text :
       {"", "yesterday", "2025-13-01", "2025-10-21T25:99", "9999-01-01", "-5", "1e40"}) {
    CHECK(at(text) == 0);
  }
  CHECK(TimeOf(Json(-5)).ns == 0);
  CHECK(TimeOf(Json(UINT64_MAX)).ns == 0);
  CHECK(TimeOf(Json()).ns == 0);
}

}  // namespace backstep::adapters
