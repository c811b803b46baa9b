#include "backstep/recorder/step.h"

#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

Status Echo(Step& inner) {
  auto carried = inner.Reply(Text("re: " + inner.taken().at(0).body.bytes));
  REQUIRE(carried.empty());  // the caller gets it, no transport
  return inner.Commit(Text("done"));
}

TEST_CASE("An agent called as a tool is a nested step with request and reply") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("boss");
  const AgentReply reply = step->CallAgent("worker", To("", "dig"), Echo);
  REQUIRE(reply.ok());
  REQUIRE(reply.message.body.bytes == "re: dig");
  REQUIRE(reply.message.from == "worker");
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(steps.size() == 2);
  REQUIRE(steps[0].caller == std::pair(AgentId(1), AgentClock(1)));
  REQUIRE(steps[0].took.at(0).early);
  REQUIRE(steps[1].took.at(0).id == steps[0].sent.at(0).id);
  REQUIRE_FALSE(steps[1].took.at(0).early);
  REQUIRE(steps[1].duration >= steps[0].duration);
  REQUIRE(Must(line->CutAt(StepNumber(1))).open.size() == 1);
  REQUIRE(Must(line->CutAt(StepNumber(2))).mailboxes.empty());
}

TEST_CASE("An agent may be called back from inside its own step") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  const AgentReply reply = step->CallAgent("b", To("", "1"), [](Step& b) {
    const AgentReply inner = b.CallAgent("a", To("", "2"), Echo);
    REQUIRE(inner.ok());
    (void)b.Reply(Text(inner.message.body.bytes));
    return b.Commit();
  });
  REQUIRE(reply.message.body.bytes == "re: 2");
  MustOk(step->Commit(Text("outer")));
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(steps.size() == 3);
  REQUIRE(steps[0].clock == AgentClock(2));
  REQUIRE(steps[2].clock == AgentClock(1));
  REQUIRE(StateText(*line, "a", 3) == "outer");
}

TEST_CASE("A step of an agent that is open on another branch of the call is refused") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  auto outsider = session->BeginStep("b");
  (void)outsider->CallAgent("a", To("", "x"), Echo);
  MustOk(outsider->Commit());
  MustOk(step->Commit());
  REQUIRE(session->Close().message().find("overlap") != std::string::npos);
}

TEST_CASE("What goes wrong in a nested step is a value for the caller") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  const auto call = [&](const std::function<Status(Step&)>& run) {
    return step->CallAgent("b", To("", "x"), run).error.value_or(CallError{}).kind;
  };
  REQUIRE(call([](Step& inner) { return inner.Commit(); }) == "no_reply");
  REQUIRE(call([](Step&) { return Status(); }) == "agent_failed");
  REQUIRE(call([](Step&) { return Status::Internal("broken"); }) == "agent_failed");
  REQUIRE(call([](Step&) { return Status::Cancelled("stop"); }) == "cancelled");
  REQUIRE(call({}) == "agent_failed");
  REQUIRE(call([](Step& inner) {
            (void)inner.Reply(Text("half"));
            return Status::Internal("then it broke");
          }) == "agent_failed");
  REQUIRE_THROWS_AS(step->CallAgent("b", To("", "x"),
                                    [](Step&) -> Status { throw std::logic_error("mine"); }),
                    std::logic_error);
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(steps.size() == 8);
  REQUIRE(steps[2].error->message == "broken");
  REQUIRE(steps[6].error->message == "mine");
  REQUIRE(Must(line->CutAt(StepNumber(8))).mailboxes.empty());
}

TEST_CASE("A second message to the caller is an ordinary one") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  std::vector<Message> extra;
  const AgentReply reply = step->CallAgent("b", To("", "x"), [&](Step& inner) {
    extra = inner.Send(To("a", "by the way"));
    (void)inner.Reply(Text("answer"));
    return inner.Commit();
  });
  REQUIRE(reply.message.body.bytes == "answer");
  REQUIRE(extra.size() == 1);
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto mail = Must(line->CutAt(StepNumber(2))).mailboxes;
  REQUIRE(mail.size() == 1);
  REQUIRE(mail[0].id == extra[0].id);
}

TEST_CASE("A session that records nothing still runs nested agents") {
  SessionOptions options;
  options.disabled = true;
  auto session = Session::Open(options);
  auto step = session->BeginStep("boss");
  const AgentReply reply = step->CallAgent("worker", To("", "dig"), Echo);
  REQUIRE(reply.message.body.bytes == "re: dig");
}

}  // namespace
}  // namespace backstep::recorder::testing
