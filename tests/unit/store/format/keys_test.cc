#include "backstep/store/format/keys.h"

#include <set>

#include "backstep/tests/support/catch.h"

namespace backstep::store {
namespace {

TEST_CASE("Byte order of keys is number order") {
  const uint64_t numbers[] = {0, 1, 255, 256, 65535, 65536, uint64_t{1} << 40, UINT64_MAX};
  for (size_t i = 1; i < std::size(numbers); ++i) {
    CHECK(StepKey(StepNumber(numbers[i - 1])) < StepKey(StepNumber(numbers[i])));
    CHECK(LiteralKey(AgentId(3), numbers[i - 1]) < LiteralKey(AgentId(3), numbers[i]));
    CHECK(OpsKey(AgentId(3), 1, numbers[i - 1]) < OpsKey(AgentId(3), 1, numbers[i]));
  }
  CHECK(LiteralKey(AgentId(3), UINT64_MAX) < LiteralKey(AgentId(4), 0));
  CHECK(OpsKey(AgentId(3), 1, UINT64_MAX) < OpsKey(AgentId(3), 2, 0));
}

TEST_CASE("Every kind of key has its own tag and its numbers read back") {
  const MessageId message{AgentId(9), AgentClock(70000), 5, 2};
  const std::string keys[] = {
      HeaderKey(), EndKey(), AgentKey(AgentId(1)), SegmentKey(SegmentId(1)),
      StepKey(StepNumber(1)), ClockKey(AgentId(1), AgentClock(1)),
      AgentStepKey(AgentId(1), StepNumber(1)), OpenStepKey(AgentId(1), AgentClock(1)),
      MessageKey(message), EffectKey(AgentId(1), AgentClock(1), 0), EventKey(1),
      CutKey(StepNumber(1)), LiteralKey(AgentId(1), 1), OpsKey(AgentId(1), 0, 1),
      PieceTableKey(AgentId(1), 0, 1)};
  std::set<char> tags;
  for (const std::string& key : keys) tags.insert(key[0]);
  CHECK(tags.size() == std::size(keys));
  const std::string key = MessageKey(message);
  CHECK(KeyU32(key, 1) == 9u);
  CHECK(KeyU64(key, 5) == 70000u);
  CHECK(KeyU32(key, 13) == 5u);
  CHECK(KeyU32(key, 17) == 2u);
  CHECK(KeyU32(key, 18) == std::nullopt);
  CHECK(KeyU64(key, SIZE_MAX) == std::nullopt);
  CHECK(KeyU64("", 0) == std::nullopt);
}

}  // namespace
}  // namespace backstep::store
