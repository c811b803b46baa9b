#include <string>
#include <vector>

#include "backstep/schemas/codec/codec.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"

namespace backstep::testing {
namespace {

using store::Line;
using store::Recording;

std::string Text(const StepRecord& step, const std::vector<EffectRecord>& effects) {
  std::string text = Encode(step);
  for (const EffectRecord& effect : effects) text += "|" + Encode(effect);
  return text;
}

std::vector<std::string> OneByOne(Line& line, StepNumber from, StepNumber to) {
  std::vector<std::string> texts;
  for (StepNumber n = from; n <= to; n = n.Next()) {
    const StepRecord step = line.Step(n).value();
    texts.push_back(Text(step, line.Effects(step.agent, step.clock).value()));
  }
  return texts;
}

std::vector<std::string> Scanned(Line& line, StepNumber from, StepNumber to) {
  std::vector<std::string> texts;
  const Status status = line.ScanStepsWithEffects(
      from, to, [&](const StepRecord& step, const std::vector<EffectRecord>& effects) {
        texts.push_back(Text(step, effects));
        return true;
      });
  REQUIRE(status == Status());
  return texts;
}

std::string MessageText(const MessageRecord& message) {
  return std::to_string(message.id.sender.value) + "/" + std::to_string(message.id.clock.value) +
         "." + std::to_string(message.id.ordinal) + " " + message.body.hash.ToHex();
}

// The messages too: of each step those it sent.
void CheckScannedInFull(Line& line, StepNumber from, StepNumber to) {
  std::vector<std::string> texts;
  const Status status = line.ScanStepsInFull(
      from, to, [&](const auto& step, const auto& effects, const auto& sent) {
        INFO("step " << step.number.value);
        REQUIRE(sent.size() == step.sent.size());
        for (size_t i = 0; i < sent.size(); ++i) {
          CHECK(MessageText(sent[i]) == MessageText(line.FindMessage(step.sent[i].id).value()));
        }
        texts.push_back(Text(step, effects));
        return true;
      });
  REQUIRE(status == Status());
  CHECK(texts == OneByOne(line, from, to));
}

TEST_CASE("steps scanned with their effects are those that are read one by one, branches' too") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    const TempDir dir;
    auto recording = Recording::Create(dir / "r");
    REQUIRE(recording.ok());
    RandomLog session(seed, recording->get(), nullptr, StepNumber());
    session.Write(200);
    session.Close(true);
    RandomLog branch(seed + 50, recording->get(), &session.model(), StepNumber(90));
    branch.Write(120);
    branch.Close(true);
    for (const uint32_t log : {1, 2}) {
      const auto line = (*recording)->OpenLine(LogId(log));
      REQUIRE(line.ok());
      const StepNumber last = (*line)->last();
      CHECK(Scanned(**line, StepNumber(1), last) == OneByOne(**line, StepNumber(1), last));
      CHECK(Scanned(**line, StepNumber(77), StepNumber(130)) ==
            OneByOne(**line, StepNumber(77), StepNumber(130)));
      CheckScannedInFull(**line, StepNumber(1), last);
      CheckScannedInFull(**line, StepNumber(77), StepNumber(130));
    }
  }
}

TEST_CASE("steps, effects and messages are the same in whatever order they are asked for") {
  const TempDir dir;
  auto recording = Recording::Create(dir / "r");
  REQUIRE(recording.ok());
  RandomLog session(5, recording->get(), nullptr, StepNumber());
  session.Write(200);
  session.Close(true);
  RandomLog branch(55, recording->get(), &session.model(), StepNumber(90));
  branch.Write(120);
  branch.Close(true);
  for (const uint32_t log : {1, 2}) {
    const auto line = (*recording)->OpenLine(LogId(log));
    REQUIRE(line.ok());
    const StepNumber last = (*line)->last();
    const auto expected = Scanned(**line, StepNumber(1), last);
    RandomStream random(7);
    StepNumber at(1);
    for (int i = 0; i < 1000; ++i) {
      // Mostly the next, now and then the same again, one before, or anywhere.
      const uint64_t move = random.Next() % 8;
      if (move == 0) at = StepNumber(1 + random.Next() % last.value);
      if (move == 1 && at.value > 1) at = StepNumber(at.value - 1);
      if (move > 2) at = StepNumber(at.value % last.value + 1);
      INFO("step " << at.value);
      const StepRecord step = (*line)->Step(at).value();
      REQUIRE(Text(step, (*line)->Effects(step.agent, step.clock).value()) ==
              expected[at.value - 1]);
      for (const SentMessage& sent : step.sent) {
        REQUIRE((*line)->FindMessage(sent.id).value().id == sent.id);
        MessageId never = sent.id;
        never.copy += 1000;
        REQUIRE((*line)->FindMessage(never).status().code() == StatusCode::kNotFound);
      }
    }
    REQUIRE((*line)->Step(last.Next()).status().code() == StatusCode::kNotFound);
  }
}

TEST_CASE("a scan of steps with their effects ends where it is told to") {
  const TempDir dir;
  auto recording = Recording::Create(dir / "r");
  REQUIRE(recording.ok());
  RandomLog session(9, recording->get(), nullptr, StepNumber());
  session.Write(50);
  session.Close(true);
  const auto line = (*recording)->OpenLine(LogId(1));
  REQUIRE(line.ok());
  int steps = 0;
  REQUIRE((*line)->ScanStepsWithEffects(StepNumber(1), (*line)->last(),
                                        [&](const StepRecord&, const std::vector<EffectRecord>&) {
                                          return ++steps < 7;
                                        }) == Status());
  CHECK(steps == 7);
}

}  // namespace
}  // namespace backstep::testing
