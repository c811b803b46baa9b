#include "backstep/store/search/scan/literal_scan.h"

#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/literal_log.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/memory_kv.h"

namespace backstep::store {
namespace {

const AgentId kOwner(3);

std::string Text(RandomStream* random, size_t size) {
  constexpr std::string_view kLetters = "nedNED  ..xyz0\\u";
  std::string text(size, '\0');
  for (char& c : text) c = kLetters[random->Next() % kLetters.size()];
  return text;
}

Stretches Scan(const testing::MemoryKv& kv, const Needle& needle) {
  Stretches found;
  const auto done = ScanLiterals(kv, needle, [] { return true; }, &found);
  REQUIRE(done.ok());
  REQUIRE(*done);
  return found;
}

// A log of an owner; the chunk with these bytes is gone from it.
struct Log {
  std::string text;
  uint64_t hole_begin = 0, hole_end = 0;
};

Log PutRandom(RandomStream* random, AgentId owner, testing::MemoryKv* kv) {
  Log log;
  const uint64_t longest = 1 + random->Next() % 40;
  const uint64_t hole = random->Next() % 30;
  for (uint64_t i = 0; i < 20; ++i) {
    const std::string chunk = Text(random, 1 + random->Next() % longest);
    if (i == hole) {
      log.hole_begin = log.text.size();
      log.hole_end = log.hole_begin + chunk.size();
    } else {
      kv->Put(LiteralKey(owner, log.text.size()), chunk);
    }
    log.text += chunk;
  }
  return log;
}

TEST_CASE("what holds a word lies in a stretch, whatever chunks it is cut into") {
  RandomStream random(5);
  size_t met = 0, all = 0;
  for (int round = 0; round < 300; ++round) {
    testing::MemoryKv kv;
    std::vector<Log> logs;
    for (uint32_t owner = 1; owner <= 3; ++owner) {
      logs.push_back(PutRandom(&random, AgentId(owner), &kv));
    }
    const Needle needle(round % 2 == 0 ? "needed" : "ned");
    const Stretches found = Scan(kv, needle);
    for (int i = 0; i < 200; ++i) {
      const size_t which = random.Next() % logs.size();
      const Log& log = logs[which];
      const uint64_t begin = random.Next() % log.text.size();
      const uint64_t end = begin + 1 + random.Next() % (log.text.size() - begin);
      const bool holds =
          needle.FindInJson(std::string_view(log.text).substr(begin, end - begin)) !=
          std::string_view::npos;
      const bool gone = begin < log.hole_end && end > log.hole_begin;
      const bool meets = found.Meet(AgentId(static_cast<uint32_t>(which + 1)), begin, end);
      if (holds || gone) REQUIRE(meets);
      met += meets ? 1 : 0;
      ++all;
    }
  }
  CHECK(met < all * 9 / 10);
}

TEST_CASE("where a word does not lie there is no stretch, but for what is not there to be read") {
  testing::MemoryKv kv;
  kv.Put(LiteralKey(kOwner, 0), "nothing of it");
  kv.Put(LiteralKey(kOwner, 13), "a needle, and more");
  const Stretches found = Scan(kv, Needle("needle"));
  CHECK_FALSE(found.Meet(kOwner, 0, 13));
  CHECK(found.Meet(kOwner, 0, 16));
  CHECK(found.Meet(kOwner, 15, 31));
  CHECK(found.Meet(kOwner, 20, 32));
  CHECK(found.Meet(AgentId(2), 0, 5));
  CHECK(found.Meet(AgentId(4), 0, 5));
}

TEST_CASE("a word in text that is kept as the place of its JSON is found") {
  testing::MemoryKv kv;
  LiteralLogs logs;
  LiteralLog& log = logs.Of(kOwner);
  std::string escaped, plain;
  for (int i = 0; i < 60; ++i) {
    escaped += "Line " + std::to_string(i * 7919) + " says\\n";
    plain += "Line " + std::to_string(i * 7919) + " says\n";
  }
  log.Append(escaped + "Nee\\u0064le");
  log.Append(plain + "Needle");
  log.Write(&kv);
  const uint64_t middle = escaped.size() + 11;
  REQUIRE(log.end() == middle + plain.size() + 6);
  bool kept_as_place = false;
  for (const auto& [key, value] : kv.map()) {
    kept_as_place |= key.size() == UnescapedKey(kOwner, 0).size();
  }
  CHECK(kept_as_place);
  const Stretches found = Scan(kv, Needle("needle"));
  CHECK(found.Meet(kOwner, middle - 11, middle));
  CHECK(found.Meet(kOwner, middle, log.end()));
  const Stretches said = Scan(kv, Needle(std::to_string(40 * 7919)));
  CHECK(said.Meet(kOwner, middle, log.end()));
}

TEST_CASE("a scan ends when it is told to, where it helps no more, and at damage") {
  testing::MemoryKv kv;
  uint64_t offset = 0;
  for (int i = 0; i < 5000; ++i) {
    kv.Put(LiteralKey(kOwner, offset), "a word");
    offset += 6;
  }
  Stretches found;
  const auto cancelled = ScanLiterals(kv, Needle("none"), [] { return false; }, &found);
  CHECK(cancelled.status().code() == StatusCode::kCancelled);
  const auto many = ScanLiterals(kv, Needle("word"), [] { return true; }, &found);
  REQUIRE(many.ok());
  CHECK_FALSE(*many);
  const std::string damaged[] = {UnescapedKey(kOwner, 6), LiteralKey(kOwner, 5),
                                 std::string("L\0", 2)};
  for (const std::string& key : damaged) {
    testing::MemoryKv small;
    small.Put(LiteralKey(kOwner, 0), "a word");
    small.Put(key, "?");
    const auto read = ScanLiterals(small, Needle("none"), [] { return true; }, &found);
    REQUIRE(read.ok());
    CHECK_FALSE(*read);
  }
}

}  // namespace
}  // namespace backstep::store
