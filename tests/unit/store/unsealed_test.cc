// What a recording keeps open of a log that is not sealed shows neither too little nor too long.
#include <memory>

#include "backstep/store/rewrite.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::testing {
namespace {

using store::LogState;
using store::Recording;

constexpr LogId kFirst{1};

std::unique_ptr<store::LogWriter> NewLive(Recording* recording, uint64_t steps) {
  auto writer = Must(recording->NewLog(SessionHeader("run"), {}));
  testing::PutAgents(writer.get(), {"planner", "coder"});
  WriteSteps(writer.get(), 1, steps);
  return writer;
}

}  // namespace

TEST_CASE("a line of a live log that was looked at before holds what came since, and follows") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  auto writer = NewLive(recording.get(), 3);
  const auto reader = Must(Recording::Open(recording->path()));
  CHECK(Must(reader->Logs()).at(0).last == StepNumber(3));
  WriteSteps(writer.get(), 4, 5);
  auto line = Must(reader->OpenLine(kFirst));
  CHECK(line->last() == StepNumber(5));
  CHECK(Must(line->State(AgentId{1}, StepNumber{5})).bytes == StateText(5));
  WriteSteps(writer.get(), 6, 7);
  CHECK(Must(reader->Logs()).at(0).last == StepNumber(7));
  CHECK(line->last() == StepNumber(5));
  CHECK(Must(line->Refresh()));
  CHECK(line->last() == StepNumber(7));
  auto other = Must(reader->OpenLine(kFirst));
  REQUIRE(writer->Seal({}) == Status());
  writer.reset();
  CHECK(Must(reader->Logs()).at(0).state == LogState::kSealed);
  CHECK(Must(reader->OpenLine(kFirst))->state() == LogState::kSealed);
  CHECK(Must(other->State(AgentId{1}, StepNumber{7})).bytes == StateText(7));
}

TEST_CASE("a crashed log that was looked at and then sealed is opened as sealed") {
  TempDir dir;
  auto recording = Must(Recording::Create(dir / "a.backstep"));
  NewLive(recording.get(), 3).reset();
  const auto reader = Must(Recording::Open(recording->path()));
  CHECK(Must(reader->Logs()).at(0).state == LogState::kCrashed);
  REQUIRE(Must(store::SealLog(*recording, kFirst, {})).replaced);
  auto line = Must(reader->OpenLine(kFirst));
  CHECK(line->state() == LogState::kSealed);
  CHECK(line->end());
  CHECK(Must(line->State(AgentId{1}, StepNumber{3})).bytes == StateText(3));
  CHECK(Must(reader->Logs()).at(0).state == LogState::kSealed);
}

}  // namespace backstep::testing
