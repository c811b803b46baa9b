#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "backstep/store/format/kv.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/rewrite.h"
#include "backstep/store/sizes.h"
#include "backstep/store/state/operations.h"
#include "backstep/store/verify.h"
#include "backstep/tests/support/child.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/sample_recording.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

using store::LogState;
using store::Recording;

constexpr char kRewriterVariable[] = "BACKSTEP_TEST_REWRITER";
constexpr char kKillAtVariable[] = "BACKSTEP_TEST_KILL_AT";
constexpr LogId kMain{1}, kBranch{2};
// Each report of progress is a place to be killed at.
constexpr int kPlacesMax = 40;

// A sealed session and a branch of it whose last versions need the session's.
void WriteSealed(const std::string& path) {
  SampleShape shape;
  shape.steps = 40;
  Must(WriteSampleSession(path, shape));
  Must(WriteSampleBranch(path, 20, 15, shape));
}

std::string DigestOf(const Recording& recording, LogId log) {
  return Must(Must(recording.OpenLine(log))->Digest()).ToHex();
}

std::string AllOf(const Recording& recording, LogId log) {
  std::string all;
  const auto line = Must(recording.OpenLine(log));
  const auto cursor = line->own_log().NewCursor();
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
    if (cursor->key() == "Z") continue;  // what sealing adds
    all.append(cursor->key()).append("=").append(cursor->value()).append("\n");
  }
  return all;
}

void RequireSound(const std::string& path) {
  const auto recording = Must(Recording::Open(path));
  const auto report = Must(store::Verify(*recording, {}));
  for (const auto& finding : report.findings) FAIL(finding.where + ": " + finding.what);
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Runs the rewriter of this file in a process of its own, which kills itself at the given report
// of progress. True: it was killed.
bool RewriteAndDie(const std::string& path, int kill_at) {
  const std::string place = std::to_string(kill_at);
  Child child(OwnCase("rewriter of the upkeep test"),
              {.environment = {{kRewriterVariable, path}, {kKillAtVariable, place}}});
  return child.WasKilled();
}

}  // namespace

// Runs only as the child of tests below; seals log 1, or compacts it where it is sealed.
TEST_CASE("rewriter of the upkeep test", "[.]") {
  const char* path = std::getenv(kRewriterVariable);
  if (path == nullptr) FAIL("it runs as the child of other tests only");
  int left = std::atoi(std::getenv(kKillAtVariable));
  const auto progress = [&](uint64_t, uint64_t) {
    if (left-- == 0) kill(getpid(), SIGKILL);
    return true;
  };
  const auto recording = Must(Recording::Open(path));
  const bool sealed = store::IsSealed(store::LogPath(path, kMain));
  Must(sealed ? store::CompactLog(*recording, kMain, progress)
              : store::SealLog(*recording, kMain, progress));
}

TEST_CASE("a compacted log holds what it held, and its branch still reads it") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  WriteSealed(path);
  const auto recording = Must(Recording::Open(path));
  const std::string all = AllOf(*recording, kMain), digest = DigestOf(*recording, kMain);
  const std::string of_branch = DigestOf(*recording, kBranch);
  const auto rewritten = Must(store::CompactLog(*recording, kMain, {}));
  CHECK(rewritten.bytes_after <= rewritten.bytes_before);
  RequireSound(path);
  const auto after = Must(Recording::Open(path));
  CHECK(AllOf(*after, kMain) == all);
  CHECK(DigestOf(*after, kMain) == digest);
  CHECK(DigestOf(*after, kBranch) == of_branch);
  CHECK(NamesIn(store::LogsPath(path)) == std::vector<std::string>{"1", "2"});
}

TEST_CASE("who reads a log goes on reading it while it is sealed anew") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  SampleShape shape;
  shape.steps = 60;
  REQUIRE(WriteCrashedSession(path, shape).ok());
  const auto recording = Must(Recording::Open(path));
  const auto line = Must(recording->OpenLine(kMain));
  const StepNumber last = line->last();
  const Body before = Must(line->State(AgentId{1}, last));
  REQUIRE(Must(store::SealLog(*recording, kMain, {})).replaced);
  CHECK(Must(line->State(AgentId{1}, last)).bytes == before.bytes);
  for (uint64_t step = 1; step <= last.value; ++step) {
    CHECK(line->CutAt(StepNumber{step}).ok());
    CHECK(line->State(AgentId{2}, StepNumber{step}).ok());
  }
  CHECK(Must(Must(recording->OpenLine(kMain))->State(AgentId{1}, last)).bytes == before.bytes);
}

TEST_CASE("a crashed log is sealed with all its steps, and says that it was not closed") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  REQUIRE(WriteCrashedSession(path, {}).ok());
  const auto recording = Must(Recording::Open(path));
  const std::string digest = DigestOf(*recording, kMain), all = AllOf(*recording, kMain);
  REQUIRE(Must(recording->Logs()).at(0).state == LogState::kCrashed);
  REQUIRE(Must(store::SealLog(*recording, kMain, {})).replaced);
  RequireSound(path);
  const auto after = Must(Recording::Open(path));
  const auto info = Must(after->Logs()).at(0);
  CHECK(info.state == LogState::kSealed);
  REQUIRE(info.end);
  CHECK(info.end->last_step == info.last);
  CHECK(info.end->first_failure.find("without closing") != std::string::npos);
  CHECK(DigestOf(*after, kMain) == digest);
  CHECK(AllOf(*after, kMain) == all);
  CHECK(store::SealLog(*after, kMain, {}).status().code() == StatusCode::kInvalidArgument);
}

TEST_CASE("a live log is neither sealed nor compacted") {
  TempDir dir;
  const auto recording = Must(Recording::Create(dir / "a.backstep"));
  const auto writer = Must(recording->NewLog(SessionHeader("live"), {}));
  PutAgents(writer.get(), {"worker"});
  WriteSteps(writer.get(), 1, 3);
  CHECK(store::SealLog(*recording, kMain, {}).status().code() == StatusCode::kUnavailable);
  CHECK(store::CompactLog(*recording, kMain, {}).status().code() == StatusCode::kInvalidArgument);
  WriteSteps(writer.get(), 4, 5);
  CHECK(Must(recording->OpenLine(kMain))->last() == StepNumber{5});
}

TEST_CASE("killed anywhere, a seal or a compaction leaves the log as it was or done") {
  TempDir dir;
  for (const bool crashed : {true, false}) {
    const std::string path = dir / (crashed ? "crashed.backstep" : "sealed.backstep");
    if (crashed) REQUIRE(WriteCrashedSession(path, {}).ok());
    else WriteSealed(path);
    std::string all, digest;
    {
      const auto recording = Must(Recording::Open(path));
      all = AllOf(*recording, kMain);
      digest = DigestOf(*recording, kMain);
    }
    int place = 0;
    while (place < kPlacesMax && RewriteAndDie(path, place)) {
      ++place;
      INFO("killed at " << place);
      const auto recording = Must(Recording::Open(path));
      CHECK(AllOf(*recording, kMain) == all);
      CHECK(DigestOf(*recording, kMain) == digest);
      const auto state = Must(recording->Logs()).at(0).state;
      CHECK((state == LogState::kSealed || (crashed && state == LogState::kCrashed)));
      RequireSound(path);
    }
    CHECK(place > 2);
    REQUIRE(place < kPlacesMax);
    // What the killed ones left is gone with the one that got through.
    for (const std::string& name : NamesIn(store::LogsPath(path))) {
      CHECK(name.find("rewriting") == std::string::npos);
    }
  }
}

TEST_CASE("a cancelled compaction leaves nothing behind") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  WriteSealed(path);
  const auto recording = Must(Recording::Open(path));
  const auto names = NamesIn(store::LogPath(path, kMain));
  for (int place = 0; place < 3; ++place) {
    int left = place;
    const auto stopped =
        store::CompactLog(*recording, kMain, [&](uint64_t, uint64_t) { return left-- > 0; });
    CHECK(stopped.status().code() == StatusCode::kCancelled);
    CHECK(NamesIn(store::LogsPath(path)) == std::vector<std::string>{"1", "2"});
    CHECK(NamesIn(store::LogPath(path, kMain)) == names);
  }
  RequireSound(path);
}

TEST_CASE("damage is not sealed over") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  WriteSealed(path);
  for (const auto& entry : std::filesystem::directory_iterator(store::LogPath(path, kMain))) {
    if (entry.path().filename() != "IDENTITY") continue;
    std::filesystem::resize_file(entry.path(), entry.file_size() - 1);
  }
  const auto recording = Must(Recording::Open(path));
  const auto refused = store::CompactLog(*recording, kMain, {}).status();
  CHECK(refused.code() == StatusCode::kCorruption);
  CHECK(refused.message().find("IDENTITY") != std::string::npos);
}

TEST_CASE("sizes of a recording sum up to what is on the disk") {
  TempDir dir;
  const std::string path = dir / "a.backstep";
  WriteSealed(path);
  const auto recording = Must(Recording::Open(path));
  const auto sizes = Must(store::MeasureSizes(*recording, {}));
  uint64_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files += entry.file_size();
  }
  CHECK(sizes.disk == files);
  uint64_t logs = 0;
  REQUIRE(sizes.logs.size() == 2);
  for (const store::LogSizes& log : sizes.logs) {
    CHECK(log.error == Status());
    uint64_t stored = log.other + log.unowned.stored, content = log.unowned.content;
    for (const store::AgentSizes& agent : log.agents) {
      for (const store::KindBytes& kind : agent.kinds) {
        stored += kind.stored;
        content += kind.content;
      }
    }
    CHECK(stored == log.disk);
    uint64_t keys = 0;
    const auto line = Must(recording->OpenLine(log.log));
    const auto cursor = line->own_log().NewCursor();
    for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
      keys += cursor->key().size() + cursor->value().size();
    }
    CHECK(content == keys);
    logs += log.disk;
  }
  CHECK(sizes.disk == logs + sizes.index + sizes.other);
}

TEST_CASE("each kind of content counts under its own name and its own agent") {
  TempDir dir;
  const auto recording = Must(Recording::Create(dir / "a.backstep"));
  const auto writer = Must(recording->NewLog(SessionHeader("kinds"), {}));
  PutAgents(writer.get(), {"worker", "other"});
  const auto text = [](char first, size_t size) {
    std::string out;
    for (size_t i = 0; out.size() < size; ++i) out += first + std::to_string(i * 7919) + " ";
    return Body{out.substr(0, size), "text/plain"};
  };
  StepRecord step = OneStep(AgentId{1}, 1, 1);
  REQUIRE(writer->Begin(step) == Status());
  EffectRecord call;
  call.agent = AgentId{1};
  call.clock = AgentClock{1};
  call.kind = EffectKind::kLlm;
  const Body request = text('q', 30000), answer = text('a', 20000);
  REQUIRE(writer->PutEffect(&call, &request, &answer) == Status());
  MessageRecord message;
  message.id = {AgentId{1}, AgentClock{1}, 0, 0};
  message.to = AgentId{2};
  const Body body = text('m', 10000);
  REQUIRE(writer->PutMessage(&message, &body) == Status());
  step.effect_count = 1;
  step.sent.push_back({message.id, message.to, {}, {}, false});
  REQUIRE(writer->Commit(&step, text('s', 40000)) == Status());
  REQUIRE(writer->Seal({}) == Status());
  const auto sizes = Must(store::MeasureSizes(*recording, {}));
  const store::AgentSizes& worker = sizes.logs.at(0).agents.at(0);
  REQUIRE(worker.name == "worker");
  const auto content = [&](store::SizeKind kind) {
    return worker.kinds[static_cast<size_t>(kind)].content;
  };
  const auto about = [](uint64_t bytes, uint64_t expected) {
    return bytes >= expected && bytes < expected + expected / 20 + 200;
  };
  CHECK(about(content(store::SizeKind::kStates), 40000));
  CHECK(about(content(store::SizeKind::kRequests), 30000));
  CHECK(about(content(store::SizeKind::kAnswers), 20000));
  CHECK(about(content(store::SizeKind::kMessages), 10000));
}

TEST_CASE("a message that an answer said in JSON counts for what is kept of it, and verifies") {
  TempDir dir;
  const auto recording = Must(Recording::Create(dir / "a.backstep"));
  const auto writer = Must(recording->NewLog(SessionHeader("escaped"), {}));
  PutAgents(writer.get(), {"worker", "other"});
  std::string plain, escaped;
  for (int i = 0; plain.size() < 20000; ++i) {
    const std::string line = "line " + std::to_string(i * 7919) + " of the answer";
    plain += line + "\n";
    escaped += line + "\\n";
  }
  StepRecord step = OneStep(AgentId{1}, 1, 1);
  REQUIRE(writer->Begin(step) == Status());
  EffectRecord call;
  call.agent = AgentId{1};
  call.clock = AgentClock{1};
  call.kind = EffectKind::kLlm;
  const Body answer{"{\"content\":\"" + escaped + "\"}", "application/json"};
  REQUIRE(writer->PutEffect(&call, nullptr, &answer) == Status());
  MessageRecord message;
  message.id = {AgentId{1}, AgentClock{1}, 0, 0};
  message.to = AgentId{2};
  const Body body{plain, "text/plain"};
  REQUIRE(writer->PutMessage(&message, &body) == Status());
  step.effect_count = 1;
  step.sent.push_back({message.id, message.to, {}, {}, false});
  REQUIRE(writer->Commit(&step, Body{"done: " + plain, "text/plain"}) == Status());
  REQUIRE(writer->Seal({}) == Status());

  const auto sizes = Must(store::MeasureSizes(*recording, {}));
  const store::AgentSizes& worker = sizes.logs.at(0).agents.at(0);
  const auto content = [&](store::SizeKind kind) {
    return worker.kinds[static_cast<size_t>(kind)].content;
  };
  CHECK(content(store::SizeKind::kAnswers) >= answer.bytes.size());
  CHECK(content(store::SizeKind::kMessages) < 200);
  CHECK(content(store::SizeKind::kStates) < 500);
  CHECK(Must(store::Verify(*recording, {})).findings.empty());
  const auto line = Must(recording->OpenLine(LogId{1}));
  CHECK(Must(line->ReadBody(Must(line->FindMessage(message.id)).body)).bytes == plain);
}

TEST_CASE("what a version adds to the literals is told apart from what it refers to") {
  store::OperationsWriter writer(1000, 5000);
  writer.Copy(0, 500);
  writer.Literal(300);
  writer.Earlier(4000, 77);
  writer.Other(store::PlaceOf(AgentId{9}, 123456), 88);
  writer.Inline("some bytes in the value itself");
  writer.Literal(45);
  writer.Copy(700, 300);
  const std::string value = writer.Finish(std::nullopt, 1340, HashBytes("x"), 0);
  CHECK(Must(store::AddedLiterals(value)) == 345);
  CHECK_FALSE(store::AddedLiterals(value.substr(0, 3)).ok());
}

}  // namespace backstep::testing
