#include "backstep/store/state/literals/escapes.h"

#include <string>
#include <utility>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/tests/support/catch.h"

namespace backstep::store {
namespace {

std::string Plain(std::string_view escaped) {
  std::string out;
  AppendUnescaped(escaped, &out);
  return out;
}

// As one of several writers of JSON has it.
std::string AsJson(std::string_view text, bool hex) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n' && !hex) {
      out += "\\n";
    } else if (byte < 0x20) {
      constexpr char kDigits[] = "0123456789aBcDeF";
      out += std::string("\\u00") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Escapes of JSON stand for one character each, in UTF-8") {
  const std::vector<std::pair<std::string, std::string>> known = {
      {R"(a\nb\tc\rd)", "a\nb\tc\rd"},
      {R"(\"\\\/\b\f)", "\"\\/\b\f"},
      {R"(\\n)", "\\n"},
      {R"(\u0041\u00e9\u20AC)", "A\xc3\xa9\xe2\x82\xac"},
      {R"(\ud83d\ude00!)", "\xf0\x9f\x98\x80!"},
      {R"(\u0000)", std::string(1, '\0')},
      {"no escape: \xc3\xa9", "no escape: \xc3\xa9"},
      {"", ""}};
  for (const auto& [escaped, plain] : known) CHECK(Plain(escaped) == plain);
}

TEST_CASE("What is no escape stands for itself") {
  for (const std::string text : {R"(\)", R"(a\q)", R"(\u12)", R"(\u12g4)", R"(\ud83d)",
                                 R"(\ude00\ud83d)", R"(\ud83d\n)", R"(\ud83d\u)"}) {
    std::string expected = text;
    if (const size_t line = expected.find("\\n"); line != std::string::npos) {
      expected.replace(line, 2, "\n");
    }
    CHECK(Plain(text) == expected);
  }
}

TEST_CASE("A text is found in its JSON from any place in it on") {
  const std::string text =
      "one \"two\"\n\nthree\\four\tfive \x01 \xc3\xa9 /six/ \xf0\x9f\x98\x80 and no more";
  for (const bool hex : {false, true}) {
    const std::string inside = AsJson(text, hex);
    const std::string escaped = "{\"text\":\"" + inside + "\",\"more\":\"of it\"}";
    const size_t begin = escaped.find(inside);
    for (size_t at = 0, escaped_at = begin; at < text.size();) {
      const EscapedRun run = GrowEscaped(text, at, escaped, escaped_at, 1000);
      CHECK(run.begin == 0);
      CHECK(run.end == text.size());
      CHECK(run.escaped_begin == begin);
      CHECK(run.escaped_end == begin + inside.size());
      CHECK(run.escapes == 7);
      const Unescaped one = UnescapeFirst(std::string_view(escaped).substr(escaped_at));
      at += one.made;
      escaped_at += one.taken;
    }
  }
}

TEST_CASE("Characters beyond ASCII are found where JSON has them as hex digits") {
  const std::string text = "caf\xc3\xa9 \xe2\x82\xac 5 \xf0\x9f\x98\x80 there";
  const std::string escaped = R"(caf\u00e9 \u20ac 5 \ud83d\ude00 there)";
  const size_t at = text.find(" there"), escaped_at = escaped.find(" there");
  const EscapedRun run = GrowEscaped(text, at, escaped, escaped_at, 1000);
  CHECK(run.begin == 0);
  CHECK(run.end == text.size());
  CHECK(run.escaped_begin == 0);
  CHECK(run.escaped_end == escaped.size());
}

TEST_CASE("A stretch is as long as it may be, and what it gives is what it says") {
  RandomStream random(3);
  const std::string_view letters = "ab\"\\\nu0d8\xc3\xa9";
  for (int i = 0; i < 20000; ++i) {
    std::string text, escaped;
    for (size_t n = random.Next() % 30; n > 0; --n) {
      text += letters[random.Next() % letters.size()];
    }
    for (size_t n = random.Next() % 40; n > 0; --n) {
      escaped += random.Next() % 4 == 0 ? '\\' : letters[random.Next() % letters.size()];
    }
    if (i % 2 == 0) escaped = AsJson(text, i % 4 == 0) + escaped;
    const size_t at = random.Next() % (text.size() + 1);
    const size_t escaped_at = random.Next() % (escaped.size() + 1);
    const size_t longest = random.Next() % 20;
    const EscapedRun run = GrowEscaped(text, at, escaped, escaped_at, longest);
    REQUIRE(run.begin <= at);
    REQUIRE(run.end >= at);
    REQUIRE(run.end <= text.size());
    REQUIRE(run.end - run.begin <= 2 * longest);
    REQUIRE(run.escaped_end <= escaped.size());
    // From where it was told to begin on it is certain; in front of it a caller makes sure.
    const auto behind = std::string_view(escaped).substr(escaped_at, run.escaped_end - escaped_at);
    REQUIRE(Plain(behind) == text.substr(at, run.end - at));
  }
}

}  // namespace backstep::store
