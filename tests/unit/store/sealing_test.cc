// What sealing makes of a log by its size and by the room on the disk: whichever it is, the log
// holds what it held.
#include <rocksdb/db.h>

#include <filesystem>
#include <map>

#include "backstep/store/format/log_files.h"
#include "backstep/store/verify.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

constexpr LogId kSealedLog{1};
constexpr uint32_t kSealedAgents = 4;
constexpr size_t kStateBytes = 64 << 10;
constexpr uint64_t kPlenty = UINT64_MAX / 4;

// Some fresh tables; in the long form so many that tables are merged in the background too.
uint64_t StepsToSeal() { return IsLong() ? 12000 : 800; }

AgentId SealedAgent(uint64_t number) {
  return AgentId{static_cast<uint32_t>(1 + number % kSealedAgents)};
}

// Shares nothing with those before it; takes half its room when it is compressed.
std::string HexState(uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  RandomStream random(number);
  std::string text;
  text.reserve(kStateBytes);
  while (text.size() < kStateBytes) {
    for (uint64_t word = random.Next(), i = 0; i < 16; ++i) text += kDigits[word >> 4 * i & 15];
  }
  return text;
}

uint64_t TableBytes(const std::string& path) {
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(store::LogPath(path, kSealedLog))) {
    if (file.path().extension() == ".sst") bytes += file.file_size();
  }
  return bytes;
}

// Where the log's tables lie, as RocksDB has it: how many on each level.
std::map<int, int> TablesByLevel(const std::string& path) {
  const TempDir for_its_own_log;
  rocksdb::Options options;
  options.num_levels = 24;
  options.db_log_dir = for_its_own_log.path();
  rocksdb::DB* opened = nullptr;
  const auto status =
      rocksdb::DB::OpenForReadOnly(options, store::LogPath(path, kSealedLog), &opened);
  INFO(status.ToString());
  REQUIRE(status.ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::map<int, int> levels;
  for (const auto& file : files) ++levels[file.level];
  return levels;
}

void WriteHexStates(store::LogWriter* writer, uint64_t steps) {
  backstep::testing::PutAgents(writer, {"a", "b", "c", "d"});
  for (uint64_t number = 1; number <= steps; ++number) {
    StepRecord step = OneStep(SealedAgent(number), 1 + (number - 1) / kSealedAgents, number);
    REQUIRE(writer->Begin(step) == Status());
    REQUIRE(writer->Commit(&step, Body{HexState(number), "text/plain"}) == Status());
  }
}

void CheckHexStates(store::Line& line, uint64_t steps) {
  REQUIRE(line.last().value == steps);
  for (uint64_t number = 1; number <= steps; ++number) {
    REQUIRE(Must(line.State(SealedAgent(number), StepNumber{number})).bytes == HexState(number));
  }
}

// A log counts as large from a megabyte on, and the disk has room.
store::SealLimits LimitsOfLargeLog() {
  store::SealLimits limits;
  limits.tight_bytes = 1 << 20;
  limits.free_bytes = [](const std::string&) { return kPlenty; };
  return limits;
}

// Writes and seals a log; its digest before it was sealed.
std::string WriteAndSeal(const std::string& path, const store::SealLimits& limits) {
  const auto recording = Must(store::Recording::Create(path));
  store::WriterOptions options;
  options.seal_limits = limits;
  const auto writer = Must(recording->NewLog(SessionHeader("sealed"), options));
  WriteHexStates(writer.get(), StepsToSeal());
  REQUIRE(writer->Flush() == Status());
  const std::string digest = Must(Must(writer->Read())->Digest()).ToHex();
  REQUIRE(writer->Seal({}) == Status());
  return digest;
}

void CheckHoldsAll(const std::string& path, const std::string& digest) {
  const auto recording = Must(store::Recording::Open(path));
  const auto report = Must(store::Verify(*recording, {}));
  for (const auto& finding : report.findings) FAIL_CHECK(finding.where + ": " + finding.what);
  const auto line = Must(recording->OpenLine(kSealedLog));
  CHECK(line->state() == store::LogState::kSealed);
  CHECK(Must(line->Digest()).ToHex() == digest);
  CheckHexStates(*line, StepsToSeal());
}

TEST_CASE("where the disk has no room to merge a large log, sealing it compresses what is fresh") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  std::vector<std::string> asked;
  store::SealLimits limits;
  limits.tight_bytes = 1 << 20;
  limits.free_bytes = [&](const std::string& folder) {
    asked.push_back(folder);
    return uint64_t{1} << 20;
  };
  const std::string digest = WriteAndSeal(path, limits);
  CHECK(asked == std::vector<std::string>{store::LogPath(path, kSealedLog)});
  auto levels = TablesByLevel(path);
  CHECK(levels.count(0) == 0);  // there they are not compressed
  CHECK(levels[1] > 0);
  CHECK((levels.size() > 1) == IsLong());  // what was merged in the background stayed
  CHECK(TableBytes(path) < StepsToSeal() * kStateBytes * 6 / 10);
  CheckHoldsAll(path, digest);
}

TEST_CASE("of a log beyond what is ever merged, sealing compresses what is fresh") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  store::SealLimits limits = LimitsOfLargeLog();
  limits.merged_bytes = limits.tight_bytes;
  const std::string digest = WriteAndSeal(path, limits);
  auto levels = TablesByLevel(path);
  CHECK(levels.count(0) == 0);
  CHECK(levels[1] > 0);
  CheckHoldsAll(path, digest);
}

TEST_CASE("a log that is all in memory when it is sealed is one table, compressed") {
  for (const bool bulk : {false, true}) {
    INFO(bulk);
    TempDir dir;
    const std::string path = dir / "a.backstep";
    const auto recording = Must(store::Recording::Create(path));
    store::WriterOptions options;
    options.bulk = bulk;
    const auto writer = Must(recording->NewLog(SessionHeader("small"), options));
    constexpr uint64_t kFew = 100;
    WriteHexStates(writer.get(), kFew);
    REQUIRE(writer->Seal({}) == Status());
    const auto levels = TablesByLevel(path);
    REQUIRE(levels.size() == 1);
    CHECK(levels.begin()->second == 1);
    CHECK((levels.begin()->first == 0) == bulk);  // an import's is not written twice
    CHECK(TableBytes(path) < kFew * kStateBytes * 6 / 10);
    CheckHexStates(*Must(recording->OpenLine(kSealedLog)), kFew);
  }
}

TEST_CASE(
    "merging that takes longer than it may is given up, and sealing compresses what is fresh") {
  TempDir dir;
  const DurationNs merge_max = GENERATE(DurationNs{0}, DurationNs{1000});
  const std::string path = dir / "a.backstep";
  store::SealLimits limits = LimitsOfLargeLog();
  limits.merge_max = merge_max;
  const std::string digest = WriteAndSeal(path, limits);
  auto levels = TablesByLevel(path);
  CHECK(levels.count(0) == 0);
  CHECK(levels[1] > 0);
  CHECK(TableBytes(path) < StepsToSeal() * kStateBytes * 6 / 10);
  CheckHoldsAll(path, digest);
}

TEST_CASE("where the disk has room, sealing a large log leaves one run of tables") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  const std::string digest = WriteAndSeal(path, LimitsOfLargeLog());
  const auto levels = TablesByLevel(path);
  REQUIRE(levels.size() == 1);
  CHECK(levels.begin()->first > 1);
  CHECK(TableBytes(path) < StepsToSeal() * kStateBytes * 6 / 10);
  CheckHoldsAll(path, digest);
}

}  // namespace
}  // namespace backstep::testing
