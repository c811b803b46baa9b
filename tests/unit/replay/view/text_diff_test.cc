#include "backstep/replay/view/diff/text_diff.h"

#include "backstep/tests/support/catch.h"

namespace backstep::replay {
namespace {

using Kind = DiffLine::Kind;

std::vector<Kind> KindsOf(const TextDiff& diff) {
  std::vector<Kind> kinds;
  for (const DiffLine& line : diff.lines) kinds.push_back(line.kind);
  return kinds;
}

std::string Lines(size_t from, size_t to) {
  std::string text;
  for (size_t i = from; i <= to; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("A difference shows its lines, those around them, and how many are left out") {
  const std::string before = Lines(1, 20);
  std::string after = Lines(1, 9) + "another\n" + Lines(11, 20);
  const TextDiff diff = DiffTexts(before, after, {2, 400, 2000});
  CHECK(KindsOf(diff) == std::vector<Kind>{Kind::kGap, Kind::kSame, Kind::kSame, Kind::kChanged,
                                           Kind::kSame, Kind::kSame, Kind::kGap});
  CHECK(diff.lines[0].skipped == 7);
  CHECK(diff.lines[3].before == "line 10");
  CHECK(diff.lines[3].after == "another");
  CHECK(diff.lines[3].before_number == 10);
  CHECK(diff.lines[6].skipped == 8);
  CHECK(diff.changed == 1);
  CHECK(!diff.cut());
}

TEST_CASE("Equal texts have no difference") {
  const TextDiff diff = DiffTexts("a\nb\n", "a\nb\n");
  CHECK(diff.changed == 0);
  CHECK(ToUnified(diff) == "@@ 2 lines alike @@\n");
  CHECK(DiffTexts("", "").lines.empty());
}

TEST_CASE("Only the words that changed are marked, joined over the blank between them") {
  const TextDiff diff = DiffTexts("Round the result half to even.", "Round the sum half up.");
  REQUIRE(diff.lines.size() == 1);
  const DiffLine& line = diff.lines[0];
  const auto words = [](const std::string& text, const std::vector<DiffSpan>& spans) {
    std::vector<std::string> out;
    for (const auto& [from, to] : spans) out.push_back(text.substr(from, to - from));
    return out;
  };
  CHECK(words(line.before, line.before_spans) == std::vector<std::string>{"result", "to even"});
  CHECK(words(line.after, line.after_spans) == std::vector<std::string>{"sum", "up"});
}

TEST_CASE("What is removed stands before what is added, as diff -u has it") {
  const TextDiff diff = DiffTexts("one\ntwo\nthree\n", "one\n2\n3\nfour\n");
  CHECK(ToUnified(diff) == " one\n-two\n-three\n+2\n+3\n+four\n");
}

TEST_CASE("A long difference is bounded and says of how many lines") {
  const TextDiff diff = DiffTexts(Lines(1, 1000), Lines(2001, 3000), {3, 100, 2000});
  CHECK(diff.lines.size() <= 101);
  CHECK(diff.changed == 1000);
  CHECK(diff.changed_shown == 100);
  CHECK(diff.cut());
}

TEST_CASE("A long line is cut around what differs, between characters") {
  const std::string head(5000, 'x'), tail = std::string(5000, 'y');
  const TextDiff diff = DiffTexts(head + "α old" + tail, head + "α new" + tail);
  REQUIRE(diff.lines.size() == 1);
  CHECK(diff.lines[0].before.find("old") != std::string::npos);
  CHECK(diff.lines[0].after.find("α new") != std::string::npos);
  CHECK(diff.lines[0].before.size() < 2100);
  CHECK(diff.lines[0].before.starts_with("…"));
  CHECK(diff.lines[0].before.ends_with("…"));
}

TEST_CASE("JSON is compared as it reads, and as it is where only its form differs") {
  const TextDiff diff =
      DiffLaidOut(R"({"task":"add","left":[1,2]})", R"({"task": "add", "left": [1, 3]})");
  CHECK(diff.changed == 1);
  const TextDiff form = DiffLaidOut(R"({"a":1})", R"({ "a": 1 })");
  CHECK(form.changed == 1);
  CHECK(form.lines[0].after == R"({ "a": 1 })");
}

TEST_CASE("Two texts of 512 KiB that share nothing are compared in a bounded time") {
  const TextDiff diff = DiffTexts(Lines(1, 50000), Lines(100001, 150000));
  CHECK(diff.changed == 50000);
  CHECK(diff.lines.size() <= 401);
}

}  // namespace
}  // namespace backstep::replay
