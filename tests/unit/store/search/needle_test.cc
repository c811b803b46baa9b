#include "backstep/store/search/scan/needle.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "backstep/base/hash.h"
#include "backstep/store/search/words.h"
#include "backstep/tests/support/catch.h"

namespace backstep::store {
namespace {

std::string Small(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string Draw(RandomStream* random, std::string_view letters, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = letters[random->Next() % letters.size()];
  return text;
}

TEST_CASE("a needle lies where a search without regard to case finds it") {
  RandomStream random(3);
  for (int round = 0; round < 20000; ++round) {
    const std::string word = Draw(&random, "ab1z", 1 + random.Next() % 4);
    const std::string text = Draw(&random, "aAbB1zZ \\\xc3", random.Next() % 40);
    const size_t from = random.Next() % (text.size() + 2);
    INFO(word << " in " << text << " from " << from);
    REQUIRE(Needle(word).Find(text, from) == Small(text).find(word, from));
    REQUIRE(Needle(word).FindInJson(text) == Small(text).find(word));
  }
}

TEST_CASE("a needle is found at both ends, and nowhere in less than it") {
  CHECK(Needle("word").Find("Word") == 0);
  CHECK(Needle("word").Find("a WORD") == 2);
  CHECK(Needle("word").Find("wor") == std::string_view::npos);
  CHECK(Needle("word").Find("") == std::string_view::npos);
  CHECK(Needle("word").Find("word", 1) == std::string_view::npos);
  CHECK(Needle("word").Find("word", 9) == std::string_view::npos);
  CHECK(Needle().empty());
  CHECK(Needle().Find("word") == 0);
}

// Whatever words a text has: the bytes of each, or a letter in hex, are found in it.
TEST_CASE("no word of a text in JSON is missed by its needle") {
  RandomStream random(4);
  const std::string pieces[] = {"a", "B", "\\u0062", "\\\\u0041", "\\n", "\\\\", "\\u00e9",
                                "\\ud83d\\ude00", "\xc3\xa9", " ", "7", "\\", "\\u003"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (uint64_t i = random.Next() % 8; i > 0; --i) {
      text += pieces[random.Next() % std::size(pieces)];
    }
    WordReader words(text, true);
    while (words.Next()) {
      const std::string word(words.word());
      if (std::any_of(word.begin(), word.end(), [](char c) { return (c & 0x80) != 0; })) continue;
      INFO(word << " in " << text);
      const size_t at = Needle(word).FindInJson(text);
      REQUIRE(at < words.end());
    }
  }
}

}  // namespace
}  // namespace backstep::store
