#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "backstep/store/line.h"
#include "backstep/store/search.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"
#include "backstep/tests/unit/store/sample_recording.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

namespace fs = std::filesystem;
using testing::LogModel;
using testing::Must;
using testing::RandomLog;
using testing::TempDir;
using Indexing = TextSearch::Indexing;

// Few words, so that they meet often; now and then JSON, no text at all, or the same text again.
Body RandomWords(RandomStream* random) {
  static const char* const kWords[] = {"ash",  "Bee",  "CAT", "dog", "elm", "fox", "gnu",
                                       "hen",  "ibis", "jay", "koi", "ant", "bees", "cats"};
  if (random->Next() % 9 == 0) return {"bee cat", "text/plain"};
  std::string text;
  for (uint64_t i = random->Next() % 14; i > 0; --i) {
    text += kWords[random->Next() % std::size(kWords)];
    text += random->Next() % 4 == 0 ? ", " : " ";
  }
  if (random->Next() % 6 == 0) return {"\xff\xd8 bee " + text, "image/jpeg"};
  if (random->Next() % 4 == 0) return {"{\"text\":\"" + text + "\\nBee\"}", "application/json"};
  return {text, "text/plain"};
}

const char* const kQueries[] = {"bee",         "BEE cat",       "b*",          "\"bee cat\"",
                                "\"cat dog\"", "nothing",       "elm fox gnu", "\"elm fo*\"",
                                "cat*",        "ant ash bee",   "koi",         "\"jay koi\" h*"};

std::string IdOf(const SearchHit& hit) {
  if (hit.message) {
    const MessageId& id = hit.message->id;
    return "m" + std::to_string(id.sender.value) + "/" + std::to_string(id.clock.value) + "." +
           std::to_string(id.ordinal) + "+" + std::to_string(id.copy);
  }
  return "c" + std::to_string(hit.call->agent.value) + "/" + std::to_string(hit.call->clock.value) +
         "#" + std::to_string(hit.call->ordinal);
}

// The whole answer as text, and nothing about how it was found.
std::string Shown(const SearchAnswer& answer) {
  std::string text;
  for (const SearchHit& hit : answer.hits) {
    text += IdOf(hit) + "@" + std::to_string(hit.step.value) + (hit.open ? "o" : "") + ":" +
            std::to_string(hit.found_at) + "," + std::to_string(hit.found_bytes) + " ";
  }
  return text + (answer.more ? "more" : "");
}

SearchAnswer Ask(const Recording& recording, Line& line, Indexing indexing,
                 const std::string& query, const SearchOptions& options = {}) {
  TextSearch search(recording, line, indexing);
  return Must(search.Find(Must(SearchQuery::Parse(query)), options));
}

// What the line's own lists of messages and calls say, each body taken apart by another rule.
std::set<std::string> Expected(Line& line, const std::string& word) {
  std::set<std::string> ids;
  const auto holds = [&](const BodyRef& ref) {
    if (ref.where == BodyRef::Where::kNone || ref.media_type == "image/jpeg") return false;
    std::string text = Must(line.ReadBody(ref)).bytes, current;
    for (size_t at; (at = text.find("\\n")) != std::string::npos;) text.replace(at, 2, " ");
    for (const char c : text + " ") {
      if (std::isalnum(static_cast<unsigned char>(c))) {
        current += static_cast<char>(std::tolower(c));
        continue;
      }
      if (current == word) return true;
      current.clear();
    }
    return false;
  };
  SearchHit hit;
  REQUIRE(line.ScanMessages([&](const MessageRecord& message) {
    hit.message = message;
    if (holds(message.body)) ids.insert(IdOf(hit));
    return true;
  }).ok());
  hit.message.reset();
  REQUIRE(line.ScanEffects(StepNumber(), [&](const EffectRecord& effect) {
    hit.call = effect;
    if (holds(effect.response)) ids.insert(IdOf(hit));
    return true;
  }).ok());
  return ids;
}

void CheckAnswers(const Recording& recording, Line& line, uint64_t seed) {
  RandomStream random(seed);
  for (const char* query : kQueries) {
    for (const size_t limit : {size_t{3}, size_t{100000}}) {
      SearchOptions options;
      options.limit = limit;
      if (random.Next() % 3 == 0) {
        options.last = StepNumber(random.Next() % (line.last().value + 1));
      }
      if (random.Next() % 3 == 0) {
        options.agent = AgentId(static_cast<uint32_t>(random.Next() % 5));
      }
      INFO(query << ", limit " << limit);
      const auto read = Ask(recording, line, Indexing::kNever, query, options);
      const auto found = Ask(recording, line, Indexing::kAlways, query, options);
      CHECK(Shown(read) == Shown(found));
      CHECK_FALSE(read.from_index);
      CHECK(read.hits.size() <= limit);
      // Again, with the files as they are now.
      CHECK(Shown(Ask(recording, line, Indexing::kWherePays, query, options)) == Shown(read));
    }
  }
  for (const char* word : {"bee", "koi", "ant"}) {
    SearchOptions options;
    options.limit = 100000;
    std::set<std::string> ids;
    for (const SearchHit& hit : Ask(recording, line, Indexing::kAlways, word, options).hits) {
      CHECK(ids.insert(IdOf(hit)).second);
    }
    INFO(word);
    CHECK(ids == Expected(line, word));
  }
}

TEST_CASE("the index answers as the bodies do: live, crashed, sealed, and branches of branches") {
  for (uint64_t seed = 1; seed <= testing::Rounds(4, 30); ++seed) {
    const TempDir dir;
    auto recording = Must(Recording::Create(dir / "r"));
    INFO("seed " << seed);
    RandomLog main(seed, recording.get(), nullptr, StepNumber());
    main.say = RandomWords;
    for (const uint64_t steps : {20, 40}) {
      main.Write(steps);
      REQUIRE(main.writer()->Flush().ok());
      CheckAnswers(*recording, *Must(main.writer()->Read()), seed);
      CheckAnswers(*recording, *Must(recording->OpenLine(LogId(1))), seed + 1);
    }
    RandomStream random(seed);
    RandomLog branch(seed + 100, recording.get(), &main.model(), StepNumber(random.Next() % 60));
    branch.say = RandomWords;
    branch.Write(25);
    REQUIRE(branch.writer()->Flush().ok());
    CheckAnswers(*recording, *Must(recording->OpenLine(LogId(2))), seed + 2);
    RandomLog deeper(seed + 200, recording.get(), &branch.model(),
                     StepNumber(branch.model().last().value - random.Next() % 20));
    deeper.say = RandomWords;
    deeper.Write(15);
    deeper.Close(true);
    branch.Close(seed % 2 == 0);
    main.Close(seed % 2 == 1);
    for (const uint32_t log : {1, 2, 3}) {
      INFO("log " << log);
      CheckAnswers(*recording, *Must(recording->OpenLine(LogId(log))), seed + log);
    }
  }
}

// A sealed recording of one log with all kinds of words.
std::unique_ptr<Recording> WriteRandom(const std::string& path, uint64_t steps) {
  auto recording = Must(Recording::Create(path));
  RandomLog log(7, recording.get(), nullptr, StepNumber());
  log.say = RandomWords;
  log.Write(steps);
  log.Close(true);
  return recording;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> Files(const std::string& path) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    files.insert(entry.path().string());
  }
  return files;
}

TEST_CASE("reading makes no text index, nor does a search of little; it is the owner's alone") {
  const TempDir dir;
  const auto recording = WriteRandom(dir / "r", 60);
  const auto line = Must(recording->OpenLine(LogId(1)));
  const auto before = Files(dir / "r");
  Ask(*recording, *line, Indexing::kWherePays, "bee");
  Ask(*recording, *line, Indexing::kNever, "bee");
  CHECK(Files(dir / "r") == before);
  umask(0);
  const auto answer = Ask(*recording, *line, Indexing::kAlways, "bee");
  umask(022);
  CHECK(answer.from_index);
  struct stat info {};
  REQUIRE(stat((dir / "r/text").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  REQUIRE(stat((dir / "r/text/1.steps").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  REQUIRE(DropTextIndex(*recording).ok());
  CHECK(Files(dir / "r") == before);
}

TEST_CASE("a search goes on from what is indexed, in parts that stay as they are") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  RandomLog log(9, recording.get(), nullptr, StepNumber());
  log.say = RandomWords;
  std::string before;
  for (int part = 0; part < 4; ++part) {
    log.Write(15);
    REQUIRE(log.writer()->Flush().ok());
    const auto line = Must(recording->OpenLine(LogId(1)));
    Ask(*recording, *line, Indexing::kAlways, "bee");
    const std::string now = ReadFile(dir / "r/text/1.steps");
    CHECK(now.size() > before.size());
    CHECK(now.starts_with(before));
    before = now;
  }
  // What a killed process left half written is written again.
  std::ofstream(dir / "r/text/1.steps", std::ios::app | std::ios::binary) << std::string(500, 'x');
  log.Write(5);
  REQUIRE(log.writer()->Flush().ok());
  const auto line = Must(recording->OpenLine(LogId(1)));
  CheckAnswers(*recording, *line, 3);
  CHECK(ReadFile(dir / "r/text/1.steps").starts_with(before));
  CHECK(ReadFile(dir / "r/text/1.steps").find("xxxxx") == std::string::npos);
}

// Steps of one agent with a call and a message each. What is looked for lies where chunks of the
// literal log meet, in JSON with letters in hex, as the plain text of an answer in JSON, and in
// records.
class LongLog {
 public:
  LongLog(Recording* recording, uint64_t steps) {
    writer_ = Must(recording->NewLog(testing::SessionHeader("long"), {}));
    testing::PutAgents(writer_.get(), {"one", "two"});
    for (number_ = 1; number_ <= steps; ++number_) Add();
  }
  std::unique_ptr<LogWriter> Take() { return std::move(writer_); }

 private:
  std::string Numbers(uint64_t count) {
    std::string text;
    for (uint64_t i = 0; i < count; ++i) text += std::to_string(random_.Next()) + " ";
    return text;
  }
  // Long enough for two chunks, `word` across the end of the first by chance of `number_`.
  std::string Across(const std::string& word) {
    std::string text = Numbers(3400);
    text.replace(65536 - number_ % 23, word.size() + 2, " " + word + " ");
    return text;
  }
  Body Said() {
    switch (number_ % 61) {
      case 3: return {Across("Straddle"), "text/plain"};
      case 5: return {"{\"a\":\"" + Across("str\\u0061ddle") + "\"}", "application/json"};
      case 7: return {"a straddle", "text/plain"};
      case 9: return {Numbers(30) + "straddles", "text/plain"};
      case 11: return {Numbers(30) + "caf\xc3\xa9 str\\u0061ddle", "text/plain"};
      case 13: return {Numbers(30) + "straddle", "image/jpeg"};
      default: return {Numbers(number_ % 40), "text/plain"};
    }
  }
  void Add() {
    StepRecord step = testing::OneStep(AgentId(1), number_, number_);
    REQUIRE(writer_->Begin(step).ok());
    const Body said = Said();
    std::string lines, escaped;
    for (int i = 0; i < 12; ++i) {
      lines += Numbers(2) + "\n";
      escaped += lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
      escaped.replace(escaped.size() - 1, 1, "\\n");
    }
    if (number_ % 50 == 0) lines += "quoted straddle", escaped += "quoted straddle";
    EffectRecord call;
    call.agent = step.agent;
    call.clock = step.clock;
    call.finished_after = StepNumber(number_ - 1);
    const Body request{"?", "text/plain"};
    const Body answer{"{\"content\":\"" + escaped + "\"}", "application/json"};
    REQUIRE(writer_->PutEffect(&call, &request, &answer).ok());
    step.effect_count = 1;
    for (const Body& body : {said, Body{lines, "text/plain"}}) {
      MessageRecord message;
      message.id = {step.agent, step.clock, static_cast<uint32_t>(step.sent.size()), 0};
      message.to = AgentId(2);
      REQUIRE(writer_->PutMessage(&message, &body).ok());
      step.sent.push_back({message.id, message.to, {}, {}, false});
    }
    REQUIRE(writer_->Commit(&step, std::monostate()).ok());
  }

  uint64_t number_ = 0;
  RandomStream random_{12};
  std::unique_ptr<LogWriter> writer_;
};

void CheckLong(const Recording& recording) {
  const auto line = Must(recording.OpenLine(LogId(1)));
  for (const char* query : {"straddle", "straddle*", "STRADDLE \"quoted straddle\"", "nobody",
                            "caf\xc3\xa9"}) {
    for (const uint64_t last : {line->last().value, uint64_t{1450}}) {
      SearchOptions options;
      options.limit = 100000;
      options.last = StepNumber(last);
      INFO(query << " up to " << last);
      const auto read = Ask(recording, *line, Indexing::kNever, query, options);
      CHECK_FALSE(read.from_index);
      CHECK(Shown(read) == Shown(Ask(recording, *line, Indexing::kAlways, query, options)));
    }
  }
  SearchOptions options;
  options.limit = 100000;
  std::set<std::string> ids;
  for (const SearchHit& hit :
       Ask(recording, *line, Indexing::kNever, "quoted", options).hits) {
    CHECK(ids.insert(IdOf(hit)).second);
  }
  CHECK(ids == Expected(*line, "quoted"));
}

TEST_CASE("a long log is gone through for a word as it is read: crashed, and sealed") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  auto writer = LongLog(recording.get(), 1500).Take();
  REQUIRE(writer->Flush().ok());
  CheckLong(*recording);
  REQUIRE(DropTextIndex(*recording).ok());
  REQUIRE(writer->Seal({}).ok());
  CheckLong(*recording);
  // While it is gone through, it can be cancelled.
  const auto line = Must(recording->OpenLine(LogId(1)));
  uint64_t asked = 0;
  const auto stopped = TextSearch(*recording, *line, Indexing::kNever)
      .Find(Must(SearchQuery::Parse("nobody")), {}, [&](uint64_t number, uint64_t total) {
        CHECK(number <= total);
        return ++asked < 17;
      });
  CHECK(stopped.status().code() == StatusCode::kCancelled);
}

TEST_CASE("no damage to a text index ever changes an answer") {
  const TempDir dir;
  const auto recording = WriteRandom(dir / "r", 120);
  const auto line = Must(recording->OpenLine(LogId(1)));
  std::map<std::string, std::string> expected;
  SearchOptions options;
  options.limit = 100000;
  for (const char* query : kQueries) {
    expected[query] = Shown(Ask(*recording, *line, Indexing::kNever, query, options));
    Ask(*recording, *line, Indexing::kAlways, query, options);
  }
  RandomStream random(11);
  for (const std::string name : {"1.steps", "1.outside"}) {
    const std::string path = dir / "r/text/" + name, sound = ReadFile(path);
    REQUIRE(sound.size() > 100);
    for (uint64_t round = 0; round < testing::Rounds(250, 1000); ++round) {
      std::string damaged = sound;
      for (uint64_t hit = 1 + random.Next() % 3; hit > 0; --hit) {
        damaged[random.Next() % (round % 2 == 0 ? 200 : damaged.size())] ^=
            static_cast<char>(1 << random.Next() % 8);
      }
      if (round % 5 == 0) damaged.resize(random.Next() % damaged.size());
      std::ofstream(path, std::ios::trunc | std::ios::binary) << damaged;
      const Indexing indexing = round % 3 == 0 ? Indexing::kAlways : Indexing::kWherePays;
      const char* query = kQueries[round % std::size(kQueries)];
      INFO(query << " " << round);
      CHECK(Shown(Ask(*recording, *line, indexing, query, options)) == expected[query]);
    }
    std::ofstream(path, std::ios::trunc | std::ios::binary) << sound.substr(0, 300);
    Ask(*recording, *line, Indexing::kAlways, "bee", options);
    CHECK(ReadFile(path) == sound);
  }
}

TEST_CASE("where the index cannot be written, or is being written, the bodies are read") {
  const TempDir dir;
  const auto recording = WriteRandom(dir / "r", 60);
  const auto line = Must(recording->OpenLine(LogId(1)));
  const std::string expected = Shown(Ask(*recording, *line, Indexing::kNever, "bee"));
  // A file, a link that leads elsewhere, and a folder in the way.
  std::ofstream(dir / "r/text") << "no folder";
  CHECK(Shown(Ask(*recording, *line, Indexing::kAlways, "bee")) == expected);
  fs::remove(dir / "r/text");
  fs::create_directory(dir / "elsewhere");
  fs::create_directory_symlink(dir / "elsewhere", dir / "r/text");
  CHECK(Shown(Ask(*recording, *line, Indexing::kAlways, "bee")) == expected);
  CHECK(fs::is_empty(dir / "elsewhere"));
  fs::remove(dir / "r/text");
  fs::create_directories(dir / "r/text/1.steps");
  CHECK(Shown(Ask(*recording, *line, Indexing::kAlways, "bee")) == expected);
  fs::remove(dir / "r/text/1.steps");
  // Another process holds it.
  Ask(*recording, *line, Indexing::kAlways, "bee");
  const std::string sound = ReadFile(dir / "r/text/1.steps");
  std::ofstream(dir / "r/text/1.steps", std::ios::trunc | std::ios::binary) << sound.substr(0, 90);
  const int fd = open((dir / "r/text/1.steps").c_str(), O_RDWR | O_CLOEXEC);
  struct flock range = {};
  range.l_type = F_WRLCK;
  REQUIRE(fcntl(fd, F_OFD_SETLK, &range) == 0);
  CHECK(Shown(Ask(*recording, *line, Indexing::kAlways, "bee")) == expected);
  CHECK(ReadFile(dir / "r/text/1.steps") == sound.substr(0, 90));
  CHECK(DropTextIndex(*recording).code() == StatusCode::kUnavailable);
  close(fd);
  CHECK(Shown(Ask(*recording, *line, Indexing::kAlways, "bee")) == expected);
  CHECK(ReadFile(dir / "r/text/1.steps") == sound);
}

TEST_CASE("a text index of another log, and one of a log that is gone, are not believed") {
  const TempDir dir;
  const auto recording = WriteRandom(dir / "r", 60);
  Ask(*recording, *Must(recording->OpenLine(LogId(1))), Indexing::kAlways, "bee");
  REQUIRE(testing::WriteSampleSession(dir / "s", {}).ok());
  REQUIRE(testing::WriteSampleBranch(dir / "s", 5, 4, {}).ok());
  fs::copy(dir / "r/text", dir / "s/text", fs::copy_options::recursive);
  const auto other = Must(Recording::Open(dir / "s"));
  CHECK(Ask(*other, *Must(other->OpenLine(LogId(1))), Indexing::kWherePays, "bee").hits.empty());
  Ask(*other, *Must(other->OpenLine(LogId(2))), Indexing::kAlways, "bee");
  CHECK(fs::exists(dir / "s/text/2.steps"));
  REQUIRE(other->DeleteBranch(LogId(2), false).ok());
  CHECK_FALSE(fs::exists(dir / "s/text/2.steps"));
  CHECK(fs::exists(dir / "s/text/1.steps"));
}

TEST_CASE("a search that is cancelled keeps what it has indexed") {
  const TempDir dir;
  const auto recording = WriteRandom(dir / "r", 600);
  const auto line = Must(recording->OpenLine(LogId(1)));
  TextSearch search(*recording, *line, Indexing::kAlways);
  const auto query = Must(SearchQuery::Parse("bee"));
  const auto stopped = search.Find(query, {}, [](uint64_t, uint64_t) { return false; });
  CHECK(stopped.status().code() == StatusCode::kCancelled);
  CHECK(fs::file_size(dir / "r/text/1.steps") > 1000);
  CHECK(Shown(Must(search.Find(query, {}))) ==
        Shown(Ask(*recording, *line, Indexing::kNever, "bee")));
}

TEST_CASE("a question that has no time to index all of a long log reads the rest") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  auto writer = Must(recording->NewLog(testing::SessionHeader("s"), {}));
  testing::PutAgents(writer.get(), {"one", "two"});
  constexpr uint64_t kSteps = 1500, kWords = 1000;
  RandomStream random(7);
  for (uint64_t number = 1; number <= kSteps; ++number) {
    std::string text = "step" + std::to_string(number % 700);
    for (uint64_t i = 0; i < kWords; ++i) text += " " + std::to_string(random.Next() % 100000);
    testing::WriteSaying(writer.get(), number, {{text, "text/plain"}});
  }
  REQUIRE(writer->Seal({}).ok());
  const auto line = Must(recording->OpenLine(writer->id()));
  TextSearch search(*recording, *line);
  const auto query = Must(SearchQuery::Parse("step77"));
  bool slept = false;
  const auto hurried = Must(search.Find(query, {}, [&](uint64_t, uint64_t) {
    if (!slept) std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    slept = true;
    return true;
  }));
  const auto part = fs::file_size(dir / "r/text/1.steps");
  CHECK(hurried.from_index);
  CHECK(hurried.hits.size() == 3);
  const auto answer = Must(search.Find(query, {}));
  CHECK(Shown(answer) == Shown(hurried));
  CHECK(fs::file_size(dir / "r/text/1.steps") > 3 * part);
}

TEST_CASE("a body that many refer to is indexed once and found wherever it was said") {
  const TempDir dir;
  auto recording = Must(Recording::Create(dir / "r"));
  std::string text;
  for (int i = 0; i < 400; ++i) text += "word" + std::to_string(i) + " ";
  const auto write = [&](uint64_t steps) {
    auto writer = Must(recording->NewLog(testing::SessionHeader("s"), {}));
    testing::PutAgents(writer.get(), {"one", "two"});
    for (uint64_t number = 1; number <= steps; ++number) {
      testing::WriteSaying(writer.get(), number, {{text, "text/plain"}});
    }
    REQUIRE(writer->Seal({}).ok());
    return writer->id();
  };
  const LogId once = write(1), often = write(50);
  SearchOptions options;
  options.limit = 1000;
  CHECK(Ask(*recording, *Must(recording->OpenLine(once)), Indexing::kAlways, "word7", options)
            .hits.size() == 1);
  const auto answer =
      Ask(*recording, *Must(recording->OpenLine(often)), Indexing::kAlways, "word7", options);
  CHECK(answer.hits.size() == 50);
  CHECK(answer.from_index);
  CHECK(fs::file_size(dir / "r/text/2.steps") < fs::file_size(dir / "r/text/1.steps") + 200);
}

}  // namespace
}  // namespace backstep::store
