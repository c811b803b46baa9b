#include "backstep/store/search/scan/candidates.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "backstep/store/format/keys.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/rocks/kv_store.h"
#include "backstep/store/search/hit_source.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

namespace fs = std::filesystem;
using testing::Must;
using testing::RandomLog;
using testing::TempDir;

// Rare words among much else, in JSON with letters in hex too; short ones lie in the records.
Body RareWords(RandomStream* random) {
  static const char* const kRare[] = {"Zebra", "z\\u0065bra", "ze\\\\u0062ra", "quokka", "zebr",
                                      "\xc3\xa9" "zebra"};
  std::string text;
  for (uint64_t i = random->Next() % 40; i > 0; --i) text += std::to_string(random->Next()) + " ";
  if (random->Next() % 8 == 0) text += kRare[random->Next() % std::size(kRare)];
  if (random->Next() % 2 == 0) text += " and on";
  if (random->Next() % 5 == 0) return {"\xff\xd8" + text, "image/jpeg"};
  if (random->Next() % 2 == 0) return {"{\"text\":\"" + text + "\"}", "application/json"};
  return {text, ""};
}

std::vector<uint64_t> All(Line& line, const std::string& word) {
  const auto query = Must(SearchQuery::Parse(word));
  SearchAnswer answer;
  HitTest test(query, {}, &answer);
  std::vector<uint64_t> numbers;
  SayingScan scan(&line, Stream::kSteps, line.fork().value + 1, line.last().value);
  while (auto read = Must(scan.Next())) {
    for (const Saying& saying : read->sayings) {
      if (!Must(test.Try(line, saying))) continue;
      numbers.push_back(read->number);
      break;
    }
  }
  return numbers;
}

std::vector<uint64_t> Candidates(Line& line, const std::string& word) {
  auto found = Must(StepsThatMaySay(line, line.fork().value + 1, line.last().value, Needle(word),
                                    [] { return true; }));
  REQUIRE(found);
  return std::move(*found);
}

struct Count {
  size_t said = 0, candidates = 0, steps = 0;
};

void Check(Line& line, Count* count) {
  for (const char* word : {"zebra", "quokka", "nobody"}) {
    INFO(word << " of log " << line.id().value);
    const auto said = All(line, word);
    const auto candidates = Candidates(line, word);
    REQUIRE(std::is_sorted(candidates.begin(), candidates.end()));
    REQUIRE(std::includes(candidates.begin(), candidates.end(), said.begin(), said.end()));
    count->said += said.size();
    count->candidates += candidates.size();
    count->steps += line.last().value - line.fork().value;
  }
}

TEST_CASE("steps that say a word are among its candidates: live, crashed, sealed, and branches") {
  Count count;
  for (uint64_t seed = 1; seed <= testing::Rounds(6, 60); ++seed) {
    const TempDir dir;
    auto recording = Must(Recording::Create(dir / "r"));
    INFO("seed " << seed);
    RandomLog main(seed, recording.get(), nullptr, StepNumber());
    main.say = RareWords;
    for (int part = 0; part < 2; ++part) {
      main.Write(40);
      REQUIRE(main.writer()->Flush().ok());
      Check(*Must(main.writer()->Read()), &count);
      Check(*Must(recording->OpenLine(LogId(1))), &count);
    }
    RandomLog branch(seed + 100, recording.get(), &main.model(), StepNumber(seed * 7 % 80));
    branch.say = RareWords;
    branch.Write(40);
    REQUIRE(branch.writer()->Flush().ok());
    Check(*Must(recording->OpenLine(LogId(2))), &count);
    branch.Close(seed % 2 == 0);
    main.Close(seed % 2 == 1);
    for (const uint32_t log : {1, 2}) Check(*Must(recording->OpenLine(LogId(log))), &count);
  }
  CHECK(count.said > 10);
  CHECK(count.candidates < count.steps / 2);
}

TEST_CASE("looking for candidates ends when it is told to") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  RandomLog log(1, recording.get(), nullptr, StepNumber());
  log.say = RareWords;
  log.Write(100);
  log.Close(true);
  const auto line = Must(recording->OpenLine(LogId(1)));
  const auto told = StepsThatMaySay(*line, 1, 100, Needle("zebra"), [] { return false; });
  CHECK(told.status().code() == StatusCode::kCancelled);
}

// Bodies so short that they lie in the records, many to a step.
void WriteShort(Recording* recording, uint64_t steps) {
  auto writer = Must(recording->NewLog(testing::SessionHeader("short"), {}));
  testing::PutAgents(writer.get(), {"a", "b"});
  for (uint64_t number = 1; number <= steps; ++number) {
    std::vector<Body> bodies(10, Body{"a horse", "text/plain"});
    if (number % 9 == 0) bodies[7].bytes = "a zebra";
    testing::WriteSaying(writer.get(), number, bodies);
  }
  REQUIRE(writer->Seal({}).ok());
}

TEST_CASE("it ends when it is told to where there are short bodies only, and is asked on its way") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  WriteShort(recording.get(), 1500);
  const auto line = Must(recording->OpenLine(LogId(1)));
  for (const int stop : {1, 2}) {
    int asked = 0;
    const auto told = StepsThatMaySay(*line, 1, 1500, Needle("zebra"),
                                      [&] { return ++asked < stop; });
    // A machine may have read all of them before it is asked again.
    if (told.ok() && stop > 1) CHECK(Must(told)->size() == 1500 / 9);
    else CHECK(told.status().code() == StatusCode::kCancelled);
  }
  CHECK(Candidates(*line, "zebra") == All(*line, "zebra"));
  // The number stands still while none is read alone.
  uint64_t before = 0;
  const auto stopped = TextSearch(*recording, *line, TextSearch::Indexing::kNever)
      .Find(Must(SearchQuery::Parse("nobody")), {}, [&](uint64_t number, uint64_t) {
        return std::exchange(before, number) != number;
      });
  CHECK(stopped.status().code() == StatusCode::kCancelled);
  CHECK(before == 1024);
}

// Puts another database in the log's place, the same but for one key.
void TakeKey(const std::string& log_path, const std::string& key) {
  const std::string other = log_path + ".other";
  fs::create_directory(other);
  {
    const auto from = Must(KvStore::OpenToRead(log_path, false));
    const auto to = Must(KvStore::Create(other));
    const auto view = from->View();
    REQUIRE(Must(view->Get(key)));
    WriteSet all;
    const auto cursor = view->NewCursor();
    for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
      if (cursor->key() != key) all.Put(cursor->key(), cursor->value());
    }
    REQUIRE(cursor->status().ok());
    REQUIRE(to->Write(&all, false).ok());
    REQUIRE(to->FinishAndClose().ok());
  }
  fs::copy(log_path + "/lock", other + "/lock", fs::copy_options::skip_existing);
  fs::remove_all(log_path);
  fs::rename(other, log_path);
}

TEST_CASE("a log whose steps' clocks are damaged hides nothing") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  RandomLog log(1, recording.get(), nullptr, StepNumber());
  log.say = RareWords;
  log.Write(200);
  log.Close(false);
  std::vector<uint64_t> said;
  StepRecord step;
  {
    const auto line = Must(recording->OpenLine(LogId(1)));
    said = All(*line, "zebra");
    REQUIRE_FALSE(said.empty());
    step = Must(line->Step(StepNumber(said.back())));
  }
  TakeKey(LogPath(recording->path(), LogId(1)), ClockKey(step.agent, step.clock));
  const auto line = Must(recording->OpenLine(LogId(1)));
  CHECK(All(*line, "zebra") == said);
  // All of it is read then.
  const auto candidates = StepsThatMaySay(*line, 1, line->last().value, Needle("zebra"),
                                          [] { return true; });
  CHECK_FALSE(Must(candidates));
}

}  // namespace
}  // namespace backstep::store
