#include "backstep/store/search/text_batch.h"

#include <map>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

using testing::Must;
using Kind = TextBatch::Said::Kind;

constexpr uint64_t kSteps = 1500;

// Every step says one of three texts, no words, or something of its own.
Body SaidBy(uint64_t number) {
  if (number % 5 == 4) return {"\xff\xd8", "image/jpeg"};
  const bool often = number % 5 < 3;
  return {"text " + std::to_string(often ? number % 3 : number), "text/plain"};
}

void WriteTalk(const std::string& path) {
  auto recording = Must(Recording::Create(path));
  auto writer = Must(recording->NewLog(testing::SessionHeader("talk"), {}));
  testing::PutAgents(writer.get(), {"one", "two"});
  for (uint64_t number = 1; number <= kSteps; ++number) {
    testing::WriteSaying(writer.get(), number, {SaidBy(number)});
  }
  REQUIRE(writer->Seal({}).ok());
}

// The texts that come with what is said, and how often.
std::map<std::string, int> TextsOf(const TextBatch& batch) {
  std::map<std::string, int> texts;
  for (const TextBatch::Said& said : batch.said) {
    if (said.kind == Kind::kText) ++texts[said.bytes];
  }
  return texts;
}

}  // namespace

TEST_CASE("A text comes with the first batch of a segment that says it, and once") {
  const testing::TempDir dir;
  WriteTalk(dir / "r");
  const auto recording = Must(Recording::Open(dir / "r"));
  const auto line = Must(recording->OpenLine(LogId(1)));
  TextBatches batches(line.get(), Stream::kSteps, 1, kSteps);
  TextBatch first, second, third;
  REQUIRE(batches.Next(&first).ok());
  REQUIRE(batches.Next(&second).ok());
  CHECK(first.said.size() == first.last);
  CHECK(second.said.size() == second.last - first.last);
  CHECK(second.said.front().number == first.last + 1);
  CHECK(TextsOf(first).contains("text 0"));
  CHECK_FALSE(TextsOf(second).contains("text 0"));
  const size_t own = TextsOf(second).size();
  CHECK(own > 100);

  REQUIRE(batches.BeginSegment(&second).ok());
  const auto texts = TextsOf(second);
  CHECK(texts.size() == own + 3);
  for (const auto& [text, times] : texts) {
    INFO(text);
    CHECK(times == 1);
  }
  REQUIRE(batches.Next(&third).ok());
  CHECK_FALSE(TextsOf(third).contains("text 0"));
  CHECK(third.last == kSteps);
}

}  // namespace backstep::store
