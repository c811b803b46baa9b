#include "backstep/store/verify.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "backstep/store/index/index.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/sample_recording.h"

namespace backstep::store {
namespace {

using testing::SampleShape;
using testing::TempDir;

VerifyReport VerifyAt(const std::string& path) {
  const auto recording = Recording::Open(path);
  INFO(recording.status().ToString());
  REQUIRE(recording.ok());
  const auto report = Verify(**recording, {});
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  return *report;
}

std::string Show(const VerifyReport& report) {
  std::string text;
  for (const Finding& f : report.findings) text += f.where + ": " + f.what + "\n";
  return text;
}

// A session whose log is not sealed: its writer is at work.
std::unique_ptr<LogWriter> WriteOpen(const std::string& path, SampleShape shape) {
  shape.seal = false;
  auto writer = testing::WriteSampleSession(path, shape);
  REQUIRE(writer.ok());
  return std::move(writer).value();
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

std::vector<std::string> FilesOf(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.file_size() > 0) files.push_back(entry.path().string());
  }
  return files;
}

// Flips bits of the file one at a time, `stride` apart, and counts those that verify misses.
void RequireEachFlipFound(const std::string& recording, const std::string& file, size_t stride) {
  if (testing::kSanitized) stride *= 3;
  const std::string sound = ReadAll(file);
  size_t missed = 0;
  std::string first;
  for (size_t bit = 0; bit < sound.size() * 8; bit += stride) {
    std::string damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    WriteAll(file, damaged);
    if (VerifyAt(recording).findings.empty()) {
      if (missed++ == 0) first = file + ", bit " + std::to_string(bit);
    }
  }
  WriteAll(file, sound);
  INFO(missed << " flips missed, first " << first);
  CHECK(missed == 0);
}

TEST_CASE("a sealed session with a branch is sound") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  const auto session = testing::WriteSampleSession(path, {});
  INFO(session.status().ToString());
  REQUIRE(session.ok());
  const auto branch = testing::WriteSampleBranch(path, 5, 4, {});
  INFO(branch.status().ToString());
  REQUIRE(branch.ok());
  const VerifyReport report = VerifyAt(path);
  CHECK(Show(report) == "");
  CHECK(report.steps == 16);
  CHECK(report.files > 6);
  CHECK(report.bodies >= 16 * 4);
}

TEST_CASE("what a killed recorder leaves is sound") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  REQUIRE(testing::WriteCrashedSession(path, {}).ok());
  CHECK(Show(VerifyAt(path)) == "");
}

TEST_CASE("a session that is being written is sound") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  const auto writer = WriteOpen(path, {});
  CHECK(Show(VerifyAt(path)) == "");
}

TEST_CASE("a session is sound at any moment while it is written and indexed") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  const SampleShape shape;
  const auto writer = WriteOpen(path, shape);
  Status wrote;
  {
    const std::jthread program([&](const std::stop_token& stop) {
      const auto index = IndexWriter::Open(path);
      const auto line = writer->Read();
      wrote = index.ok() ? line.status() : index.status();
      for (uint64_t number = shape.steps + 1; wrote.ok() && !stop.stop_requested(); ++number) {
        wrote = testing::WriteSampleStep(*writer, shape, number);
        if (wrote.ok()) wrote = writer->Flush();
        if (number % 16 != 0 || !wrote.ok()) continue;
        wrote = (*line)->Refresh().status();
        if (wrote.ok()) wrote = (*index)->CatchUp(**line).status();
      }
    });
    for (int i = 0; i < 10; ++i) CHECK(Show(VerifyAt(path)) == "");
  }
  CHECK(wrote.ToString() == Status().ToString());
}

TEST_CASE(
    "a long session, with cut snapshots and several data files, is sound sealed and crashed") {
  SampleShape shape;
  shape.steps = testing::kSanitized ? 700 : 1200;
  shape.state_bytes = 30000;
  const TempDir dir;
  REQUIRE(testing::WriteSampleSession(dir / "sealed", shape).ok());
  CHECK(Show(VerifyAt(dir / "sealed")) == "");
  REQUIRE(testing::WriteSampleBranch(dir / "sealed", shape.steps / 2, 600, shape).ok());
  CHECK(Show(VerifyAt(dir / "sealed")) == "");
  REQUIRE(testing::WriteCrashedSession(dir / "crashed", shape).ok());
  CHECK(Show(VerifyAt(dir / "crashed")) == "");
}

TEST_CASE("a message from outside that comes right after a cut snapshot is no difference") {
  const TempDir dir;
  SampleShape shape;
  shape.seal = false;
  for (shape.steps = 255; shape.steps <= 258; ++shape.steps) {
    const std::string path = dir / std::to_string(shape.steps);
    const auto writer = testing::WriteSampleSession(path, shape);
    REQUIRE(writer.ok());
    MessageRecord late;
    late.id.ordinal = 1;
    late.to = AgentId(1);
    late.sent_after = StepNumber(shape.steps);
    const Body body{"\"more\""};
    REQUIRE((*writer)->PutMessage(&late, &body).ok());
    REQUIRE((*writer)->Seal({}).ok());
    CHECK(Show(VerifyAt(path)) == "");
  }
}

TEST_CASE("a number that is left out among agents or segments is found") {
  const TempDir dir;
  const auto recording = Recording::Create(dir / "r.backstep");
  REQUIRE(recording.ok());
  auto writer = (*recording)->NewLog({}, {});
  REQUIRE(writer.ok());
  for (const uint32_t number : {1, 2, 4}) {
    AgentRecord agent;
    agent.id = AgentId(number);
    agent.name = "agent" + std::to_string(number);
    REQUIRE((*writer)->PutAgent(agent, Body{"", "text/plain"}).ok());
  }
  for (const uint32_t number : {2, 3}) {
    SegmentRecord segment;
    segment.id = SegmentId(number);
    segment.name = "phase";
    REQUIRE((*writer)->PutSegment(segment).ok());
  }
  REQUIRE((*writer)->Seal({}).ok());
  const std::string found = Show(VerifyAt(dir / "r.backstep"));
  CHECK(found.find("agent 3: missing: agent 4 is next in the log\n") != std::string::npos);
  CHECK(found.find("segment 1: missing: segment 2 is next in the log\n") != std::string::npos);
}

TEST_CASE("a step that claims another number of calls than it made is found") {
  for (const uint32_t claimed : {0, 2}) {
    const TempDir dir;
    const auto recording = Recording::Create(dir / "r.backstep");
    REQUIRE(recording.ok());
    auto writer = (*recording)->NewLog({}, {});
    REQUIRE(writer.ok());
    AgentRecord agent;
    agent.id = AgentId(1);
    agent.name = "caller";
    REQUIRE((*writer)->PutAgent(agent, Body{"", "text/plain"}).ok());
    StepRecord step;
    step.agent = AgentId(1);
    step.clock = AgentClock(1);
    step.number = StepNumber(1);
    REQUIRE((*writer)->Begin(step).ok());
    EffectRecord effect;
    effect.agent = step.agent;
    effect.clock = step.clock;
    const Body body{"what is the time"};
    REQUIRE((*writer)->PutEffect(&effect, &body, &body).ok());
    step.effect_count = claimed;
    REQUIRE((*writer)->Commit(&step, {}).ok());
    LogEnd end;
    end.last_step = StepNumber(1);
    REQUIRE((*writer)->Seal(end).ok());
    const std::string found = Show(VerifyAt(dir / "r.backstep"));
    INFO(found);
    CHECK(found.find("has 1 effects in the log and claims " + std::to_string(claimed)) !=
          std::string::npos);
  }
}

TEST_CASE("each flipped bit of a sealed log is found") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  SampleShape shape;
  shape.steps = 4;
  REQUIRE(testing::WriteSampleSession(path, shape).ok());
  for (const std::string& file : FilesOf(path + "/logs/1")) {
    RequireEachFlipFound(path, file, file.ends_with("/seal") ? 5 : 97);
  }
  CHECK(Show(VerifyAt(path)) == "");
}

TEST_CASE("each flipped bit of a crashed log is found") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  SampleShape shape;
  shape.steps = 3;
  REQUIRE(testing::WriteCrashedSession(path, shape).ok());
  const CutOff seen{"crashed", "killed", {}, {StepNumber(3), {{"a", AgentClock(2), {"b/1.0"}}}}};
  REQUIRE(Recording::Open(path).value()->KeepCutOff(LogId(1), seen).ok());
  REQUIRE(std::filesystem::exists(path + "/logs/1/cut_off"));
  const size_t small = testing::IsLong() ? 3 : 11, large = testing::IsLong() ? 61 : 127;
  for (const std::string& file : FilesOf(path + "/logs/1")) {
    RequireEachFlipFound(path, file, std::filesystem::file_size(file) < 2000 ? small : large);
  }
  CHECK(Show(VerifyAt(path)) == "");
}

TEST_CASE("each flipped bit of the tables of a log that was not sealed is found") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  SampleShape shape;
  shape.steps = 4;
  REQUIRE(testing::WriteSampleSession(path, shape).ok());
  // What a writer leaves that dies between closing its tables and sealing them.
  REQUIRE(std::filesystem::remove(path + "/logs/1/seal"));
  CHECK(Show(VerifyAt(path)) == "");
  size_t tables = 0;
  for (const std::string& file : FilesOf(path + "/logs/1")) {
    if (file.ends_with(".sst")) ++tables;
    RequireEachFlipFound(path, file, 61);
  }
  CHECK(tables > 0);
}

TEST_CASE(
    "a table that its writer never finished is no finding and keeps nothing from being read") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  REQUIRE(testing::WriteSampleSession(path, SampleShape{}).ok());
  REQUIRE(std::filesystem::remove(path + "/logs/1/seal"));
  std::string table;
  for (const std::string& file : FilesOf(path + "/logs/1")) {
    if (file.ends_with(".sst")) table = ReadAll(file);
  }
  REQUIRE(!table.empty());
  // What a kill in the middle of a flush leaves, and what a reader sees beside a live flush.
  for (const size_t size : {size_t{0}, size_t{20}, table.size() / 2, table.size() - 1}) {
    WriteAll(path + "/logs/1/000999.sst", table.substr(0, size));
    CHECK(Show(VerifyAt(path)) == "");
  }
}

TEST_CASE("a write-ahead log that ends within a record is told as torn, whatever is cut off") {
  const TempDir dir;
  const std::string path = dir / "r.backstep";
  SampleShape shape;
  shape.steps = 2;
  REQUIRE(testing::WriteCrashedSession(path, shape).ok());
  for (const std::string& file : FilesOf(path + "/logs/1")) {
    if (!file.ends_with(".log")) continue;
    const std::string sound = ReadAll(file);
    WriteAll(file, sound.substr(0, sound.size() - 5));
    const VerifyReport report = VerifyAt(path);
    REQUIRE(!report.findings.empty());
    CHECK(report.findings[0].what.substr(0, 5) == "torn:");
    WriteAll(file, sound + std::string(3, '\0'));
    CHECK(!VerifyAt(path).findings.empty());
    WriteAll(file, sound);
  }
}

TEST_CASE("a file that is missing, empty or cut is found in sealed and in crashed logs") {
  const TempDir dir;
  SampleShape shape;
  shape.steps = 3;
  REQUIRE(testing::WriteSampleSession(dir / "sealed", shape).ok());
  REQUIRE(testing::WriteCrashedSession(dir / "crashed", shape).ok());
  for (const std::string& path : {dir / "sealed", dir / "crashed"}) {
    for (const std::string& file : FilesOf(path + "/logs/1")) {
      const std::string sound = ReadAll(file);
      INFO(file);
      WriteAll(file, sound.substr(0, sound.size() / 2));
      CHECK(!VerifyAt(path).findings.empty());
      // An empty write-ahead log is what a killed writer can leave; the rest cannot be empty.
      WriteAll(file, "");
      if (!file.ends_with(".log")) CHECK(!VerifyAt(path).findings.empty());
      std::filesystem::remove(file);
      if (!file.ends_with(".log") && !file.ends_with("/seal")) {
        CHECK(!VerifyAt(path).findings.empty());
      }
      WriteAll(file, sound);
    }
    CHECK(Show(VerifyAt(path)) == "");
  }
}

TEST_CASE("a pipe in the place of a data file is told, and nobody waits for its other end") {
  const TempDir dir;
  const std::string path = dir / "r";
  REQUIRE(testing::WriteSampleSession(path, {}).ok());
  for (const char* name : {"CURRENT", "MANIFEST-000009", "000099.log", "000099.sst"}) {
    INFO(name);
    const std::string log = path + "/logs/1";
    const std::string before = ReadAll(log + "/" + name);
    std::filesystem::remove(log + "/" + name);
    REQUIRE(mkfifo((log + "/" + name).c_str(), 0600) == 0);
    const std::string told = log + "/" + name + ": not a regular file";
    const auto recording = Recording::Open(path);
    REQUIRE(recording.ok());
    CHECK((*recording)->OpenLine(LogId(1)).status() == Status::Corruption(told));
    CHECK(Show(VerifyAt(path)).find(told) != std::string::npos);
    std::filesystem::remove(log + "/" + name);
    if (!before.empty()) WriteAll(log + "/" + name, before);
  }
}

TEST_CASE("a progress callback that says no cancels") {
  const TempDir dir;
  REQUIRE(testing::WriteSampleSession(dir / "r", {}).ok());
  const auto recording = Recording::Open(dir / "r");
  REQUIRE(recording.ok());
  const auto report = Verify(**recording, [](uint64_t, uint64_t) { return false; });
  CHECK(report.status().code() == StatusCode::kCancelled);
}

TEST_CASE("progress never falls and ends at the total") {
  const TempDir dir;
  REQUIRE(testing::WriteSampleSession(dir / "r", {}).ok());
  const auto recording = Recording::Open(dir / "r");
  REQUIRE(recording.ok());
  uint64_t before = 0;
  bool falls = false;
  const auto report = Verify(**recording, [&](uint64_t done, uint64_t total) {
    falls = falls || done < before || done > total;
    before = done;
    return true;
  });
  REQUIRE(report.ok());
  CHECK(!falls);
  CHECK(before > 0);
}

}  // namespace
}  // namespace backstep::store
