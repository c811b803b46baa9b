#include <limits>

#include "backstep/base/hash.h"
#include "backstep/store/index/columns/outline_packer.h"
#include "backstep/store/index/columns/outline_unpacker.h"
#include "backstep/store/line.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

using testing::RandomLog;
using testing::TempDir;

std::vector<StepOutline> OutlinesOf(Line& line, StepNumber from, StepNumber to) {
  std::vector<StepOutline> outlines;
  const auto keep = [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
    MakeOutline(step, effects, OutlineOrigin(line.header()), &outlines.emplace_back());
    return true;
  };
  REQUIRE(line.ScanStepsWithEffects(from, to, keep) == Status());
  return outlines;
}

std::optional<std::string> Packed(const std::vector<StepOutline>& outlines, LogId log) {
  OutlinePacker packer(outlines.front().number);
  for (const StepOutline& outline : outlines) packer.Add(outline);
  return packer.Finish(log);
}

void CheckComesBack(const std::vector<StepOutline>& outlines) {
  const LogId log(3);
  const auto chunk = Packed(outlines, log);
  REQUIRE(chunk);
  OutlineUnpacker unpacker;
  REQUIRE(unpacker.Open(log, outlines.front().number, *chunk) == Status());
  REQUIRE(unpacker.steps() == outlines.size());
  size_t different = 0;
  for (const StepOutline& outline : outlines) {
    const auto back = unpacker.Next();
    REQUIRE(back.status() == Status());
    different += **back != PackedOutline(outline);
  }
  CHECK(different == 0);
}

// A number of any length, small ones as often as large ones.
uint64_t AnyNumber(RandomStream& random) { return random.Next() >> (random.Next() % 64); }

StepSpan AnySpan(RandomStream& random) {
  const auto any = [&] {
    const auto number = static_cast<int64_t>(AnyNumber(random));
    return random.Next() % 2 == 0 ? number : static_cast<int64_t>(-static_cast<uint64_t>(number));
  };
  return {any(), any()};
}

MessageId AnyMessage(RandomStream& random) {
  return {AgentId(static_cast<uint32_t>(AnyNumber(random))), AgentClock(AnyNumber(random)),
          static_cast<uint32_t>(AnyNumber(random)), static_cast<uint32_t>(AnyNumber(random))};
}

// A step as no recorder writes it, but for what packing asks of it.
StepOutline AnyOutline(RandomStream& random, uint64_t number) {
  StepOutline step;
  step.number = StepNumber(number);
  step.agent = AgentId(static_cast<uint32_t>(std::max<uint64_t>(AnyNumber(random), 1)));
  if (step.agent == kOutside) step.agent = AgentId(1);
  step.clock = AgentClock(AnyNumber(random));
  step.begin_after = StepNumber(AnyNumber(random));
  if (random.Next() % 3 == 0) step.caller = AgentId(static_cast<uint32_t>(random.Next()));
  step.wall = AnySpan(random);
  step.in_virtual = AnySpan(random);
  const auto time = [&] { return static_cast<int64_t>(random.Next() % 1000); };
  step.shares = SharesOf(time(), time(), time(), time());
  step.flags = static_cast<uint8_t>(random.Next());
  for (uint64_t i = random.Next() % 4; i > 0; --i) {
    step.took.push_back({AnyMessage(random), random.Next() % 2 == 0, random.Next() % 2 == 0});
  }
  for (uint64_t i = random.Next() % 4; i > 0; --i) {
    const MessageId message = AnyMessage(random);
    step.sent.push_back({{step.agent, step.clock, message.ordinal, message.copy},
                         AgentId(static_cast<uint32_t>(1 + random.Next() % 5)),
                         random.Next() % 4 == 0, random.Next() % 4 == 0});
  }
  return step;
}

std::vector<StepOutline> AnyOutlines(uint64_t seed, uint64_t count) {
  RandomStream random(seed);
  std::vector<StepOutline> outlines;
  for (uint64_t i = 0; i < count; ++i) outlines.push_back(AnyOutline(random, 100 + i));
  return outlines;
}

TEST_CASE("outlines of random logs and their branches come back as they were packed") {
  for (uint64_t seed = 1; seed <= testing::Rounds(8, 60); ++seed) {
    INFO("seed " << seed);
    const TempDir dir;
    auto recording = testing::Must(Recording::Create(dir / "r"));
    RandomLog main(seed, recording.get(), nullptr, StepNumber());
    main.Write(150);
    RandomLog branch(seed + 1000, recording.get(), &main.model(), StepNumber(seed % 100));
    branch.Write(60);
    main.Close(seed % 2 == 0);     // the other one crashed
    branch.Close(seed % 3 == 0);
    for (const LogId log : {main.model().id, branch.model().id}) {
      const auto line = testing::Must(recording->OpenLine(log));
      CheckComesBack(OutlinesOf(*line, StepNumber(line->fork().value + 1), line->last()));
    }
  }
}

TEST_CASE("outlines of a hostile log come back as they were packed") {
  for (uint64_t seed = 1; seed <= testing::Rounds(40, 1000); ++seed) {
    INFO("seed " << seed);
    CheckComesBack(AnyOutlines(seed, 1 + seed * 7 % 300));
  }
}

TEST_CASE("steps whose messages are not their own, or of nobody, are left to the log") {
  auto outlines = AnyOutlines(1, 5);
  outlines[2].sent.push_back({{AgentId(9), AgentClock(1), 0, 0}, AgentId(1), false, false});
  CHECK_FALSE(Packed(outlines, LogId(1)));
  outlines = AnyOutlines(1, 5);
  outlines[2].agent = kOutside;
  CHECK_FALSE(Packed(outlines, LogId(1)));
  outlines = AnyOutlines(1, 5);
  outlines[2].number = StepNumber(7);
  CHECK_FALSE(Packed(outlines, LogId(1)));
}

TEST_CASE("a packed span lies within its step and is hardly shorter") {
  RandomStream random(11);
  for (int i = 0; i < 20000; ++i) {
    const int64_t began = static_cast<int64_t>(AnyNumber(random) >> 2);
    const int64_t length = static_cast<int64_t>(AnyNumber(random) >> 2);
    const StepSpan span{began, began + length};
    const StepSpan packed = PackedSpan(span, kPackedWallBits);
    REQUIRE(packed.began_ns >= span.began_ns);
    REQUIRE(packed.ended_ns >= packed.began_ns);
    REQUIRE(packed.ended_ns <= span.ended_ns);
    REQUIRE(packed.began_ns - span.began_ns <= length / 256);
    REQUIRE(span.ended_ns - packed.ended_ns <= length / 256);
    if (length < 512) REQUIRE(packed == span);
    REQUIRE(PackedSpan(packed, kPackedWallBits) == packed);
  }
  const StepSpan backwards{500000, 3};
  CHECK(PackedSpan(backwards, kPackedWallBits) == backwards);
}

TEST_CASE("a chunk with any byte changed, cut off or of another place is found out") {
  const LogId log(1);
  const auto outlines = AnyOutlines(5, 200);
  const StepNumber first = outlines.front().number;
  const std::string chunk = *Packed(outlines, log);
  OutlineUnpacker unpacker;
  REQUIRE(unpacker.Open(log, first, chunk).ok());
  CHECK(unpacker.Open(LogId(2), first, chunk).code() == StatusCode::kCorruption);
  CHECK(unpacker.Open(log, first.Next(), chunk).code() == StatusCode::kCorruption);
  for (size_t i = 0; i < chunk.size(); i += 7) {
    std::string changed = chunk;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    REQUIRE(unpacker.Open(log, first, changed).code() == StatusCode::kCorruption);
    REQUIRE(unpacker.Open(log, first, chunk.substr(0, i)).code() == StatusCode::kCorruption);
  }
}

// As whoever knows the format could do it: with a hash that is right.
std::string Forged(LogId log, StepNumber first, std::string bytes) {
  const Hash128 hash = ChunkHash(log, first, bytes);
  std::string chunk;
  for (const uint64_t word : {hash.high, hash.low}) {
    PutFixed32(&chunk, static_cast<uint32_t>(word));
    PutFixed32(&chunk, static_cast<uint32_t>(word >> 32));
  }
  return chunk + bytes;
}

TEST_CASE("a forged chunk gives steps or an error and nothing worse") {
  const LogId log(1);
  const auto outlines = AnyOutlines(6, 120);
  const StepNumber first = outlines.front().number;
  constexpr size_t kHashBytes = 16;
  const std::string bytes = Packed(outlines, log)->substr(kHashBytes);
  RandomStream random(17);
  uint64_t whole = 0, refused = 0;
  for (uint64_t round = 0; round < testing::Rounds(4000, 100000); ++round) {
    std::string changed = bytes;
    for (uint64_t flips = 1 + random.Next() % 3; flips > 0; --flips) {
      changed[random.Next() % changed.size()] = static_cast<char>(random.Next());
    }
    if (random.Next() % 8 == 0) changed.resize(random.Next() % changed.size());
    OutlineUnpacker unpacker;
    Status status = unpacker.Open(log, first, Forged(log, first, changed));
    for (uint64_t i = 0; status.ok() && i < unpacker.steps(); ++i) {
      const auto outline = unpacker.Next();
      status = outline.status();
      if (status.ok()) REQUIRE((*outline)->agent != kOutside);
    }
    REQUIRE((status.ok() || status.code() == StatusCode::kCorruption));
    (status.ok() ? whole : refused) += 1;
  }
  CHECK(whole > 0);
  CHECK(refused > 0);
}

}  // namespace
}  // namespace backstep::store
