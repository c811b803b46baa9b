// Two steps side by side, and what a fork would run, on a program of two agents.
#include "backstep/replay/view/comparison/line_pair.h"

#include <algorithm>

#include "backstep/replay/view/fork/fork_plan.h"
#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using replay::LinePair;
using replay::PairPart;
using replay::StepPair;
using testing::Ask;
using testing::From;
using testing::ScriptProgram;
using testing::TempDir;
using testing::To;

// asker asks a model about its task and tells doer, who asks a tool.
struct Pair {
  int live = 0;
  ScriptProgram program;

  Pair() {
    program.behaviours = {
        {"asker", [this](replay::Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state = Ask(step, EffectKind::kLlm, "gpt", step.taken()[0].body.bytes, &live);
           step.Send(To("doer", *state));
           return Status();
         }},
        {"doer", [this](replay::Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state = Ask(step, EffectKind::kTool, "make", step.taken()[0].body.bytes, &live);
           return Status();
         }}};
    program.start = {To("asker", "a small one")};
  }
};

Experiment Edited(MissPolicy policy) {
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0", "a large one", "", ""}};
  experiment.on_miss = {{"llm", policy, ""}, {"tool", policy, ""}};
  return experiment;
}

const PairPart* Find(const StepPair& pair, PairPart::Kind kind) {
  const auto found = std::find_if(pair.parts.begin(), pair.parts.end(),
                                  [&](const PairPart& part) { return part.kind == kind; });
  return found == pair.parts.end() ? nullptr : &*found;
}

TEST_CASE("A step is shown beside the step with its agent and clock, part by part") {
  const TempDir dir;
  Pair pair;
  const auto recording = testing::RecordScript(pair.program, dir / "a.backstep");
  const auto result = testing::MustReplay(pair.program, *recording, Edited(MissPolicy::kLive));
  REQUIRE(result.result == "finished");
  auto lines = LinePair::Open(*recording, "main", result.branch_name);
  REQUIRE(lines.ok());
  const auto steps = (*lines)->Steps("asker", AgentClock{1});
  REQUIRE(steps.ok());
  CHECK(steps->a.value == 1);
  CHECK(steps->b.value == 1);
  CHECK(!steps->alike());
  CHECK(steps->differs_in ==
        std::vector<std::string>{"took", "request", "response", "sent", "state"});
  const PairPart* request = Find(*steps, PairPart::Kind::kRequest);
  REQUIRE(request != nullptr);
  REQUIRE(request->diff.lines.size() == 1);
  CHECK(request->diff.lines[0].before == "a small one");
  CHECK(request->diff.lines[0].after == "a large one");
  CHECK(replay::ToJson(*steps).find("\"asker/1\"") != std::string::npos);
}

TEST_CASE("A step that one side has not is said to be missing there") {
  const TempDir dir;
  Pair pair;
  const auto recording = testing::RecordScript(pair.program, dir / "a.backstep");
  const auto result = testing::MustReplay(pair.program, *recording, Edited(MissPolicy::kFail));
  REQUIRE(result.result == "paused");
  auto lines = LinePair::Open(*recording, "main", result.branch_name);
  REQUIRE(lines.ok());
  const auto steps = (*lines)->Steps("doer", AgentClock{1});
  REQUIRE(steps.ok());
  CHECK(steps->a.value == 2);
  CHECK(steps->b.value == 0);
  CHECK(!steps->row_b.has_value());
  CHECK(Find(*steps, PairPart::Kind::kState)->in_a);
  CHECK(!Find(*steps, PairPart::Kind::kState)->in_b);
  const auto nowhere = (*lines)->Steps("nobody", AgentClock{1});
  REQUIRE(nowhere.ok());
  CHECK((nowhere->a.value == 0 && nowhere->b.value == 0));
}

TEST_CASE("Two recordings are compared by agent and clock, and a moment ends its side") {
  const TempDir dir;
  Pair one, two;
  const auto recording = testing::RecordScript(one.program, dir / "a.backstep");
  two.program.start = {To("asker", "another")};
  (void)testing::RecordScript(two.program, dir / "b.backstep");
  auto lines = LinePair::Open(*recording, "main", dir / "b.backstep:main");
  REQUIRE(lines.ok());
  const auto compared = (*lines)->Compare();
  REQUIRE(compared.ok());
  CHECK(compared->lines.differing_count == 2);
  CHECK((*lines)->Steps("doer", AgentClock{1})->b.value == 2);
  auto until = LinePair::Open(*recording, "main:1", dir / "b.backstep");
  REQUIRE(until.ok());
  CHECK((*until)->Steps("doer", AgentClock{1})->a.value == 0);
  CHECK(!LinePair::Open(*recording, "main", dir / "none.backstep:main").ok());
  CHECK(!LinePair::Open(*recording, "main", "b7").ok());
}

TEST_CASE("A plan says what is shared, what runs again, and what may run live at which cost") {
  const TempDir dir;
  Pair pair;
  const auto recording = testing::RecordScript(pair.program, dir / "a.backstep");
  Experiment experiment = Edited(MissPolicy::kLive);
  experiment.limits.cost_usd_max = 0.5;
  const auto plan = replay::PlanFork(*recording, experiment, true);
  REQUIRE(plan.ok());
  CHECK(plan->problem.empty());
  CHECK(plan->steps_shared == 0);
  CHECK(plan->steps_after == 2);
  CHECK(plan->calls_recorded == 2);
  CHECK(plan->live_calls_max == 2);
  CHECK(plan->live_usage_max.cost_usd == 0.02);
  CHECK(replay::ExplainPlan(*plan).size() == 3);
  const auto paused = replay::PlanFork(*recording, Edited(MissPolicy::kFail), true);
  REQUIRE(paused.ok());
  CHECK(paused->live_calls_max == 0);
}

TEST_CASE("A plan that cannot run says why, and that is no error") {
  const TempDir dir;
  Pair pair;
  const auto recording = testing::RecordScript(pair.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "asker/9.0", "x", "", ""}};
  const auto plan = replay::PlanFork(*recording, experiment, true);
  REQUIRE(plan.ok());
  CHECK(!plan->problem.empty());
  CHECK(replay::ExplainPlan(*plan) == std::vector<std::string>{plan->problem});
}

}  // namespace
}  // namespace backstep
