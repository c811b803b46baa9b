// Whatever an importer understood, what is written of it is a sound recording.
#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/recorder/adapters/ordering/order.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/unit/adapters/random_draft.h"

namespace backstep::adapters {
namespace {

using backstep::testing::kSanitized;
using testing::RandomDraft;

// What the store asks of an order, from its words alone.
void CheckOrder(const SessionDraft& draft, const Order& order) {
  using Kind = Happening::Kind;
  constexpr size_t kNever = SIZE_MAX;
  std::vector<size_t> begun(draft.steps.size(), kNever), ended(begun);
  std::vector<size_t> sent(draft.messages.size(), kNever), taken(sent);
  std::vector<std::vector<uint32_t>> open(draft.agents.size());
  size_t others = 0;
  for (size_t at = 0; at < order.happenings.size(); ++at) {
    const auto [kind, index] = order.happenings[at];
    if (kind == Kind::kBegin) {
      const StepDraft& step = draft.steps[index];
      REQUIRE(begun[index] == kNever);
      begun[index] = at;
      if (step.parent) REQUIRE(begun[step.parent->value] != kNever);
      if (step.parent) REQUIRE(ended[step.parent->value] == kNever);
      auto& of_agent = open[step.agent.value];
      if (!of_agent.empty()) {  // then it lies in that one
        auto around = step.parent;
        while (around && around->value != of_agent.back()) {
          around = draft.steps[around->value].parent;
        }
        REQUIRE(around.has_value());
      }
      of_agent.push_back(index);
    } else if (kind == Kind::kCommit) {
      REQUIRE(begun[index] != kNever);
      REQUIRE(ended[index] == kNever);
      ended[index] = at;
      REQUIRE(open[draft.steps[index].agent.value].back() == index);
      open[draft.steps[index].agent.value].pop_back();
    } else if (kind == Kind::kSend) {
      REQUIRE(sent[index] == kNever);
      sent[index] = at;
    } else if (kind == Kind::kTake) {
      taken[index] = at;
    } else {
      ++others;
    }
  }
  CHECK(others == draft.effects.size() + draft.notes.size());
  for (size_t i = 0; i < draft.steps.size(); ++i) REQUIRE(ended[i] != kNever);
  for (size_t i = 0; i < draft.messages.size(); ++i) {
    const MessageDraft& message = draft.messages[i];
    REQUIRE(sent[i] != kNever);
    if (message.from) {
      CHECK(begun[message.from->value] < sent[i]);
      CHECK(sent[i] < ended[message.from->value]);
    }
    if (!message.taken_by) continue;
    const size_t when = message.taken_in_mid_step ? taken[i] : begun[message.taken_by->value];
    REQUIRE(when != kNever);
    CHECK(sent[i] < when);
    CHECK(when < ended[message.taken_by->value]);
  }
}

}  // namespace

TEST_CASE("any draft has an order that a store can take") {
  for (uint64_t seed = 1; seed <= (backstep::testing::IsLong() ? 50000
                                   : kSanitized                ? 500
                                                               : 5000);
       ++seed) {
    INFO("seed " << seed);
    SessionDraft draft = RandomDraft(seed, nullptr).Make(3 + seed % 40);
    REQUIRE(CheckDraft(&draft).ok());
    const Order order = OrderOf(&draft);
    CheckOrder(draft, order);
  }
}

TEST_CASE("any draft makes a sound recording") {
  testing::Imported imported;
  uint64_t steps = 0;
  const ImportSummary summary = imported.Import([&](Sink& sink) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      SessionDraft draft = RandomDraft(seed, &sink).Make(60);
      steps += draft.steps.size();
      BACKSTEP_RETURN_IF_ERROR(sink.Session(std::move(draft)));
    }
    return Status();
  });
  CHECK(summary.sessions == 40);
  CHECK(summary.steps == steps);
  imported.CheckSound();
}

TEST_CASE("long chains and wide crowds are ordered in no time that grows with their square") {
  SessionDraft chain;
  for (uint32_t i = 0; i < 100000; ++i) {
    StepDraft step{.agent = chain.Agent("agent" + std::to_string(i % 7))};
    if (i > 0) step.parent = StepIndex(i - 1);
    chain.Add(std::move(step));
  }
  REQUIRE(CheckDraft(&chain).ok());
  CHECK(OrderOf(&chain).happenings.size() == 200000);

  // Each waits for the next, and the last for the first.
  SessionDraft circle;
  for (uint32_t i = 0; i < 100000; ++i) circle.Add(StepDraft{.agent = circle.Agent("one")});
  for (uint32_t i = 0; i < 100000; ++i) {
    circle.Add(MessageDraft{.from = StepIndex((i + 1) % 100000), .to = AgentIndex(0),
                            .taken_by = StepIndex(i)});
  }
  REQUIRE(CheckDraft(&circle).ok());
  const Order order = OrderOf(&circle);
  CHECK(order.happenings.size() == 300000);
  CHECK(order.links_dropped == 1);
  CHECK(circle.steps.size() == 100000);
}

}  // namespace backstep::adapters
