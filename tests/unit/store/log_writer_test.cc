#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include "backstep/store/format/log_files.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

using store::Line;
using store::LogState;
using store::LogWriter;
using store::Recording;

struct Fixture {
  TempDir dir;
  std::unique_ptr<Recording> recording = Must(Recording::Create(dir / "test.backstep"));
  std::unique_ptr<LogWriter> NewSession(const std::string& name = "session") {
    auto writer = Must(recording->NewLog(SessionHeader(name), {}));
    PutAgents(writer.get(), {"planner", "coder"});
    return writer;
  }
};

constexpr AgentId kPlanner{1};
constexpr AgentId kCoder{2};

// One step of the planner with everything a step can have; step 1.
StepRecord WriteRichStep(LogWriter* writer) {
  StepRecord step = OneStep(kPlanner, 1, 1);
  step.name = "plan";
  REQUIRE(writer->Begin(step) == Status());
  EffectRecord effect;
  effect.agent = kPlanner;
  effect.clock = AgentClock{1};
  effect.kind = EffectKind::kLlm;
  effect.name = "model";
  const Body request{"{\"messages\":[" + std::string(500, '1') + "]}", "application/json"};
  const Body response{"an answer that is longer than sixty-four bytes, so that it is a literal",
                      "text/plain"};
  REQUIRE(writer->PutEffect(&effect, &request, &response) == Status());
  CHECK(effect.request.log == writer->id());
  MessageRecord message;
  message.id = {kPlanner, AgentClock{1}, 0, 0};
  message.to = kCoder;
  message.kind = "task";
  const Body body{"write the parser", "text/plain"};
  REQUIRE(writer->PutMessage(&message, &body) == Status());
  step.effect_count = 1;
  step.sent = {{message.id, kCoder, DurationNs{}, TimeNs{5}, false}};
  step.scheduler_state = "turn 1";
  step.outcome = Outcome{Outcome::Kind::kOk, 0.5, "half done"};
  REQUIRE(writer->Commit(&step, Body{"{\"plan\":[1,2,3]}", "application/json"}) == Status());
  CHECK(step.state_changed);
  return step;
}

}  // namespace

TEST_CASE("what is written to a log is read back") {
  Fixture f;
  auto writer = f.NewSession();
  SegmentRecord segment;
  segment.id = SegmentId{1};
  segment.name = "planning";
  REQUIRE(writer->PutSegment(segment) == Status());
  WriteRichStep(writer.get());
  EventRecord event;
  event.name = "note";
  REQUIRE(writer->PutEvent(event) == Status());
  REQUIRE(writer->PutEvent(event) == Status());
  LogEnd end;
  end.outcome.kind = Outcome::Kind::kOk;
  REQUIRE(writer->Seal(end) == Status());
  CHECK(writer->Flush().code() == StatusCode::kUnavailable);
  writer.reset();

  auto line = Must(f.recording->OpenLine(LogId{1}));
  CHECK(line->state() == LogState::kSealed);
  REQUIRE(line->end().has_value());
  CHECK(line->end()->last_step == StepNumber{1});
  CHECK(line->end()->outcome.kind == Outcome::Kind::kOk);
  REQUIRE(line->agents().size() == 3);
  CHECK(line->agents()[0].name == kOutsideName);
  CHECK(line->FindAgent("coder") == kCoder);
  CHECK(Must(line->Segments())[0].name == "planning");
  const StepRecord step = Must(line->Step(StepNumber{1}));
  CHECK(step.name == "plan");
  CHECK(Must(line->ReadBody(step.state)).bytes == "{\"plan\":[1,2,3]}");
  CHECK(Must(line->State(kPlanner, StepNumber{0})).bytes == "start of planner");
  CHECK(Must(line->State(kCoder, StepNumber{1})).bytes == "start of coder");
  const auto effects = Must(line->Effects(kPlanner, AgentClock{1}));
  REQUIRE(effects.size() == 1);
  CHECK(Must(line->ReadBody(effects[0].request)).bytes.size() == 515);
  CHECK(Must(line->ReadBody(effects[0].response)).bytes.substr(0, 9) == "an answer");
  const auto id = Must(line->ParseMessageId("planner/1.0"));
  CHECK(Must(line->ReadBody(Must(line->FindMessage(id)).body)).bytes == "write the parser");
  uint64_t events = 0;
  REQUIRE(line->ScanEvents([&](const EventRecord& e) { return e.sequence == ++events; }).ok());
  CHECK(events == 2);
  const store::Cut cut = Must(line->CutAt(StepNumber{1}));
  CHECK(cut.scheduler_state == "turn 1");
  CHECK(cut.outcome == Outcome{Outcome::Kind::kOk, 0.5, "half done"});
  REQUIRE(cut.mailboxes.size() == 1);
  CHECK(line->FormatMessageId(cut.mailboxes[0].id) == "planner/1.0");
}

TEST_CASE("a reader follows a log that is being written") {
  Fixture f;
  auto writer = f.NewSession();
  REQUIRE(writer->Flush() == Status());
  auto follower = Must(f.recording->OpenLine(LogId{1}));
  auto inside = Must(writer->Read());
  CHECK(follower->state() == LogState::kLive);
  CHECK(follower->last() == StepNumber{0});
  for (uint64_t number = 1; number <= 400; ++number) {
    WriteSteps(writer.get(), number, number);
    if (number % 100 != 0) continue;
    for (Line* line : {follower.get(), inside.get()}) {
      CHECK(line->last() == StepNumber{number - 100});
      CHECK(Must(line->Refresh()));
      CHECK(line->last() == StepNumber{number});
      CHECK_FALSE(Must(line->Refresh()));
      CHECK(Must(line->State(kPlanner, StepNumber{number - 50})).bytes == StateText(number - 50));
      CHECK(Must(line->CutAt(StepNumber{number})).agents[0].last_step == StepNumber{number});
    }
  }
  StepRecord open = OneStep(kCoder, 1, 401);
  REQUIRE(writer->Begin(open) == Status());
  CHECK_FALSE(Must(follower->Refresh()));
  REQUIRE(writer->Flush() == Status());
  CHECK(Must(follower->Refresh()));
  CHECK(Must(follower->OpenSteps()).size() == 1);
  CHECK(Must(follower->CutAt(StepNumber{399})).open.empty());
  inside.reset();
  REQUIRE(writer->Seal({}) == Status());
  CHECK(Must(follower->Refresh()));
  CHECK(follower->state() == LogState::kSealed);
  CHECK(Must(follower->State(kPlanner, StepNumber{123})).bytes == StateText(123));
}

TEST_CASE("a line reads on one thread what the writer writes on another") {
  Fixture f;
  auto writer = f.NewSession();
  REQUIRE(writer->Flush() == Status());
  auto line = Must(writer->Read());
  constexpr uint64_t kSteps = 600;
  Status failed;
  uint64_t wrong = 0;
  std::thread reader([&] {
    while (failed.ok() && line->last() < StepNumber{kSteps}) {
      failed = line->Refresh().status();
      const uint64_t last = line->last().value;
      const auto cut = line->CutAt(StepNumber{last});
      const auto state = line->State(kPlanner, StepNumber{last});
      if (!cut.ok() || !state.ok()) failed = Status::Internal("cannot read");
      if (failed.ok() && last > 0 && state->bytes != StateText(last)) ++wrong;
    }
  });
  WriteSteps(writer.get(), 1, kSteps);
  reader.join();
  CHECK(failed == Status());
  CHECK(wrong == 0);
}

TEST_CASE("a line that outlives its writer's seal is told so and does no harm") {
  Fixture f;
  auto writer = f.NewSession();
  WriteSteps(writer.get(), 1, 3);
  auto line = Must(writer->Read());
  REQUIRE(writer->Seal({}) == Status());
  CHECK(line->Step(StepNumber{1}).status().code() == StatusCode::kUnavailable);
  CHECK(writer->Read().status().code() == StatusCode::kUnavailable);
}

TEST_CASE("message ids are read as they are printed, and typing errors name the nearest agent") {
  Fixture f;
  auto writer = f.NewSession();
  AgentRecord odd;
  odd.id = AgentId{3};
  odd.name = "team/lead 2.0";
  REQUIRE(writer->PutAgent(odd, Body{}) == Status());
  MessageRecord message;
  message.id = {kPlanner, AgentClock{1}, 0, 0};
  const Body body{"hello", "text/plain"};
  StepRecord step = OneStep(kPlanner, 1, 1);
  REQUIRE(writer->PutMessage(&message, &body) == Status());
  REQUIRE(writer->Commit(&step, std::monostate()) == Status());
  REQUIRE(writer->Flush() == Status());
  auto line = Must(writer->Read());
  for (const MessageId& id : {MessageId{kPlanner, AgentClock{12}, 3, 0},
                              MessageId{kCoder, AgentClock{1}, 0, 2},
                              MessageId{kOutside, AgentClock{0}, 7, 0},
                              MessageId{odd.id, AgentClock{4}, 1, 0}}) {
    CHECK(Must(line->ParseMessageId(line->FormatMessageId(id))) == id);
  }
  CHECK(line->FormatMessageId({kCoder, AgentClock{1}, 0, 2}) == "coder/1.0+2");
  for (const char* text : {"", "/", "planner", "planner/", "planner/1", "planner/1.", "/1.0",
                           "planner/1.0+", "planner/1.0+0", "planner/1.0 ", "planner/-1.0",
                           "planner/99999999999999999999.0", "planner/1.4294967296"}) {
    INFO(text);
    CHECK(line->ParseMessageId(text).status().code() == StatusCode::kInvalidArgument);
  }
  const Status typo = line->ParseMessageId("planer/1.0").status();
  CHECK(typo.code() == StatusCode::kNotFound);
  CHECK(typo.message() == "no agent 'planer'; nearest is 'planner'");
  const auto missing = [&](const MessageId& id) {
    return line->FindMessage(id).status().message();
  };
  CHECK(missing({kPlanner, AgentClock{1}, 3, 0}) ==
        "no message planner/1.3; nearest is planner/1.0");
  CHECK(missing({kPlanner, AgentClock{9}, 0, 0}) ==
        "no message planner/9.0; the last step of planner is planner/1");
  CHECK(missing({kCoder, AgentClock{1}, 0, 0}) == "no message coder/1.0; coder took no step");
  CHECK(line->Step(StepNumber{2}).status().message() == "step 2 does not exist; the last is 1");
}

TEST_CASE("a reader that follows sees a writer go without a seal") {
  Fixture f;
  auto writer = f.NewSession();
  WriteSteps(writer.get(), 1, 10);
  auto follower = Must(f.recording->OpenLine(LogId{1}));
  WriteSteps(writer.get(), 11, 20);
  writer.reset();
  CHECK(Must(follower->Refresh()));
  CHECK(follower->state() == LogState::kCrashed);
  CHECK(follower->last() == StepNumber{20});
  CHECK_FALSE(follower->end().has_value());
}

TEST_CASE("a step that began and committed in one flush leaves no open step behind") {
  Fixture f;
  auto writer = f.NewSession();
  StepRecord first = OneStep(kPlanner, 1, 1);
  StepRecord second = OneStep(kCoder, 1, 2);
  second.begin_after = StepNumber{0};
  REQUIRE(writer->Begin(first) == Status());
  REQUIRE(writer->Begin(second) == Status());
  REQUIRE(writer->Commit(&first, Body{"1", ""}) == Status());
  REQUIRE(writer->Flush() == Status());
  auto line = Must(writer->Read());
  CHECK(Must(line->OpenSteps()).size() == 1);
  REQUIRE(writer->Commit(&second, std::monostate()) == Status());
  CHECK_FALSE(second.state_changed);
  REQUIRE(writer->Flush() == Status());
  CHECK(Must(line->Refresh()));
  CHECK(Must(line->OpenSteps()).empty());
  const store::Cut cut = Must(line->CutAt(StepNumber{1}));
  REQUIRE(cut.open.size() == 1);
  CHECK(cut.open[0].commits_as == StepNumber{2});
}

TEST_CASE("open steps are listed in order of beginning, callers before what is nested in them") {
  Fixture f;
  auto writer = f.NewSession();
  const auto begin = [&](AgentId agent, int64_t wall, std::optional<AgentId> caller) {
    StepRecord step = OneStep(agent, 1, 1);
    step.began_wall = TimeNs{wall};
    if (caller) step.caller = {*caller, AgentClock{1}};
    REQUIRE(writer->Begin(step) == Status());
  };
  begin(AgentId{4}, 5, std::nullopt);
  begin(AgentId{3}, 7, std::nullopt);
  begin(AgentId{2}, 7, AgentId{3});
  begin(AgentId{1}, 7, AgentId{2});
  // Only damage makes a circle of callers.
  begin(AgentId{6}, 9, AgentId{7});
  begin(AgentId{7}, 9, AgentId{6});
  REQUIRE(writer->Flush() == Status());
  std::vector<uint32_t> order;
  for (const auto& step : Must(Must(writer->Read())->OpenSteps())) {
    order.push_back(step.begin.agent.value);
  }
  CHECK(order == std::vector<uint32_t>{4, 3, 2, 1, 6, 7});
}

TEST_CASE("what a caller gets wrong is refused and leaves the log as it was") {
  Fixture f;
  auto writer = f.NewSession();
  StepRecord gap = OneStep(kPlanner, 1, 2);
  CHECK(writer->Commit(&gap, Body{"x", ""}).code() == StatusCode::kInvalidArgument);
  StepRecord step = OneStep(kPlanner, 1, 1);
  CHECK(writer->Commit(&step, StateEdit::Append(999, "x")).code() ==
        StatusCode::kInvalidArgument);
  step.begin_after = StepNumber{1};
  CHECK(writer->Begin(step).code() == StatusCode::kInvalidArgument);
  step.begin_after = StepNumber{0};
  REQUIRE(writer->Commit(&step, StateEdit::Append(16, " and more")) == Status());
  REQUIRE(writer->Flush() == Status());
  CHECK(Must(Must(writer->Read())->State(kPlanner, StepNumber{1})).bytes ==
        "start of planner and more");
}

TEST_CASE("a dropped state is incomplete and the next one is whole") {
  Fixture f;
  auto writer = f.NewSession();
  StepRecord lost = OneStep(kPlanner, 1, 1);
  lost.incomplete = true;
  lost.state.where = BodyRef::Where::kDropped;
  lost.state.size = 4;
  REQUIRE(writer->Commit(&lost, std::monostate()) == Status());
  StepRecord edit = OneStep(kPlanner, 2, 2);
  CHECK(writer->Commit(&edit, StateEdit::Append(4, "x")).code() == StatusCode::kInvalidArgument);
  StepRecord whole = OneStep(kPlanner, 2, 2);
  REQUIRE(writer->Commit(&whole, Body{"found", "text/plain"}) == Status());
  REQUIRE(writer->Flush() == Status());
  auto line = Must(writer->Read());
  CHECK(line->State(kPlanner, StepNumber{1}).status().code() == StatusCode::kIncomplete);
  CHECK(Must(line->State(kPlanner, StepNumber{2})).bytes == "found");
}

TEST_CASE("a branch goes on from its parent's states and requests") {
  Fixture f;
  const std::string long_text(20000, 'p');
  auto writer = f.NewSession();
  EffectRecord effect;
  effect.agent = kPlanner;
  effect.clock = AgentClock{1};
  effect.kind = EffectKind::kLlm;
  const Body request{long_text + "request", "text/plain"};
  StepRecord step = OneStep(kPlanner, 1, 1);
  REQUIRE(writer->PutEffect(&effect, &request, nullptr) == Status());
  REQUIRE(writer->Commit(&step, Body{long_text + "state", "text/plain"}) == Status());
  REQUIRE(writer->Seal({}) == Status());

  auto branch = Must(f.recording->NewLog(BranchHeader("retry", LogId{1}, 1), {}));
  StepRecord edited = OneStep(kPlanner, 2, 2);
  EffectRecord again = effect;
  again.clock = AgentClock{2};
  const Body longer{long_text + "request and more", "text/plain"};
  REQUIRE(branch->PutEffect(&again, &longer, nullptr) == Status());
  REQUIRE(branch->PutEffect(&effect, nullptr, nullptr) == Status());
  CHECK(effect.request.log == LogId{1});
  REQUIRE(branch->Commit(&edited, StateEdit::Append(long_text.size() + 5, "!")) == Status());
  REQUIRE(branch->Seal({}) == Status());
  auto line = Must(f.recording->OpenLine(LogId{2}));
  CHECK(Must(line->State(kPlanner, StepNumber{2})).bytes == long_text + "state!");
  CHECK(Must(line->State(kPlanner, StepNumber{1})).bytes == long_text + "state");
  CHECK(Must(line->ReadBody(Must(line->Effects(kPlanner, AgentClock{2}))[0].request)).bytes ==
        longer.bytes);
  uint64_t stored = 0;
  for (const auto& file : Must(store::ReadSeal(f.recording->path() + "/logs/2"))) {
    if (file.name.ends_with(".sst")) stored += file.size;
  }
  // Both long texts lie in the parent's log only.
  CHECK(stored < 6000);
}

TEST_CASE("an unchanged continuation has the digest of the original, a changed one has not") {
  Fixture f;
  auto writer = f.NewSession();
  WriteRichStep(writer.get());
  StepRecord second = OneStep(kCoder, 1, 2);
  second.took = {{{kPlanner, AgentClock{1}, 0, 0}, false}};
  REQUIRE(writer->Commit(&second, Body{"parser", "text/plain"}) == Status());
  REQUIRE(writer->Seal({}) == Status());
  const auto digest_with = [&](const std::string& name, const std::string& state) {
    auto branch = Must(f.recording->NewLog(BranchHeader(name, LogId{1}, 1), {}));
    StepRecord step = OneStep(kCoder, 1, 2);
    step.took = second.took;
    step.ended_wall = TimeNs{12345};
    REQUIRE(branch->Commit(&step, Body{state, "text/plain"}) == Status());
    const LogId id = branch->id();
    REQUIRE(branch->Seal({}) == Status());
    return Must(Must(f.recording->OpenLine(id))->Digest());
  };
  const Hash128 original = Must(Must(f.recording->OpenLine(LogId{1}))->Digest());
  CHECK(digest_with("same", "parser") == original);
  CHECK(digest_with("other", "scanner") != original);
}

TEST_CASE("batches that are written behind their maker's back land in order, each told once") {
  Fixture f;
  auto writer = f.NewSession();
  std::vector<uint64_t> landed;  // step numbers; touched by one thread at a time
  for (uint64_t number = 1; number <= 200; ++number) {
    StepRecord step = OneStep(kPlanner, number, number);
    REQUIRE(writer->Begin(step) == Status());
    REQUIRE(writer->Commit(&step, Body{StateText(number), "text/plain"}) == Status());
    if (number % 50 == 0) {
      REQUIRE(writer->Flush() == Status());
      CHECK(landed.size() == number - number / 50);  // a flush waits for all before it
    } else {
      const auto note = [&landed, number](const Status& written) {
        if (written.ok()) landed.push_back(number);
      };
      REQUIRE(writer->FlushBehind(note) == Status());
    }
  }
  CHECK(std::is_sorted(landed.begin(), landed.end()));
  SECTION("sealed") {
    REQUIRE(writer->Seal({}) == Status());
    CHECK(writer->FlushBehind([](const Status&) {}).code() == StatusCode::kUnavailable);
  }
  SECTION("left open") {
    StepRecord step = OneStep(kPlanner, 201, 201);
    REQUIRE(writer->Commit(&step, Body{StateText(201), "text/plain"}) == Status());
    REQUIRE(writer->FlushBehind([](const Status&) {}) == Status());
    writer.reset();
  }
  auto line = Must(f.recording->OpenLine(LogId{1}));
  CHECK(line->last().value >= 200);
  for (uint64_t number = 1; number <= line->last().value; ++number) {
    CHECK(Must(line->State(kPlanner, StepNumber{number})).bytes == StateText(number));
  }
  CHECK(Must(line->Step(StepNumber{200})).number == StepNumber{200});
}

TEST_CASE("a disk that refuses ends the log with the reason, and what was flushed is readable") {
  Fixture f;
  auto writer = f.NewSession();
  WriteSteps(writer.get(), 1, 5);
  const bool behind = GENERATE(false, true);
  struct rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 64 << 10;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  Status failed;
  uint64_t number = 6;
  for (; number < 100 && failed.ok(); ++number) {
    StepRecord step = OneStep(kPlanner, number, number);
    std::string state;
    for (uint64_t i = 0; i < 2000; ++i) state += static_cast<char>(MixSeed(1, number, i, 0));
    failed = writer->Commit(&step, Body{state, "application/octet-stream"});
    if (!failed.ok()) break;
    failed = behind ? writer->FlushBehind([](const Status&) {}) : writer->Flush();
  }
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(failed.code() == StatusCode::kIo);
  CHECK(failed.message().find("test.backstep/logs/1") != std::string::npos);
  // The disk has room again, but a gap in the log would be worse than its end.
  CHECK(writer->Flush() == failed);
  CHECK(writer->Seal({}) == failed);
  writer.reset();
  auto line = Must(f.recording->OpenLine(LogId{1}));
  CHECK(line->state() == LogState::kCrashed);
  CHECK(line->last() >= StepNumber{5});
  CHECK(line->last() < StepNumber{number});
  CHECK(Must(line->State(kPlanner, StepNumber{5})).bytes == StateText(5));
}

TEST_CASE("directories and files of a recording are their owner's alone, whatever the umask") {
  const mode_t before = umask(0);
  Fixture f;
  auto writer = f.NewSession();
  WriteSteps(writer.get(), 1, 3);
  SECTION("while written") {}
  SECTION("sealed") { REQUIRE(writer->Seal({}) == Status()); }
  umask(before);
  namespace fs = std::filesystem;
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(f.recording->path())) {
    INFO(entry.path());
    const fs::perms file = fs::perms::owner_read | fs::perms::owner_write;
    CHECK(entry.status().permissions() == (entry.is_directory() ? fs::perms::owner_all : file));
    ++files;
    const std::string name = entry.path().filename().string();
    CHECK_FALSE(name.starts_with("LOG"));
  }
  CHECK(files > 5);
  CHECK(fs::status(f.recording->path()).permissions() == fs::perms::owner_all);
}

}  // namespace backstep::testing
