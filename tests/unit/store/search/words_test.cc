#include "backstep/store/search/words.h"

#include <string>

#include "backstep/base/hash.h"
#include "backstep/store/search.h"
#include "backstep/store/search/matcher.h"
#include "backstep/tests/support/catch.h"

namespace backstep::store {
namespace {

std::string WordsOf(std::string_view text, bool escapes = false) {
  WordReader reader(text, escapes);
  std::string words;
  while (reader.Next()) words += (words.empty() ? "" : "|") + std::string(reader.word());
  return words;
}

std::string Terms(const std::string& text) {
  const auto query = SearchQuery::Parse(text);
  if (!query.ok()) return std::string(StatusCodeName(query.status().code()));
  std::string shown;
  for (const SearchQuery::Term& term : query->terms()) {
    shown += shown.empty() ? "" : " + ";
    for (size_t i = 0; i < term.words.size(); ++i) shown += (i == 0 ? "" : "|") + term.words[i];
    if (term.prefix) shown += "*";
  }
  return shown;
}

bool Holds(const std::string& text, const std::string& query, const char* type = "text/plain") {
  const auto parsed = SearchQuery::Parse(query);
  REQUIRE(parsed.ok());
  return Matcher(*parsed).Match(text, type).has_value();
}

TEST_CASE("words are runs of letters and digits of any script, without case") {
  CHECK(WordsOf("Hello, World!") == "hello|world");
  CHECK(WordsOf("tool_call-7 3.14") == "tool|call|7|3|14");
  CHECK(WordsOf("Übergrößen ÉCOLE") == "übergrößen|école");
  CHECK(WordsOf("ПРИВЕТ мир ΑΘΗΝΑΣ") == "привет|мир|αθηνασ");
  CHECK(WordsOf("Žluťoučký KŮŇ ŁÓDŹ") == "žluťoučký|kůň|łódź");
  CHECK(WordsOf("「数据库」ok") == "数|据|库|ok");
  CHECK(WordsOf("bad 🙂 news…") == "bad|🙂|news");
  CHECK(WordsOf("a\xff\xfe" "b \xc3") == "a|b");
  CHECK(WordsOf("") == "");
  CHECK(WordsOf(" \n\t.,;") == "");
}

TEST_CASE("escapes of JSON part words or are letters; those of plain text are not there") {
  CHECK(WordsOf(R"("one\ntwo\tthree")", true) == "one|two|three");
  CHECK(WordsOf(R"("one\ntwo")", false) == "one|ntwo");
  CHECK(WordsOf(R"({"a":"caf\u00e9 \u00C9t\u00e9"})", true) == "a|café|été");
  CHECK(WordsOf(R"("\ud83d\ude42 \u0041b")", true) == "🙂|ab");
  CHECK(WordsOf(R"("{\"code\": \"x\\ny\"}")", true) == "code|x|y");
  CHECK(WordsOf(R"("\frac" "\\frac")", true) == "rac|frac");
  CHECK(WordsOf(R"("end\)", true) == "end");
  CHECK(WordsOf(R"("\u12")", true) == "u12");
  CHECK(WordsOf(R"("\ud83d x")", true) == "x");
}

TEST_CASE("words are told apart by their beginning, and positions are those of the text") {
  const std::string longer(kWordBytesMax, 'a');
  CHECK(WordsOf(longer + "b") == longer);
  const std::string most(kWordBytesMax - 1, 'a');
  CHECK(WordsOf(most + "éb") == most);
  const std::string text = "so ÉCOLE, ok";
  WordReader reader(text, false);
  REQUIRE(reader.Next());
  REQUIRE(reader.Next());
  CHECK(text.substr(reader.begin(), reader.end() - reader.begin()) == "ÉCOLE");
}

TEST_CASE("a query is words, rows of words and beginnings") {
  CHECK(Terms("Disk full") == "disk + full");
  CHECK(Terms("\"Disk  full\" now") == "disk|full + now");
  CHECK(Terms("tool_call planner/12.0") == "tool|call + planner|12|0");
  CHECK(Terms("fail* \"out of mem*\"") == "fail* + out|of|mem*");
  CHECK(Terms("  x  - , ") == "x");
  CHECK(Terms("AND OR NOT NEAR(a)") == "and + or + not + near|a");
}

TEST_CASE("a query that cannot be is refused with what to do") {
  for (const std::string& text :
       {std::string(), std::string("  "), std::string("\"open"), std::string("*"),
        std::string("*x"), std::string("a*b"), std::string("x.*"), std::string("- ' ;"),
        std::string("\xff\xfe"), std::string(5000, 'a'), std::string("\"a\" \"")}) {
    INFO(text);
    CHECK(Terms(text) == "invalid_argument");
  }
  std::string many, row = "\"";
  for (int i = 0; i < 65; ++i) {
    many += "w" + std::to_string(i) + " ";
    row += "w ";
  }
  CHECK(Terms(many) == "invalid_argument");
  CHECK(Terms(row + "\"") == "invalid_argument");
  CHECK(SearchQuery::Parse("\"open").status().message().find("close it") != std::string::npos);
}

TEST_CASE("all of a query must be in a body, phrases in a row") {
  CHECK(Holds("The disk is full.", "DISK full"));
  CHECK_FALSE(Holds("The disk is fuller.", "disk full"));
  CHECK(Holds("The disk is fuller.", "disk ful*"));
  CHECK_FALSE(Holds("The disk is full.", "\"disk full\""));
  CHECK(Holds("the the disk, FULL", "\"the disk full\""));
  CHECK(Holds("a b a b c", "\"a b c\""));
  CHECK(Holds("out of memo", "\"out of m*\""));
  CHECK(Holds(R"({"x":"\u0066ull"})", "full", "application/json"));
  CHECK_FALSE(Holds("full", "full", "image/png"));
  CHECK_FALSE(Holds(std::string("full\0", 5), "full", ""));
  CHECK(Holds("full", "full", ""));
  CHECK(Holds("the 数据库 is gone", "数据库"));
  CHECK_FALSE(Holds("the 数库 is gone", "数据库"));
}

TEST_CASE("what is skipped without taking a body apart could not have matched") {
  RandomStream random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string text, word;
    for (uint64_t i = random.Next() % 60; i > 0; --i) text += "abAB \\"[random.Next() % 6];
    for (uint64_t i = 1 + random.Next() % 5; i > 0; --i) word += "ab"[random.Next() % 2];
    bool there = false;
    WordReader reader(text, false);
    while (reader.Next()) there |= reader.word() == word;
    INFO(text << " / " << word);
    CHECK(Holds(text, word) == there);
  }
}

}  // namespace
}  // namespace backstep::store
