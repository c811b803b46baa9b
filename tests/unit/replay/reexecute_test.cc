// Edits, faults, policies, limits and open steps of a re-execution, on small programs.
#include "backstep/replay/reexecute.h"

#include <atomic>
#include <cmath>

#include "backstep/tests/unit/replay/script_program.h"

namespace backstep {
namespace {

using replay::LatestFork;
using replay::CheckExperiment;
using replay::ReplayResult;
using replay::Step;
using testing::Ask;
using testing::Describe;
using testing::From;
using testing::MustReplay;
using testing::RecordScript;
using testing::ScriptProgram;
using testing::StateOf;
using testing::TempDir;
using testing::To;

// planner asks a model and tells coder and tester; coder asks a tool; tester asks a model.
struct Team {
  int live = 0;
  bool free = false;
  ScriptProgram program;

  explicit Team(const std::string& task = "build a parser") {
    program.behaviours = {
        {"planner", [this](Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state += Ask(step, EffectKind::kLlm, "gpt", "plan " + step.taken()[0].body.bytes,
                         &live, free);
           step.Send(To("coder", "code " + *state));
           step.Send(To("tester", "watch"));
           return Status();
         }},
        {"coder", [this](Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state += Ask(step, EffectKind::kTool, "compile", step.taken()[0].body.bytes, &live,
                         free);
           step.Send(To("tester", "test " + *state));
           return Status();
         }},
        {"tester", [this](Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           const std::string& text = step.taken()[0].body.bytes;
           if (text == "watch") {
             *state += "w";
             return Status();
           }
           *state += Ask(step, EffectKind::kLlm, "gpt", "check " + text, &live, free);
           step.SetOutcome({state->find("bad") == std::string::npos ? Outcome::Kind::kOk
                                                                    : Outcome::Kind::kFailed,
                            std::nullopt, *state});
           return Status();
         }}};
    program.start = {To("planner", task)};
  }
};

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

// lead asks a model, has helper do something, asks again.
ScriptProgram Nested(int* live, int* helped, const std::string* request) {
  ScriptProgram program;
  program.behaviours = {
      {"lead", [=](Step& step, std::string* state) {
         *state += Ask(step, EffectKind::kLlm, "gpt", "first", live);
         const auto reply = step.CallAgent("helper", To("helper", *request));
         *state += reply.ok() ? reply.message.body.bytes : "!" + reply.error->message;
         *state += Ask(step, EffectKind::kLlm, "gpt", "second " + *state, live);
         return Status();
       }},
      {"helper", [=](Step& step, std::string* state) {
         ++*helped;
         *state += Ask(step, EffectKind::kTool, "look", step.taken()[0].body.bytes, live);
         step.Reply({"<" + *state + ">", "text/plain"});
         return Status();
       }}};
  program.start = {To("lead", "go")};
  return program;
}

TEST_CASE("A step open at the fork runs again, what it had finished is not run again") {
  const TempDir dir;
  int live = 0, helped = 0;
  std::string request = "help";
  ScriptProgram program = Nested(&live, &helped, &request);
  const auto recording = RecordScript(program, dir / "a.backstep");
  REQUIRE(live == 3);
  REQUIRE(helped == 1);
  // Step 1 is helper/1, inside lead/1, which is step 2.
  for (const bool free : {false, true}) {
    Experiment experiment = From(1);
    experiment.free_schedule = free;
    const ReplayResult result = MustReplay(program, *recording, experiment);
    INFO(Describe(result));
    REQUIRE(result.result == "finished");
    REQUIRE(result.summary.divergences == 0);
    REQUIRE(result.summary.exact == 2);
    REQUIRE(helped == 1);
    REQUIRE(result.digest == *(*recording->OpenLine(LogId{1}))->Digest());
  }
}

TEST_CASE("An open step that sends other bytes than were delivered diverges; those stand") {
  const TempDir dir;
  int live = 0, helped = 0;
  std::string request = "help";
  ScriptProgram program = Nested(&live, &helped, &request);
  const auto recording = RecordScript(program, dir / "a.backstep");
  request = "other help";
  const ReplayResult result = MustReplay(program, *recording, From(1));
  INFO(Describe(result));
  REQUIRE(result.summary.divergences == 1);
  REQUIRE(result.divergences[0].what == "delivered");
  REQUIRE(result.divergences[0].agent == "lead");
  REQUIRE(helped == 1);
  REQUIRE(StateOf(*recording, result.branch, "lead") == StateOf(*recording, LogId{1}, "lead"));
}

TEST_CASE("What would reach an open step is refused, and the latest moment before it is named") {
  const TempDir dir;
  int live = 0, helped = 0;
  std::string request = "help";
  ScriptProgram program = Nested(&live, &helped, &request);
  const auto recording = RecordScript(program, dir / "a.backstep");
  Experiment effect = From(1);
  effect.edits = {{Edit::Kind::kReplaceResponse, "lead/1#1", "x", "", ""}};
  Status refused = CheckExperiment(*recording, effect);
  REQUIRE(refused.code() == StatusCode::kInvalidArgument);
  REQUIRE(refused.message().find("main:0") != std::string::npos);
  REQUIRE(LatestFork(*recording, effect)->value == 0);

  Experiment fault = From(1);
  fault.faults_text =
      "backstep: 1\nfaults:\n  - {id: slow, hook: llm_call, selector: {agent_id: lead},"
      " action: {type: llm.timeout}}\n";
  refused = CheckExperiment(*recording, fault);
  REQUIRE(refused.code() == StatusCode::kInvalidArgument);
  REQUIRE(refused.message().find("lead/1") != std::string::npos);
  REQUIRE(LatestFork(*recording, fault)->value == 0);
}

TEST_CASE("The latest fork lies just before the first step an experiment reaches") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  const auto latest = [&](Edit::Kind kind, const std::string& target) {
    Experiment experiment = From(0);
    experiment.edits = {{kind, target, "x", "", ""}};
    return LatestFork(*recording, experiment)->value;
  };
  // planner, coder, tester (watch), tester (test).
  REQUIRE(latest(Edit::Kind::kReplaceMessage, "@outside/0.0") == 0);
  REQUIRE(latest(Edit::Kind::kReplaceMessage, "planner/1.0") == 1);
  REQUIRE(latest(Edit::Kind::kReplaceMessage, "planner/1.1") == 2);
  REQUIRE(latest(Edit::Kind::kDropMessage, "coder/1.0") == 3);
  REQUIRE(latest(Edit::Kind::kReplaceResponse, "coder/1#0") == 1);
  REQUIRE(latest(Edit::Kind::kReplaceResponse, "tester/2#0") == 3);
  REQUIRE(LatestFork(*recording, From(0))->value == 0);
}

TEST_CASE("An experiment that names what is not there is refused and told what is") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  const auto refused = [&](Experiment experiment) {
    const Status status = CheckExperiment(*recording, experiment);
    REQUIRE(!status.ok());
    return status.message();
  };
  Experiment agent = From(0);
  agent.edits = {{Edit::Kind::kDropMessage, "planer/1.0", "", "", "--drop-message"}};
  REQUIRE(refused(agent).find("planner") != std::string::npos);
  Experiment effect = From(0);
  effect.edits = {{Edit::Kind::kReplaceResponse, "coder/1#4", "x", "", ""}};
  REQUIRE(refused(effect).find("coder/1#0") != std::string::npos);
  effect.edits[0].target = "coder/9#0";
  REQUIRE(refused(effect).find("coder/1") != std::string::npos);
  effect.edits[0].target = "coder";
  REQUIRE(refused(effect).find("agent/clock#ordinal") != std::string::npos);
  REQUIRE(refused(From(99)).find("main:4") != std::string::npos);
  Experiment name = From(0);
  name.name = "main";
  REQUIRE(refused(name).find("already") != std::string::npos);
  Experiment late = From(2);
  late.edits = {{Edit::Kind::kReplaceMessage, "planner/1.0", "x", "", ""}};
  REQUIRE(refused(late).find("main:1") != std::string::npos);
}

TEST_CASE("Another program, or one without a recorded agent, is refused") {
  const TempDir dir;
  Team team;
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  Team other;
  other.program.name = "other";
  auto refused = Reexecute(other.program, *recording, From(0), {});
  REQUIRE(refused.status().code() == StatusCode::kInvalidArgument);
  REQUIRE(refused.status().message().find("'other'") != std::string::npos);
  REQUIRE(refused.status().message().find("'script'") != std::string::npos);
  Team missing;
  missing.program.behaviours[1].first = "coderr";
  refused = Reexecute(missing.program, *recording, From(0), {});
  REQUIRE(refused.status().message().find("'coder'") != std::string::npos);
  // Nothing was left behind.
  REQUIRE(recording->Logs()->size() == 1);
}

TEST_CASE("A session recorded with scopes only says what it lacks") {
  const TempDir dir;
  {
    recorder::SessionOptions options;
    options.path = dir / "a.backstep";
    options.read_environment = false;
    const auto session = recorder::Session::Open(options);
    session->AddAgent({"a", "", "", "", "", {"x"}});
    (void)session->BeginStep("a")->Commit();
    REQUIRE(session->Close().ok());
  }
  const auto recording = *store::Recording::Open(dir / "a.backstep");
  const Status refused = CheckExperiment(*recording, From(0));
  REQUIRE(refused.code() == StatusCode::kInvalidArgument);
  REQUIRE(refused.message().find("Program") != std::string::npos);
}

TEST_CASE("Phases of the run are phases of its branches") {
  const TempDir dir;
  Team team;
  team.program.next = [](const replay::CutView& cut, std::string*) {
    auto decision = OldestDeliverable(cut);
    decision.segment = decision.agent == "tester" ? "test" : "build";
    return decision;
  };
  const auto recording = RecordScript(team.program, dir / "a.backstep");
  const auto phases = [&](LogId log) {
    const auto line = *recording->OpenLine(log);
    std::vector<std::string> names;
    const auto segments = *line->Segments();
    REQUIRE(line->ScanSteps(StepNumber{1}, line->last(), [&](const StepRecord& step) {
      for (const auto& segment : segments) {
        if (segment.id == step.segment) names.push_back(segment.name);
      }
      return true;
    }).ok());
    return names;
  };
  const std::vector<std::string> expected = {"build", "build", "test", "test"};
  REQUIRE(phases(LogId{1}) == expected);
  for (const uint64_t from : {0, 1, 2, 3}) {
    for (const bool free : {false, true}) {
      Experiment experiment = From(from);
      experiment.free_schedule = free;
      const ReplayResult result = MustReplay(team.program, *recording, experiment);
      INFO(from << " " << Describe(result));
      REQUIRE(result.summary.divergences == 0);
      REQUIRE(phases(result.branch) == expected);
    }
  }
}

TEST_CASE("Time goes on from the recording and never backwards") {
  const TempDir dir;
  ScriptProgram program;
  std::vector<int64_t> seen;
  program.behaviours = {{"a", [&seen](Step& step, std::string* state) {
                           const int64_t first = step.Now().ns;
                           const int64_t second = step.Now().ns;
                           seen = {first, second};
                           if (!step.taken().empty() && step.taken()[0].body.bytes == "more") {
                             seen.push_back(step.Now().ns);
                             seen.push_back(static_cast<int64_t>(step.Random()));
                           }
                           *state = "done";
                           return Status();
                         }}};
  program.start = {To("a", "go")};
  const auto recording = RecordScript(program, dir / "a.backstep");
  const std::vector<int64_t> recorded = seen;
  Experiment experiment = From(0);
  experiment.edits = {{Edit::Kind::kReplaceMessage, "@outside/0.0", "more", "", ""}};
  experiment.seed = 5;
  MustReplay(program, *recording, experiment);
  const std::vector<int64_t> first = seen;
  REQUIRE(first.size() == 4);
  REQUIRE(first[0] == recorded[0]);
  REQUIRE(first[1] == recorded[1]);
  REQUIRE(first[2] >= first[1]);
  MustReplay(program, *recording, experiment);
  REQUIRE(seen == first);
}

}  // namespace
}  // namespace backstep
