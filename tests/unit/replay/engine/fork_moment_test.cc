// Where a re-execution may begin: open steps, experiments that come too late, programs that do not
// fit.
#include "backstep/replay/reexecute.h"

#include "backstep/tests/unit/replay/team_program.h"

namespace backstep {
namespace {

using replay::CheckExperiment;
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
