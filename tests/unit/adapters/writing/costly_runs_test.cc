// Runs made so that writing them would take their size squared.
#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/recorder/adapters/ordering/order.h"
#include "backstep/tests/unit/adapters/drafts.h"

namespace backstep::adapters {
namespace {

bool Says(const ImportSummary& summary, const std::string& what) {
  return std::any_of(summary.skipped.begin(), summary.skipped.end(), [&](const SkippedRecord& s) {
    return s.reason.find(what) != s.reason.npos;
  });
}

// Agents that each say one thing, and each have heard all that was said before.
SessionDraft Crowd(Sink& sink, int agents, const std::string& said) {
  SessionDraft draft;
  draft.name = "crowd";
  draft.state_source = StateSource::kReconstructed;
  draft.conversations.resize(1);
  for (int i = 0; i < agents; ++i) {
    draft.conversations[0].entries.push_back(sink.Keep(said, Media::kText));
    draft.Add(
        StepDraft{.agent = draft.Agent("a" + std::to_string(i)),
                  .state = ConversationPoint{ConversationIndex(0), static_cast<uint32_t>(i + 1)}});
  }
  return draft;
}

}  // namespace

TEST_CASE("a conversation of a few is held by each of them, whole") {
  testing::Imported imported;
  const ImportSummary summary = imported.Import(
      [](Sink& sink) { return sink.Session(Crowd(sink, 20, std::string(1000, 's'))); });
  CHECK(summary.skipped.empty());
  CHECK(imported.Read()->State(AgentId(20), StepNumber(20))->bytes.size() > 20'000);
}

TEST_CASE("a conversation of thousands is not written for each of them, and that is told") {
  testing::Imported imported;
  constexpr int kAgents = 450;
  const ImportSummary summary = imported.Import(
      [](Sink& sink) { return sink.Session(Crowd(sink, kAgents, std::string(1'000, 's'))); });
  CHECK(summary.steps == kAgents);
  CHECK(Says(summary, "states are left out"));
  imported.CheckSound();
  CHECK(imported.Read()->State(AgentId(kAgents), StepNumber(kAgents))->bytes ==
        R"({"reconstructed":true,"conversation":[]})");
}

TEST_CASE("a text that is sent to thousands is not written for each of them, and that is told") {
  testing::Imported imported;
  const ImportSummary summary = imported.Import([](Sink& sink) {
    SessionDraft draft;
    const StepIndex from = draft.Add(StepDraft{.agent = draft.Agent("a")});
    const KeptBody body = sink.Keep(std::string(1u << 20, 'b'), Media::kText);
    for (int i = 0; i < 200; ++i) {
      draft.Add(
          MessageDraft{.from = from, .to = draft.Agent("b" + std::to_string(i)), .body = body});
    }
    return sink.Session(std::move(draft));
  });
  CHECK(summary.messages == 200);
  CHECK(Says(summary, "messages are without their text"));
  imported.CheckSound();
}

TEST_CASE("steps that lie in each other by the hundred thousand are put in order") {
  constexpr uint32_t kSteps = 600'000;
  SessionDraft draft;
  const AgentIndex agent = draft.Agent("a");
  for (uint32_t i = 0; i < kSteps; ++i) {
    StepDraft step{.agent = agent};
    if (i > 0) step.parent = StepIndex(i - 1);
    draft.Add(std::move(step));
  }
  REQUIRE(CheckDraft(&draft).ok());
  CHECK(OrderOf(&draft).happenings.size() == 2 * kSteps);
}

}  // namespace backstep::adapters
