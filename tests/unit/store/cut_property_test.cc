#include <algorithm>
#include <tuple>

#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/random_log.h"

namespace backstep::testing {
namespace {

using store::Line;
using store::Recording;

std::string Text(const StepRef& step) {
  return std::to_string(step.first.value) + "/" + std::to_string(step.second.value);
}

std::string Text(const std::set<StepRef>& steps) {
  std::string out;
  for (const StepRef& step : steps) out += Text(step) + " ";
  return out;
}

std::string Text(const std::vector<MessageId>& messages) {
  std::string out;
  for (const MessageId& id : messages) {
    out += Text(StepRef(id.sender, id.clock)) + "." + std::to_string(id.ordinal) + " ";
  }
  return out;
}

void CheckAgents(const CutModel& expected, const store::Cut& cut) {
  REQUIRE(cut.agents.size() == kRandomAgents);
  for (const store::AgentAt& agent : cut.agents) {
    const auto newest = expected.newest.find(agent.id);
    const auto clock_max = expected.clock_max.find(agent.id);
    CHECK(agent.clock_max ==
          (clock_max == expected.clock_max.end() ? AgentClock{} : clock_max->second));
    if (newest == expected.newest.end()) {
      CHECK(agent.last_step == StepNumber{});
      CHECK(agent.state.size == 2);
      continue;
    }
    CHECK(agent.clock == newest->second->clock);
    CHECK(agent.last_step == newest->second->number);
    CHECK(agent.virtual_time == newest->second->began_virtual + newest->second->duration);
    CHECK(agent.state.hash == newest->second->state.hash);
  }
}

void CheckCut(Line* line, const LogModel& model, StepNumber n) {
  INFO("log " << model.id.value << " at " << n.value);
  const CutModel expected = CutOf(model, n);
  const auto cut = line->CutAt(n);
  REQUIRE(cut.status() == Status());
  CHECK(cut->step == n);
  CheckAgents(expected, *cut);
  std::vector<MessageId> mailbox;
  for (const store::Waiting& waiting : cut->mailboxes) mailbox.push_back(waiting.id);
  CHECK(Text(mailbox) == Text(expected.mailbox));
  std::set<StepRef> open;
  for (const store::OpenStep& step : cut->open) {
    const StepRef ref{step.begin.agent, step.begin.clock};
    open.insert(ref);
    const auto finished = expected.finished.find(ref);
    if (finished != expected.finished.end()) CHECK(step.effects_finished == finished->second);
    const auto commits = line->StepOf(ref.first, ref.second);
    REQUIRE(commits.ok());
    CHECK(step.commits_as == *commits);
  }
  CHECK(Text(open) == Text(expected.open));
}

void CheckLine(Line* line, const LogModel& model) {
  REQUIRE(line->last() == model.last());
  for (uint64_t n = 0; n <= model.last().value; ++n) CheckCut(line, model, StepNumber{n});
}

// Effects after a moment, by the definition: of steps not committed by then.
void CheckEffects(Line* line, const LogModel& model, StepNumber after) {
  std::set<StepRef> committed;
  for (const StepRecord* step : StepsOf(model, after)) committed.insert({step->agent, step->clock});
  std::set<std::tuple<AgentId, AgentClock, uint32_t>> expected, seen;
  std::set<StepRef> whole;  // ran to their end in a log of the line; only that log's effects count
  StepNumber limit = model.last();
  for (const LogModel* log = &model; log != nullptr; log = log->parent) {
    std::set<StepRef> whole_here;
    for (const StepRecord& step : log->steps) {
      if (step.number <= limit) whole_here.insert({step.agent, step.clock});
    }
    for (const EffectRecord& effect : log->effects) {
      const StepRef ref{effect.agent, effect.clock};
      if (committed.contains(ref) || whole.contains(ref) || limit < log->fork) continue;
      const bool never = std::none_of(log->steps.begin(), log->steps.end(), [&](const auto& s) {
        return StepRef(s.agent, s.clock) == ref;
      });
      if (whole_here.contains(ref) || effect.finished_after < limit ||
          (never && limit == log->last())) {
        expected.insert({effect.agent, effect.clock, effect.ordinal});
      }
    }
    whole.merge(whole_here);
    limit = std::min(limit, log->fork);
  }
  std::tuple<AgentId, AgentClock> previous;
  const Status scanned = line->ScanEffects(after, [&](const EffectRecord& effect) {
    CHECK(std::tuple(effect.agent, effect.clock) >= previous);
    previous = {effect.agent, effect.clock};
    CHECK(seen.insert({effect.agent, effect.clock, effect.ordinal}).second);
    return true;
  });
  REQUIRE(scanned == Status());
  CHECK(seen.size() == expected.size());
  CHECK((seen == expected));
}

}  // namespace

TEST_CASE("every cut of a line is what folding its records by the definitions gives") {
  const uint64_t seed = GENERATE(1, 2, 3);
  if (seed > testing::Rounds(2, 3)) return;
  TempDir dir;
  auto recording = Recording::Create(dir / "random.backstep");
  REQUIRE(recording.status() == Status());
  RandomLog main(seed, recording->get(), nullptr, StepNumber{});
  const bool is_long = testing::IsLong();
  // More than the 256 steps after which a cut is kept whole.
  const uint64_t steps = is_long ? 600 : 330;
  main.Write(steps);
  REQUIRE(main.writer()->Flush().ok());
  SECTION("while it is written") {
    auto live = main.writer()->Read();
    REQUIRE(live.status() == Status());
    CheckLine(live->get(), main.model());
  }
  SECTION("after its writer has gone without a seal") {
    main.Close(false);
    auto line = (*recording)->OpenLine(main.model().id);
    REQUIRE(line.status() == Status());
    CHECK((*line)->state() == store::LogState::kCrashed);
    CheckLine(line->get(), main.model());
    for (const uint64_t after : {uint64_t{0}, uint64_t{1}, uint64_t{200}, steps - 1, steps}) {
      CheckEffects(line->get(), main.model(), StepNumber{after});
    }
  }
  SECTION("after it was sealed, on branches and branches of branches") {
    main.Close(true);
    RandomLog branch(seed + 100, recording->get(), &main.model(), StepNumber{300 + seed});
    branch.Write(is_long ? 320 : 160);
    branch.Close(true);
    RandomLog inner(seed + 200, recording->get(), &branch.model(), StepNumber{400});
    inner.Write(30);
    inner.Close(false);
    // Leaves its parent at a moment that lies before the parent's own fork.
    RandomLog outer(seed + 300, recording->get(), &branch.model(), StepNumber{120});
    outer.Write(30);
    outer.Close(true);
    RandomLog empty(seed + 400, recording->get(), &main.model(), main.model().last());
    REQUIRE(empty.writer()->Flush().ok());
    empty.Close(false);
    for (const RandomLog* log : {&main, &branch, &inner, &outer, &empty}) {
      INFO("log " << log->model().id.value);
      auto line = (*recording)->OpenLine(log->model().id);
      REQUIRE(line.status() == Status());
      CheckLine(line->get(), log->model());
      for (const uint64_t after : {0, 100, 120, 250, 310}) {
        if (after <= log->model().last().value) {
          CheckEffects(line->get(), log->model(), StepNumber{after});
        }
      }
    }
  }
}

TEST_CASE("the state of an agent at a moment is the one its newest step left") {
  TempDir dir;
  auto recording = Recording::Create(dir / "random.backstep");
  REQUIRE(recording.status() == Status());
  RandomLog main(7, recording->get(), nullptr, StepNumber{});
  main.Write(300);
  main.Close(true);
  RandomLog branch(8, recording->get(), &main.model(), StepNumber{150});
  branch.Write(100);
  branch.Close(true);
  auto line = (*recording)->OpenLine(branch.model().id);
  REQUIRE(line.status() == Status());
  std::map<AgentId, std::string> states;
  for (const StepRecord* step : StepsOf(branch.model(), branch.model().last())) {
    const LogModel& log = step->number > StepNumber{150} ? branch.model() : main.model();
    const auto text = log.states.find(step->number);
    if (text != log.states.end()) states[step->agent] = text->second;
    for (uint32_t id = 1; id <= kRandomAgents; ++id) {
      const auto state = (*line)->State(AgentId{id}, step->number);
      REQUIRE(state.status() == Status());
      const auto known = states.find(AgentId{id});
      REQUIRE(state->bytes == (known == states.end() ? "{}" : known->second));
    }
  }
}

TEST_CASE("an unchanged prefix gives a branch the messages of its parent and no others") {
  TempDir dir;
  auto recording = Recording::Create(dir / "random.backstep");
  REQUIRE(recording.status() == Status());
  RandomLog main(9, recording->get(), nullptr, StepNumber{});
  main.Write(200);
  main.Close(true);
  RandomLog branch(10, recording->get(), &main.model(), StepNumber{90});
  branch.Write(50);
  branch.Close(true);
  auto line = (*recording)->OpenLine(branch.model().id);
  REQUIRE(line.status() == Status());
  std::set<MessageId> seen;
  MessageId previous;
  REQUIRE((*line)->ScanMessages([&](const MessageRecord& message) {
    CHECK((seen.empty() || previous < message.id));
    previous = message.id;
    return seen.insert(message.id).second;
  }) == Status());
  for (const StepRecord* step : StepsOf(branch.model(), branch.model().last())) {
    for (const SentMessage& sent : step->sent) {
      CHECK(seen.contains(sent.id));
      CHECK((*line)->FindMessage(sent.id).ok());
    }
    for (const TakenMessage& taken : step->took) {
      CHECK((*line)->FindMessage(taken.id).ok());
    }
  }
  std::set<StepRef> own;
  for (const StepBegin& begin : branch.model().begun) own.insert({begin.agent, begin.clock});
  for (const MessageRecord& message : main.model().messages) {
    const bool after = message.sent_after > StepNumber{90};
    const bool replaced = own.contains({message.id.sender, message.id.clock});
    if (after && !replaced && message.id.sender != kOutside) {
      const auto step = std::find_if(
          main.model().steps.begin(), main.model().steps.end(), [&](const StepRecord& s) {
            return StepRef(s.agent, s.clock) == StepRef(message.id.sender, message.id.clock);
          });
      const bool before = step != main.model().steps.end() && step->number <= StepNumber{90};
      CHECK(seen.contains(message.id) == before);
    }
  }
}

}  // namespace backstep::testing
