#include "backstep/gui/bridge/running/fork_request.h"

#include "backstep/tests/support/catch.h"

namespace backstep::gui {
namespace {

OpenFacts Facts() {
  OpenFacts facts;
  facts.path = "a.backstep";
  facts.branch = "main";
  facts.program = "team";
  facts.command = {"./team"};
  return facts;
}

replay::ReplayReport Paused(EffectKind kind, const std::string& name) {
  replay::ReplayReport report;
  report.result.branch_name = "b1";
  report.result.miss = replay::Miss();
  report.result.miss->kind = kind;
  report.result.miss->name = name;
  return report;
}

TEST_CASE("A policy of several rules becomes as many rules, and the command line says them") {
  ForkDraft draft;
  draft.kind = ForkDraft::Kind::kDrop;
  draft.target = "planner/1.0";
  draft.on_miss = "llm=live tool=live env=live";
  draft.budget_usd = "0.5";
  const auto request = MakeRunRequest(draft, Facts());
  REQUIRE(request.ok());
  const Experiment& experiment = request->experiments.front();
  REQUIRE(experiment.on_miss.size() == 3);
  CHECK(experiment.on_miss[1].match == "tool");
  CHECK(experiment.limits.cost_usd_max == 0.5);
  CHECK(request->parent == "main");
  CHECK(request->latest);
  CHECK(ReplayCommandLine(draft, Facts()) ==
        "backstep replay a.backstep --drop-message planner/1.0 --on-miss llm=live "
        "--on-miss tool=live --on-miss env=live --max-cost 0.5");
}

TEST_CASE("An answer goes on with the paused branch, and its own change is not made twice") {
  ForkDraft draft;
  draft.kind = ForkDraft::Kind::kDrop;
  draft.target = "planner/1.0";
  draft.on_miss = "";
  AnswerMiss(Paused(EffectKind::kTool, "compile"), "substitute:it compiles = fine", &draft);
  auto request = MakeRunRequest(draft, Facts());
  REQUIRE(request.ok());
  CHECK(request->parent == "b1");
  CHECK(request->from_end);
  CHECK(!request->latest);
  CHECK(request->experiments.front().edits.empty());
  REQUIRE(request->experiments.front().on_miss.size() == 1);
  CHECK(request->experiments.front().on_miss[0].match == "tool:compile");
  CHECK(request->experiments.front().on_miss[0].text == "it compiles = fine");
  // Another answer for the same tool replaces the first one.
  AnswerMiss(Paused(EffectKind::kTool, "compile"), "live", &draft);
  AnswerMiss(Paused(EffectKind::kLlm, "gpt"), "substitute", &draft);
  request = MakeRunRequest(draft, Facts());
  REQUIRE(request.ok());
  REQUIRE(request->experiments.front().on_miss.size() == 2);
  CHECK(request->experiments.front().on_miss[0].policy == MissPolicy::kLive);
  CHECK(request->experiments.front().on_miss[1].match == "llm");
  CHECK(ReplayCommandLine(draft, Facts()).find("--branch b1 --from last") != std::string::npos);
}

TEST_CASE("What of the form is missing or wrong is said") {
  ForkDraft draft;
  CHECK(MakeRunRequest(draft, Facts()).status().code() == StatusCode::kInvalidArgument);
  draft.target = "planner/1.0";
  draft.budget_usd = "much";
  CHECK(MakeRunRequest(draft, Facts()).status().code() == StatusCode::kInvalidArgument);
  draft.budget_usd.clear();
  draft.on_miss = "llm=perhaps";
  CHECK(!MakeRunRequest(draft, Facts()).ok());
  OpenFacts scoped = Facts();
  scoped.program.clear();
  draft.on_miss.clear();
  CHECK(!MakeRunRequest(draft, scoped).ok());
}

TEST_CASE("A command line is split as a shell does, and one with an open quote is refused") {
  const auto words = SplitCommand("./team  --name 'two words' \"a \\\"b\\\"\" c\\ d ''");
  REQUIRE(words.ok());
  CHECK(*words == std::vector<std::string>{"./team", "--name", "two words", "a \"b\"", "c d", ""});
  CHECK_FALSE(SplitCommand("./team 'open").ok());
}

TEST_CASE("Another program replaces the recorded one once its command line is confirmed") {
  const OpenFacts facts = Facts();
  ForkDraft draft = DraftHere(ForkDraft::Kind::kFault, StepNumber(3), "coder");
  Model model;
  model.open.value = std::make_shared<const OpenFacts>(facts);
  CHECK(WhyNotNow(draft, model).empty());
  BeginOtherProgram(facts, &draft);
  CHECK(draft.program == "./team");
  CHECK(WhyNotNow(draft, model) == "confirm the command line first");
  draft.confirmed = true;
  draft.program = "./moved/team --fast";
  draft.directory = "/tmp";
  CHECK(WhyNotNow(draft, model).empty());
  const auto request = MakeRunRequest(draft, facts);
  REQUIRE(request.ok());
  CHECK(request->command == std::vector<std::string>{"./moved/team", "--fast"});
  CHECK(request->working_directory == "/tmp");
  CHECK(ReplayCommandLine(draft, facts).ends_with(" -- ./moved/team --fast"));
}

TEST_CASE("A recording that does not know its program runs the one that the form names") {
  OpenFacts facts = Facts();
  facts.command.clear();
  CHECK(WhyNotRunnable(facts).empty());
  ForkDraft draft;
  CHECK(RunsOther(draft, facts));
  CHECK(WantsConfirmation(draft, facts));
  CHECK_FALSE(WhyNoBaseline(draft, facts).empty());
  CHECK_FALSE(MakeRunRequest(draft, facts).ok());
  draft.target = "planner/1.0";
  SetProgram("/new place/team", &draft);
  const auto request = MakeRunRequest(draft, facts);
  REQUIRE(request.ok());
  CHECK(request->command == std::vector<std::string>{"/new place/team"});
  CHECK(ReplayCommandLine(draft, facts).ends_with(" -- '/new place/team'"));
}

TEST_CASE("A program that is chosen keeps the arguments, and is confirmed anew") {
  ForkDraft draft;
  BeginOtherProgram(Facts(), &draft);
  draft.program = "/old/team --fast 'two words'";
  draft.confirmed = true;
  CHECK(FolderOfProgram(draft, ".") == "/old");
  SetProgram("/new/team", &draft);
  CHECK(draft.program == "/new/team --fast 'two words'");
  CHECK_FALSE(draft.confirmed);
  draft.program = "team";
  CHECK(FolderOfProgram(draft, "/here") == "/here");
}

}  // namespace
}  // namespace backstep::gui
