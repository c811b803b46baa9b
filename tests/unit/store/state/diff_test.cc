#include "backstep/store/state/diff/diff.h"

#include <string>
#include <vector>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"

namespace backstep::store {
namespace {

using testing::EditScript;

std::string Apply(const std::vector<Hunk>& hunks, std::string_view from, std::string_view to) {
  std::string out;
  for (const Hunk& hunk : hunks) {
    CHECK(hunk.length > 0);
    out += (hunk.kind == Hunk::Kind::kCopy ? from : to).substr(hunk.offset, hunk.length);
  }
  return out;
}

size_t Inserted(const std::vector<Hunk>& hunks) {
  size_t bytes = 0;
  for (const Hunk& hunk : hunks) bytes += hunk.kind == Hunk::Kind::kInsert ? hunk.length : 0;
  return bytes;
}

// The bytes inserted; checks that the hunks make `to`.
size_t Cost(const std::string& from, const std::string& to) {
  Differ differ;
  const std::vector<Hunk>& hunks = differ.Run(from, to);
  REQUIRE((Apply(hunks, from, to) == to));
  return Inserted(hunks);
}

TEST_CASE("Common prefix and suffix are found at every length") {
  const std::string text = EditScript(EditScript::Kind::kRewrite, 1).Text(20000);
  for (size_t at = 0; at < 9000; at += at < 300 ? 1 : 97) {
    std::string other = text;
    other[at] = '\1';
    REQUIRE(CommonPrefix(text, other) == at);
    other = text;
    other[other.size() - 1 - at] = '\1';
    REQUIRE(CommonSuffix(text, other) == at);
  }
  CHECK(CommonPrefix(text, text) == text.size());
  CHECK(CommonSuffix(text.substr(7), text) == text.size() - 7);
  CHECK(CommonPrefix("", text) == 0);
  CHECK(CommonSuffix("", "") == 0);
}

TEST_CASE("The hunks of random edits make the new text, whatever the edits") {
  Differ differ;
  for (EditScript::Kind kind : EditScript::AllKinds()) {
    EditScript script(kind, 31);
    std::string before;
    for (int i = 0; i < 150; ++i) {
      const std::string after = script.Next();
      REQUIRE((Apply(differ.Run(before, after), before, after) == after));
      REQUIRE((Apply(differ.Run(after, before), after, before) == before));
      before = after;
    }
  }
}

TEST_CASE("Only what changed is inserted") {
  EditScript script(EditScript::Kind::kRewrite, 8);
  const std::string text = script.Text(60000);
  const std::string added = script.Text(900);
  CHECK(Cost(text, text) == 0);
  CHECK(Cost(text, text + added) <= 900);
  CHECK(Cost("{\"n\":1," + text + "]}", "{\"n\":22," + text + added + "]}") <= 960);
  CHECK(Cost(text, text.substr(0, 50) + text.substr(9000)) <= 64);
  CHECK(Cost(text, text.substr(0, 30000) + added + text.substr(30000)) <= 964);
  CHECK(Cost(text, text.substr(0, 30000) + added + text.substr(30500)) <= 964);
  CHECK(Cost(text, text.substr(30000) + text.substr(0, 30000)) <= 256);
  CHECK(Cost(text, text.substr(0, 10)) == 0);
  CHECK(Cost(text, "") == 0);
  CHECK(Cost("", text) == text.size());
}

TEST_CASE("Many small changes stay small") {
  EditScript script(EditScript::Kind::kRewrite, 12);
  const std::string text = script.Text(64000);
  std::string edited = text;
  for (size_t at = 100; at < edited.size(); at += 320) edited.replace(at, 5, "#12345#");
  CHECK(Cost(text, edited) <= 200 * 80);
}

TEST_CASE("An append continues the text that was appended before it") {
  // What the two appended messages end with alike must not be taken out of the middle.
  const std::string head = "{\"step\":1,\"m\":[";
  const std::string first = EditScript(EditScript::Kind::kRewrite, 3).Text(500) + "f\"},";
  const std::string second = EditScript(EditScript::Kind::kRewrite, 4).Text(500) + "f\"},";
  Differ differ;
  const std::string from = head + first + "]}";
  const std::string to = "{\"step\":2,\"m\":[" + first + second + "]}";
  const std::vector<Hunk>& hunks = differ.Run(from, to);
  REQUIRE(hunks.size() >= 2);
  const Hunk& insert = hunks[hunks.size() - 2];
  CHECK(insert.kind == Hunk::Kind::kInsert);
  CHECK(to.substr(insert.offset, insert.length) == second);
}

TEST_CASE("Text made to defeat the search still gives hunks that make the new text") {
  std::string rows, other_rows, ab, ba;
  for (int i = 0; rows.size() < 300000; ++i) {
    rows += "row " + std::to_string(i % 10) + ": ok\n";
    other_rows += "row " + std::to_string(i % 7) + ": ok\n";
  }
  for (int i = 0; i < 200000; ++i) {
    ab += i % 2 != 0 ? "ab" : "a";
    ba += i % 3 != 0 ? "ab" : "b";
  }
  Cost(rows, other_rows);
  Cost(other_rows, rows.substr(5));
  Cost(ab, ba);
  Cost(std::string(300000, 'a'), std::string(299999, 'a') + "b");
  Cost(std::string(300000, '\0'), "x" + std::string(150000, '\0') + "y");
}

}  // namespace
}  // namespace backstep::store
