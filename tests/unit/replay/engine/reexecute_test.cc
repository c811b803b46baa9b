// Edits, faults, policies and limits of a re-execution, on small programs.
#include "backstep/replay/reexecute.h"

#include <atomic>
#include <cmath>

#include "backstep/tests/unit/replay/team_program.h"

namespace backstep {
namespace {

using replay::LatestFork;
using replay::ReplayResult;
using replay::Step;
using testing::Ask;
using testing::Describe;
using testing::From;
using testing::MustReplay;
using testing::RecordScript;
using testing::ScriptProgram;
using testing::StateOf;
using testing::Team;
using testing::TempDir;
using testing::To;

TEST_CASE("An edited message changes what follows as a fresh run with that message does") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Team other("build a bad one");
  const auto fresh = RecordScript(other.program, dir / "b.backstep");

  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0", "build a bad one", "", ""}};
  experiment.on_miss = {{"llm", MissPolicy::kLive, ""}, {"tool:compile", MissPolicy::kLive, ""}};
  const ReplayResult result = MustReplay(team.program, *recording, experiment);
  INFO(Describe(result));
  REQUIRE(result.result == "finished");
  REQUIRE(result.summary.divergences == 0);
  REQUIRE(result.summary.changes > 0);
  REQUIRE(result.summary.live == 3);
  REQUIRE(result.live_calls.size() == 3);
  REQUIRE(result.live_calls[0] == "planner/1#0 llm gpt");
  REQUIRE(result.outcome.kind == Outcome::Kind::kFailed);
  REQUIRE(testing::Requests(*recording, result.branch) ==
          testing::Requests(*fresh, LogId{1}));
  REQUIRE(StateOf(*recording, LogId{1}, "tester").find("bad") == std::string::npos);
}

TEST_CASE("A message is edited where it is sent, and where it already waits") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  for (const uint64_t from : {0, 1}) {
    Experiment experiment = From(from);
    experiment.edits = {{Edit::Kind::kReplaceMessage, "planner/1.0", "code it badly", "", ""}};
    experiment.on_miss = {{"tool", MissPolicy::kSubstitute, "bad code"},
                          {"llm", MissPolicy::kSubstitute, "fine"}};
    const ReplayResult result = MustReplay(team.program, *recording, experiment);
    INFO(from << ": " << Describe(result));
    REQUIRE(result.result == "finished");
    REQUIRE(result.summary.divergences == 0);
    REQUIRE(result.unreached.empty());
    REQUIRE(StateOf(*recording, result.branch, "coder") == "bad code");
    const auto line = *recording->OpenLine(result.branch);
    bool told = false;
    REQUIRE(line->ScanSteps(StepNumber{1}, line->last(), [&](const StepRecord& step) {
      for (const FaultRecord& fault : step.faults) told = told || fault.type == "edit.message";
      return true;
    }).ok());
    REQUIRE(told);
  }
}

TEST_CASE("A dropped message is not delivered, and its reader never acts on it") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  for (const uint64_t from : {0, 1}) {
    Experiment experiment = From(from);
    experiment.edits = {{Edit::Kind::kDropMessage, "planner/1.0", "", "", ""}};
    const ReplayResult result = MustReplay(team.program, *recording, experiment);
    INFO(from << ": " << Describe(result));
    REQUIRE(result.result == "finished");
    REQUIRE(result.summary.divergences == 0);
    REQUIRE(result.summary.live == 0);
    REQUIRE(StateOf(*recording, result.branch, "coder").empty());
    REQUIRE(StateOf(*recording, result.branch, "tester") == "w");
  }
}

TEST_CASE("What only the redaction changed is no divergence, nor is a score that is no number") {
  const std::string secret = "sk-proj-" + std::string(40, 'k');
  ScriptProgram program;
  program.start = {To("a", "go")};
  program.behaviours = {{"a", [&](replay::Step& step, std::string*) {
    step.SetOutcome({Outcome::Kind::kFailed, std::nan(""), "refused " + secret});
    if (step.info().clock.value == 2) {
      step.Fail({"refused " + secret, "by " + secret});
      return Status();
    }
    Message again = To("a", secret);
    again.channel = again.kind = "for " + secret;
    step.Send(again);
    return Status();
  }}};
  TempDir dir;
  auto recording = RecordScript(program, dir / "r.backstep");
  const auto result = MustReplay(program, *recording, From(0));
  INFO(Describe(result));
  CHECK(result.result == "finished");
  CHECK(result.summary.divergences == 0);
  CHECK(!result.outcome.score);
}

TEST_CASE("A recorded step that never comes is told, of each agent") {
  bool quiet = false;
  ScriptProgram program;
  program.start = {To("a", "go"), To("a", "go on")};
  program.behaviours = {{"a", [&](replay::Step& step, std::string*) {
                           step.Send(To("b", "first"));
                           if (quiet && step.info().clock.value == 2) return Status();
                           step.Send(To("b", "second"));
                           step.Send(To("c", "once"));
                           return Status();
                         }},
                        {"b", [](replay::Step&, std::string*) { return Status(); }},
                        {"c", [](replay::Step&, std::string*) { return Status(); }}};
  const TempDir dir;
  const auto recording = RecordScript(program, dir / "r.backstep");
  for (const uint64_t from : {0, 1}) {
    const auto missing = [&] {
      std::vector<std::string> steps;
      for (const auto& divergence : MustReplay(program, *recording, From(from)).divergences) {
        if (divergence.what != "missing_step") continue;
        steps.push_back(divergence.agent + "/" + std::to_string(divergence.clock.value));
      }
      return steps;
    };
    quiet = false;
    REQUIRE(missing().empty());
    quiet = true;
    REQUIRE(missing() == std::vector<std::string>{"b/4", "c/2"});
  }
}

TEST_CASE("A replaced answer reaches the agent") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(1);
  experiment.edits = {{Edit::Kind::kReplaceResponse, "coder/1#0", "compiles badly", "", ""}};
  experiment.on_miss = {{"llm", MissPolicy::kSubstitute, "bad"}};
  const ReplayResult result = MustReplay(team.program, *recording, experiment);
  INFO(Describe(result));
  REQUIRE(result.summary.edited == 2);
  REQUIRE(result.summary.divergences == 0);
  REQUIRE(StateOf(*recording, result.branch, "coder") == "compiles badly");
  REQUIRE(result.outcome.kind == Outcome::Kind::kFailed);
}

TEST_CASE("A miss pauses the branch at its last whole step, and it can be entered again") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceResponse, "planner/1#0", "another plan", "", ""}};
  const ReplayResult paused = MustReplay(team.program, *recording, experiment);
  INFO(Describe(paused));
  REQUIRE(paused.result == "paused");
  REQUIRE(paused.summary.miss == 1);
  REQUIRE(paused.summary.divergences == 0);
  REQUIRE(paused.last.value == 1);
  REQUIRE(paused.miss);
  REQUIRE(paused.miss->agent == "coder");
  REQUIRE(paused.miss->name == "compile");
  REQUIRE(paused.miss->hint.find("--on-miss tool:compile=live") == 0);

  const auto line = *recording->OpenLine(paused.branch);
  REQUIRE(line->end()->result == "paused");
  const auto open = *line->OpenSteps();
  REQUIRE(open.size() == 1);
  REQUIRE(line->AgentName(open[0].begin.agent) == "coder");

  Experiment on = From(1, paused.branch.value);
  on.on_miss = {{"llm", MissPolicy::kLive, ""}, {"tool", MissPolicy::kLive, ""}};
  const ReplayResult finished = MustReplay(team.program, *recording, on);
  INFO(Describe(finished));
  REQUIRE(finished.result == "finished");
  REQUIRE(finished.summary.live == 2);
  REQUIRE(finished.summary.divergences == 0);
  REQUIRE(StateOf(*recording, finished.branch, "planner") == "another plan");
}

TEST_CASE("A call that is free runs live without being asked for") {
  const TempDir dir;
  Team team;
  team.free = true;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0", "more", "", ""}};
  const ReplayResult result = MustReplay(team.program, *recording, experiment);
  REQUIRE(result.result == "finished");
  REQUIRE(result.summary.live == 3);
}

TEST_CASE("A branch that ran live serves its own answers when it is run again") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "planner/1.0", "code more", "", ""}};
  experiment.on_miss = {{"llm", MissPolicy::kLive, ""}, {"tool", MissPolicy::kLive, ""}};
  const ReplayResult first = MustReplay(team.program, *recording, experiment);
  REQUIRE(first.summary.live == 2);
  const int live = team.live;
  for (const uint64_t from : {0, 1, 2}) {
    const ReplayResult again =
        MustReplay(team.program, *recording, From(from, first.branch.value));
    INFO(from << ": " << Describe(again));
    REQUIRE(again.result == "finished");
    REQUIRE(again.summary.divergences == 0);
    REQUIRE(again.summary.live == 0);
    REQUIRE(again.digest == first.digest);
  }
  REQUIRE(team.live == live);
}

TEST_CASE("A fault of the experiment reaches the agent, and its live run's faults happen again") {
  const TempDir dir;
  const std::string faults =
      "backstep: 1\nfaults:\n  - {id: swap, hook: a2a_send, selector: {source_agent_id: coder},"
      " action: {type: a2a.replace_body, params: {body: bad news}}}\n";
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.faults_text = faults;
  experiment.faults_origin = "faults.yaml";
  experiment.on_miss = {{"llm", MissPolicy::kLive, ""}};
  experiment.from = *LatestFork(*recording, experiment);
  const ReplayResult result = MustReplay(team.program, *recording, experiment);
  INFO(Describe(result));
  REQUIRE(result.summary.divergences == 0);
  REQUIRE(StateOf(*recording, result.branch, "tester") == "wgpt(check bad news)");

  Team faulty;
  const auto with_faults = RecordScript(faulty.program, dir / "b.backstep", 1, faults);
  REQUIRE(StateOf(*with_faults, LogId{1}, "tester") == "wgpt(check bad news)");
  for (const uint64_t from : {0, 1, 2, 3}) {
    const ReplayResult baseline = MustReplay(faulty.program, *with_faults, From(from));
    INFO(from << ": " << Describe(baseline));
    REQUIRE(baseline.result == "finished");
    REQUIRE(baseline.summary.divergences == 0);
    REQUIRE(baseline.summary.changes == 0);
    REQUIRE(baseline.summary.live == 0);
  }
}

TEST_CASE("Faults and edits that never take effect are told") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.faults_text =
      "backstep: 1\nfaults:\n  - {id: none, hook: a2a_send, selector: {source_agent_id: tester},"
      " action: {type: a2a.drop}}\n";
  experiment.edits = {{Edit::Kind::kDropMessage, "planner/1.0", "", "", ""},
                      {Edit::Kind::kReplaceResponse, "coder/1#0", "x", "", "edits.yaml:7"}};
  const ReplayResult result = MustReplay(team.program, *recording, experiment);
  INFO(Describe(result));
  REQUIRE(result.unreached ==
          std::vector<std::string>{"edit of coder/1#0 (edits.yaml:7): the call was never made",
                                   "fault none: never applied"});
}

TEST_CASE("Limits and cancelling end the branch with that as its result") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0", "more", "", ""}};
  experiment.on_miss = {{"llm", MissPolicy::kLive, ""}, {"tool", MissPolicy::kLive, ""}};

  Experiment steps = experiment;
  steps.limits.steps_max = 2;
  const ReplayResult by_steps = MustReplay(team.program, *recording, steps);
  REQUIRE(by_steps.result == "limit");
  REQUIRE(by_steps.last.value == 2);

  Experiment live = experiment;
  live.limits.live_calls_max = 1;
  const ReplayResult by_live = MustReplay(team.program, *recording, live);
  REQUIRE(by_live.result == "limit");
  REQUIRE(by_live.summary.live == 1);
  REQUIRE(by_live.last.value == 1);

  Experiment cost = experiment;
  cost.limits.cost_usd_max = 0.005;
  const ReplayResult by_cost = MustReplay(team.program, *recording, cost);
  REQUIRE(by_cost.result == "limit");
  REQUIRE(by_cost.summary.live == 1);

  const std::atomic<bool> cancel = true;
  replay::ReexecuteOptions options;
  options.cancel = &cancel;
  const ReplayResult cancelled = MustReplay(team.program, *recording, experiment, options);
  REQUIRE(cancelled.result == "cancelled");
  REQUIRE(cancelled.last.value == 0);
}

TEST_CASE("a branch that is cancelled in mid-step counts the calls of the steps that it holds") {
  const TempDir dir;
  std::atomic<bool> cancel = false;
  bool cancels = false;
  ScriptProgram program;
  program.behaviours = {{"solo", [&](Step& step, std::string* state) {
                           int live = 0;
                           *state += Ask(step, EffectKind::kLlm, "gpt", "again", &live);
                           const bool more = state->size() < 40;
                           if (cancels && !more) cancel = true;
                           if (more || cancels) step.Send(To("solo", "on"));
                           return Status();
                         }}};
  program.start = {To("solo", "go")};
  const auto recording = RecordScript(program, dir / "a.backstep");
  cancels = true;
  replay::ReexecuteOptions options;
  options.cancel = &cancel;
  Position told;
  options.position = [&](const Position& position) { told = position; };
  const ReplayResult cancelled = MustReplay(program, *recording, From(0), options);
  REQUIRE(cancelled.result == "cancelled");
  REQUIRE(cancelled.last.value >= 1);
  // The step that it gave up runs no more.
  REQUIRE(told == Position{cancelled.last, {}});
  REQUIRE(cancelled.summary.exact == cancelled.last.value);
  REQUIRE(cancelled.outcome.reason == cancelled.detail);
}

}  // namespace
}  // namespace backstep
