#include "backstep/recorder/session.h"

#include <sys/stat.h>

#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

TEST_CASE("A run of two agents reads back as it was") {
  Recorded recorded;
  auto session = recorded.Open();
  MustOk(session->status());
  REQUIRE(session->enabled());
  REQUIRE(session->log() == LogId(1));
  REQUIRE(session->AddAgent({.name = "planner", .role = "plans", .initial_state = Text("P0")}) ==
          AgentId(1));
  REQUIRE(session->AddAgent({.name = "coder"}) == AgentId(2));
  REQUIRE(session->AddAgent({.name = "planner"}) == AgentId(1));
  auto inbox = session->Outside(To("planner", "build it"));
  REQUIRE(inbox.size() == 1);
  REQUIRE(inbox[0].from == "@outside");
  std::vector<Message> work;
  {
    auto step = session->BeginStep("planner", inbox);
    REQUIRE(step->taken().size() == 1);
    REQUIRE(step->info().agent_role == "plans");
    REQUIRE(step->info().clock == AgentClock(1));
    REQUIRE(step->number() == StepNumber(0));
    work = step->Send(To("coder", "write a parser"));
    MustOk(step->Commit(Text("P1")));
    REQUIRE(step->number() == StepNumber(1));
    REQUIRE(step->ended());
  }
  REQUIRE(work.size() == 1);
  REQUIRE(work[0].id == MessageId{AgentId(1), AgentClock(1), 0, 0});
  {
    auto step = session->BeginStep("coder", work);
    auto reply = step->Reply(Text("done"));
    REQUIRE(reply.at(0).to == "planner");
    REQUIRE(reply.at(0).reply_to == work[0].id);
    MustOk(step->Commit());
  }
  session->SetOutcome({Outcome::Kind::kOk, 0.5, "works"});
  MustOk(session->Close());
  MustOk(session->Close());
  REQUIRE_FALSE(session->enabled());

  auto line = recorded.Read();
  REQUIRE(line->state() == store::LogState::kSealed);
  REQUIRE(line->end()->outcome == Outcome{Outcome::Kind::kOk, 0.5, "works"});
  REQUIRE(line->last() == StepNumber(2));
  REQUIRE(line->agents().size() == 3);
  REQUIRE(line->agents()[1].role == "plans");
  REQUIRE(StateText(*line, "planner", 0) == "P0");
  REQUIRE(StateText(*line, "planner", 1) == "P1");
  const auto steps = StepsOf(*line);
  REQUIRE(steps[0].took.at(0).id == inbox[0].id);
  REQUIRE(steps[0].sent.at(0).to == AgentId(2));
  REQUIRE(steps[0].state_changed);
  REQUIRE_FALSE(steps[1].state_changed);
  REQUIRE_FALSE(steps[1].took.at(0).early);
  const auto message = Must(line->FindMessage(work[0].id));
  REQUIRE(Must(line->ReadBody(message.body)).bytes == "write a parser");
  REQUIRE(message.offered_hash == message.body.hash);
  const auto cut = Must(line->CutAt(StepNumber(1)));
  REQUIRE(cut.mailboxes.size() == 1);
  REQUIRE(Must(line->CutAt(StepNumber(2))).mailboxes.at(0).to == AgentId(1));
}

TEST_CASE("The header names the process and what the program said of the run") {
  Recorded recorded;
  auto options = recorded.Options();
  options.tags = {"nightly"};
  options.metadata = {{"ticket", "42"}, {"db-password", "swordfish"}};
  options.group_id = "g";
  options.user_id = "u";
  MustOk(Session::Open(options)->Close());
  const auto header = recorded.Read()->header();
  REQUIRE(header.name == "test");
  REQUIRE(header.tags == options.tags);
  REQUIRE(header.metadata[0].second == "42");
  REQUIRE(header.metadata[1].second == "*********");
  REQUIRE(header.group_id == "g");
  REQUIRE(header.user_id == "u");
  REQUIRE(header.process_id == static_cast<uint64_t>(getpid()));
  REQUIRE(header.executable.find("unit_recorder") != std::string::npos);
  REQUIRE_FALSE(header.executable_hash.IsZero());
  REQUIRE(header.command.size() >= 1);
  REQUIRE_FALSE(header.host.empty());
  REQUIRE(header.seed != 0);
}

TEST_CASE("Segments nest, count among their siblings and lend their name to steps") {
  Recorded recorded;
  auto session = recorded.Open();
  {
    auto plan = session->BeginSegment("plan");
    auto detail = session->BeginSegment("detail");
    auto step = session->BeginStep("a");
    REQUIRE(step->info().segment == "detail");
    MustOk(step->Commit());
    detail.End();
    MustOk(session->BeginStep("a")->Commit());
    auto other = session->BeginSegment("other", plan.id());
    StepOptions options;
    options.segment = plan.id();
    auto in_plan = session->BeginStep("a", {}, options);
    REQUIRE(in_plan->info().segment == "plan");
    MustOk(in_plan->Commit());
  }
  auto last = session->BeginSegment("last");
  REQUIRE(session->BeginStep("a")->info().segment_order == 1);
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto segments = Must(line->Segments());
  REQUIRE(segments.size() == 4);
  REQUIRE(segments[0].parent == SegmentId(0));
  REQUIRE(segments[1].parent == SegmentId(1));
  REQUIRE(segments[2].order == 1);
  REQUIRE(segments[0].ended_after == StepNumber(3));
  REQUIRE_FALSE(segments[3].ended_wall.has_value());
  REQUIRE(StepsOf(*line)[1].segment == SegmentId(1));
}

TEST_CASE("Committed follows Commit, and Flush waits for it") {
  Recorded recorded;
  auto session = recorded.Open();
  for (int i = 0; i < 100; ++i) MustOk(session->BeginStep("a")->Commit(Text(std::to_string(i))));
  MustOk(session->Flush());
  REQUIRE(session->Committed() == StepNumber(100));
  // The log can be read while it is written.
  auto line = recorded.Read();
  REQUIRE(line->state() == store::LogState::kLive);
  REQUIRE(line->last() == StepNumber(100));
  MustOk(session->Close());
  REQUIRE(session->Committed() == StepNumber(100));
}

TEST_CASE("A step that is never ended stays open in the log with what it finished") {
  Recorded recorded;
  auto session = recorded.Open();
  MustOk(session->BeginStep("b")->Commit());
  auto open = session->BeginStep("a");
  (void)open->CallTool({.name = "t", .body = Text("q")},
                       [](const CallRequest&, CallProgress&) { return Answer("r"); });
  MustOk(session->Close());
  MustOk(open->Commit());  // too late to be recorded, and harmless
  auto line = recorded.Read();
  const auto steps = Must(line->OpenSteps());
  REQUIRE(steps.size() == 1);
  REQUIRE(steps[0].begin.begin_after == StepNumber(1));
  REQUIRE(steps[0].effects_finished == 1);
}

TEST_CASE("A second session in the same directory is one more log") {
  Recorded recorded;
  MustOk(recorded.Open()->Close());
  auto session = recorded.Open();
  REQUIRE(session->log() == LogId(2));
  MustOk(session->Close());
}

TEST_CASE("An exception that leaves the session is its outcome") {
  Recorded recorded;
  try {
    auto session = recorded.Open();
    throw std::runtime_error("boom");
  } catch (const std::runtime_error&) {
  }
  REQUIRE(recorded.Read()->end()->outcome.kind == Outcome::Kind::kFailed);
}

TEST_CASE("The newest outcome stands, whether the session or a step set it") {
  Recorded recorded;
  auto session = recorded.Open();
  session->SetOutcome({Outcome::Kind::kOk, {}, "early"});
  auto step = session->BeginStep("a");
  step->SetOutcome({Outcome::Kind::kFailed, {}, "judged"});
  MustOk(step->Commit());
  MustOk(session->Close());
  REQUIRE(recorded.Read()->end()->outcome.reason == "judged");
}

TEST_CASE("A message nobody sent through the session counts as coming from outside") {
  Recorded recorded;
  auto session = recorded.Open();
  Message foreign = To("a", "hello");
  foreign.from = "some bus";
  MustOk(session->BeginStep("a", {foreign})->Commit());
  Message forged = To("a", "again");
  forged.id = {AgentId(7), AgentClock(9), 0, 0};
  auto step = session->BeginStep("a");
  REQUIRE(step->Receive(forged)->id == MessageId{kOutside, {}, 1, 0});
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto message = Must(line->FindMessage({kOutside, {}, 0, 0}));
  REQUIRE(Must(line->ReadBody(message.body)).bytes == "hello");
  REQUIRE(message.attributes.at(0).second == "some bus");
  REQUIRE(Must(line->CutAt(StepNumber(2))).mailboxes.empty());
}

TEST_CASE("Sending to an agent nobody declared gives it an inbox") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  REQUIRE(step->Send(To("nobody", "hi")).size() == 1);
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  REQUIRE(line->FindAgent("nobody") == AgentId(2));
}

TEST_CASE("Names that no agent can have are told and recorded under one they can") {
  Recorded recorded;
  auto session = recorded.Open();
  session->AddAgent({.name = ""});
  session->AddAgent({.name = "@boss"});
  const AgentId long_name = session->AddAgent({.name = std::string(5000, 'x')});
  REQUIRE(session->AddAgent({.name = std::string(5000, 'x')}) == long_name);
  MustOk(session->BeginStep("a")->Commit());
  REQUIRE(session->Close().code() == StatusCode::kInvalidArgument);
  auto line = recorded.Read();
  REQUIRE(line->agents().size() == 5);
  REQUIRE(line->agents()[2].name == "(@boss)");
  REQUIRE(line->agents()[3].name.size() <= 256);
  REQUIRE(line->last() == StepNumber(1));
}

TEST_CASE("Files of a recording are the owner's alone") {
  Recorded recorded;
  MustOk(recorded.Open()->Close());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(recorded.path())) {
    struct stat info {};
    REQUIRE(stat(entry.path().c_str(), &info) == 0);
    INFO(entry.path());
    REQUIRE((info.st_mode & 077) == 0);
  }
}

}  // namespace
}  // namespace backstep::recorder::testing
