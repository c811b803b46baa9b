#include "backstep/store/packed_steps.h"

#include <algorithm>
#include <filesystem>

#include "backstep/store/index/columns/outline_columns.h"
#include "backstep/store/index/index.h"
#include "backstep/store/index/index_file.h"
#include "backstep/store/index/sqlite.h"
#include "backstep/store/log_writer.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

using testing::Must;
using testing::TempDir;

constexpr uint64_t kSteps = 2 * kChunkSteps + 100, kFork = kChunkSteps + 5000;
constexpr uint64_t kBranchSteps = kChunkSteps + 50;

// A step that takes what the one before sent and sends a message on; some fail, some are nested.
void WriteStep(LogWriter& writer, uint64_t number, uint64_t first) {
  constexpr uint64_t kAgents = 5;
  StepRecord step = testing::OneStep(AgentId(static_cast<uint32_t>(1 + number % kAgents)),
                                     number / kAgents + 1, number);
  step.began_wall = TimeNs{static_cast<int64_t>(1000 + number * 5000)};
  step.ended_wall = step.began_wall + DurationNs{static_cast<int64_t>(3000 + number % 77)};
  step.began_virtual = TimeNs{static_cast<int64_t>(number * 4900)};
  step.duration = step.own = DurationNs{static_cast<int64_t>(2900 + number % 77)};
  if (number % 50 == 0) step.caller = {AgentId(1), AgentClock(number)};
  if (number % 90 == 0) step.error = StepError{"exception", "it broke"};
  const auto sent_by = [&](uint64_t n) {
    return MessageId{AgentId(static_cast<uint32_t>(1 + n % kAgents)), AgentClock(n / kAgents + 1)};
  };
  if (number > first && number % 7 != 0) step.took.push_back({sent_by(number - 1), false});
  const AgentId next(static_cast<uint32_t>(1 + (number + 1) % kAgents));
  step.sent.push_back({sent_by(number), next, DurationNs{}, step.began_virtual, number % 40 == 0});
  MessageRecord message;
  message.id = step.sent[0].id;
  message.to = next;
  message.dropped = step.sent[0].dropped;
  message.sent_after = step.begin_after;
  REQUIRE(writer.Begin(step).ok());
  REQUIRE(writer.PutMessage(&message, nullptr).ok());
  REQUIRE(writer.Commit(&step, std::monostate()).ok());
}

void WriteLog(Recording& recording, LogHeader header, uint64_t fork, uint64_t steps) {
  header.began_wall = TimeNs{1000};
  const auto writer = Must(recording.NewLog(header, {}));
  if (fork == 0) testing::PutAgents(writer.get(), {"a", "b", "c", "d", "e"});
  for (uint64_t i = 1; i <= steps; ++i) WriteStep(*writer, fork + i, fork + 1);
  REQUIRE(writer->Seal({}).ok());
}

// A main line of two chunks and some steps, and a branch of one that leaves it in the second.
// Made once; without an index.
std::unique_ptr<Recording> LongRun() {
  static const TempDir dir;
  const std::string path = dir / "r";
  if (!std::filesystem::exists(path)) {
    const auto recording = Must(Recording::Create(path));
    WriteLog(*recording, testing::SessionHeader("s"), 0, kSteps);
    WriteLog(*recording, testing::BranchHeader("b", LogId(1), kFork), kFork, kBranchSteps);
  }
  std::filesystem::remove(IndexPath(path));
  return Must(Recording::Open(path));
}

// The outlines that lie packed are those of the log; returns how many do.
uint64_t CountPacked(const Recording& recording, LogId log) {
  const auto line = Must(recording.OpenLine(log));
  const auto beside = Must(recording.OpenLine(log));
  PackedSteps packed(recording, *line);
  uint64_t found = 0, different = 0;
  for (StepNumber at(1); at <= line->last();) {
    const PackedSteps::Stretch stretch = packed.At(at, line->last());
    REQUIRE(stretch.last >= at);
    REQUIRE(stretch.last <= line->last());
    std::vector<StepOutline> outlines;
    if (stretch.packed) {
      REQUIRE(packed.Visit(at, stretch.last, [&](const StepOutline& outline) {
        outlines.push_back(outline);
        return true;
      }) == Status());
      REQUIRE(outlines.size() == stretch.last.value - at.value + 1);
      size_t i = 0;
      const auto compare = [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
        StepOutline expected;
        // A branch's prefix lies packed as its ancestor's own steps do.
        const bool own = step.number > line->fork();
        const auto origin = OutlineOrigin(own ? line->header() : line->session_header());
        MakeOutline(step, effects, origin, &expected);
        different += outlines[i++] != PackedOutline(expected);
        return true;
      };
      REQUIRE(beside->ScanStepsWithEffects(at, stretch.last, compare) == Status());
    }
    found += outlines.size();
    at = stretch.last.Next();
  }
  CHECK(different == 0);
  return found;
}

void ChangeIndex(const Recording& recording, const std::string& sql) {
  const auto db = Must(Database::Open(IndexPath(recording.path()), SQLITE_OPEN_READWRITE));
  REQUIRE(db->Exec(sql) == Status());
}

std::string DifferencesOf(const Recording& recording) {
  std::string text;
  for (const std::string& line : Must(CompareIndex(recording))) text += line + "\n";
  return text;
}

TEST_CASE("whole chunks of steps lie packed in the index, a branch's prefix in its parent's rows") {
  const auto recording = LongRun();
  CHECK(CountPacked(*recording, LogId(1)) == 0);     // there is no index
  REQUIRE(Reindex(*recording, {}).ok());
  CHECK(CountPacked(*recording, LogId(1)) == 2 * kChunkSteps);
  CHECK(CountPacked(*recording, LogId(2)) == kFork + kChunkSteps);
  CHECK(DifferencesOf(*recording) == "");
}

TEST_CASE("chunks are packed alike in bites, by writers that begin in the middle of one") {
  const auto recording = LongRun();
  const auto line = Must(recording->OpenLine(LogId(1)));
  for (uint64_t done = 0; done < kSteps;) {
    const auto writer = Must(IndexWriter::Open(recording->path()));
    for (int bites = 0; bites < 3 && done < kSteps; ++bites) {
      done += Must(writer->CatchUp(*line, 3000 + done % 777));
    }
  }
  CHECK(CountPacked(*recording, LogId(1)) == 2 * kChunkSteps);
  CHECK(DifferencesOf(*recording) == "");
}

TEST_CASE("a chunk that is damaged, missing or of another log is left to the log") {
  const TempDir dir;
  const auto recording = LongRun();
  REQUIRE(Reindex(*recording, {}).ok());
  const std::string index = IndexPath(recording->path()), sound = dir / "sound";
  std::filesystem::copy_file(index, sound);
  const auto packed_after = [&](const std::string& change, LogId log = LogId(1)) {
    std::filesystem::copy_file(sound, index, std::filesystem::copy_options::overwrite_existing);
    if (!change.empty()) ChangeIndex(*recording, change);
    return CountPacked(*recording, log);
  };
  // A byte of it is another one.
  const std::string damage =
      "UPDATE step_columns SET packed = substr(packed, 1, 5000) || x'0001' || substr(packed, 5003) "
      "WHERE log = 1 AND first_step = 1";
  CHECK(packed_after(damage, LogId(2)) == kFork - kChunkSteps + kChunkSteps);
  CHECK(packed_after(damage) == kChunkSteps);
  CHECK(DifferencesOf(*recording) ==
        "log 1: table step_columns: the packed steps from 1 on differ from the log\n");
  // It lies where another one belongs, is no bytes at all, is gone.
  CHECK(packed_after("UPDATE step_columns SET packed = (SELECT packed FROM step_columns WHERE "
                     "log = 1 AND first_step > 1) WHERE log = 1 AND first_step = 1") ==
        kChunkSteps);
  CHECK(packed_after("UPDATE step_columns SET packed = 17 WHERE first_step = 1") == kChunkSteps);
  CHECK(packed_after("DELETE FROM step_columns WHERE log = 1 AND first_step > 1") == kChunkSteps);
  CHECK(DifferencesOf(*recording).find("step_columns has 1 rows") != std::string::npos);
  // The index is of another log of that number, or of another version, or has another table there.
  const std::string other = "UPDATE watermarks SET header_hash = zeroblob(16) WHERE log = 1";
  CHECK(packed_after(other, LogId(2)) == kChunkSteps);
  CHECK(packed_after(other) == 0);
  CHECK(packed_after("UPDATE meta SET value = '2' WHERE key = 'schema_version'") == 0);
  CHECK(packed_after("DROP TABLE step_columns; CREATE VIEW step_columns AS "
                     "SELECT 1 log, 1 first_step, x'00' packed") == 0);
  CHECK(packed_after("") == 2 * kChunkSteps);
  std::filesystem::resize_file(index, 5000);
  CHECK(CountPacked(*recording, LogId(1)) == 0);
}

}  // namespace
}  // namespace backstep::store
