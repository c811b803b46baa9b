#include "backstep/recorder/step.h"

#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

LiveCall Says(const std::string& text) {
  return [text](const CallRequest&, CallProgress&) { return Answer(text); };
}

TEST_CASE("Every call of a step is an effect with its request, its answer and its cost") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  CallRequest llm{.name = "model-1", .body = {R"({"b": 1, "a": 2})", "application/json"},
                  .provider = "lab", .parameters = R"({"temperature":0})"};
  const CallResult result = step->CallLlm(llm, [](const CallRequest&, CallProgress& progress) {
    progress.Chunk("Hel");
    progress.Chunk("lo");
    CallResponse response;
    response.usage.input_tokens = 12;
    response.usage.reasoning_tokens = 3;
    response.usage.cost_usd = 0.25;
    response.finish_reason = "stop";
    return response;
  });
  REQUIRE(result.response().body == Body{"Hello", "text/plain; charset=utf-8"});
  const CallResult failed = step->CallTool(
      {.name = "search", .body = Text("q"), .tool_call_id = "call_7"},
      [](const CallRequest&, CallProgress&) { return CallError{"rate_limit", 429, "slow", {}}; });
  REQUIRE(failed.error().code == 429);
  REQUIRE(step->Env({.name = "HOME", .body = {}}, Says("/root")).ok());
  const TimeNs now = step->Now();
  const uint64_t random = step->Random();
  REQUIRE(step->Random() != random);
  MustOk(step->Commit());
  MustOk(session->Close());

  auto line = recorded.Read();
  const auto effects = Must(line->Effects(AgentId(1), AgentClock(1)));
  REQUIRE(effects.size() == 6);
  REQUIRE(effects[0].kind == EffectKind::kLlm);
  REQUIRE(effects[0].pure);
  REQUIRE(effects[0].provider == "lab");
  REQUIRE(effects[0].usage.input_tokens == 12);
  REQUIRE(effects[0].usage.reasoning_tokens == 3);
  REQUIRE(effects[0].usage.cost_usd == 0.25);
  REQUIRE(effects[0].finish_reason == "stop");
  REQUIRE(Must(line->ReadBody(effects[0].request)).bytes == llm.body.bytes);
  REQUIRE(Must(line->ReadBody(effects[0].response)).bytes == "Hello");
  REQUIRE(effects[1].error->kind == "rate_limit");
  REQUIRE(effects[1].tool_call_id == "call_7");
  REQUIRE(effects[1].response.where == BodyRef::Where::kNone);
  REQUIRE(effects[2].kind == EffectKind::kEnv);
  REQUIRE(Must(line->ReadBody(effects[3].response)).bytes == std::to_string(now.ns));
  REQUIRE(Must(line->ReadBody(effects[4].response)).bytes == std::to_string(random));
  REQUIRE(StepsOf(*line)[0].effect_count == 6);
}

TEST_CASE("A clock that is passed in makes times and durations exact") {
  class FakeClock final : public Clock {
   public:
    TimeNs Now() override { return {1000 + at_.ns}; }
    DurationNs Monotonic() override { return at_; }
    void SleepFor(DurationNs d) override { at_ += d; }

   private:
    DurationNs at_;
  } clock;
  Recorded recorded;
  auto options = recorded.Options();
  options.clock = &clock;
  auto session = Session::Open(options);
  clock.SleepFor({50});
  auto step = session->BeginStep("a");
  clock.SleepFor({7});
  (void)step->CallTool({.name = "t"}, [&](const CallRequest&, CallProgress&) {
    clock.SleepFor({100});
    return Answer("x");
  });
  (void)step->Send(To("b", "m"));
  clock.SleepFor({3});
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const StepRecord record = StepsOf(*line)[0];
  REQUIRE(record.began_virtual == TimeNs{50});
  REQUIRE(record.began_wall == TimeNs{1050});
  REQUIRE(record.own == DurationNs{10});
  REQUIRE(record.duration == DurationNs{110});
  REQUIRE(record.sent[0].sent_virtual == TimeNs{150});
  const auto effect = Must(line->Effects(AgentId(1), AgentClock(1))).at(0);
  REQUIRE(effect.duration == DurationNs{100});
  REQUIRE(effect.measured == DurationNs{100});
  REQUIRE(effect.began_virtual == TimeNs{50});
}

TEST_CASE("A step left without Commit has failed and leaves the state as it was") {
  Recorded recorded;
  auto session = recorded.Open();
  session->AddAgent({.name = "a", .initial_state = Text("start")});
  { auto step = session->BeginStep("a"); }
  try {
    auto step = session->BeginStep("a");
    (void)step->Send(To("b", "already gone"));
    throw std::runtime_error("boom");
  } catch (const std::runtime_error&) {
  }
  session->BeginStep("a")->Fail({"gave_up", "too hard"});
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(steps.size() == 3);
  REQUIRE(steps[0].error->kind == "no_commit");
  REQUIRE(steps[1].error->kind == "exception");
  REQUIRE(steps[1].sent.size() == 1);
  REQUIRE(steps[2].error->kind == "gave_up");
  REQUIRE(StateText(*line, "a", 3) == "start");
}

TEST_CASE("A step begun while an exception unwinds fails only by an exception of its own") {
  Recorded recorded;
  auto session = recorded.Open();
  struct Cleanup {
    Session& session;
    ~Cleanup() { (void)session.BeginStep("cleaner")->Commit(); }
  };
  try {
    Cleanup cleanup{*session};
    throw std::runtime_error("boom");
  } catch (const std::runtime_error&) {
  }
  MustOk(session->Close());
  REQUIRE_FALSE(StepsOf(*recorded.Read())[0].error.has_value());
}

TEST_CASE("What a call's function throws reaches the program, and the call is recorded as failed") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  struct Odd {};
  REQUIRE_THROWS_AS(step->CallTool({.name = "t"},
                                   [](const CallRequest&, CallProgress&) -> CallResult {
                                     throw Odd();
                                   }),
                    Odd);
  REQUIRE_FALSE(step->CallTool({.name = "u"}, LiveCall()).ok());
  MustOk(step->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  REQUIRE(Must(line->Effects(AgentId(1), AgentClock(1))).at(0).error->kind == "exception");
}

TEST_CASE("Edits change the state they name, and one that does not fit fails the step") {
  Recorded recorded;
  auto session = recorded.Open();
  session->AddAgent({.name = "a", .initial_state = Text("hello")});
  MustOk(session->BeginStep("a")->Commit(StateEdit::Append(5, " world")));
  StateEdit swap;
  swap.splices = {{0, 5, "HI"}, {6, 5, "there"}};
  MustOk(session->BeginStep("a")->Commit(swap));
  StateEdit wrong;
  wrong.splices = {{3, 100, ""}};
  auto step = session->BeginStep("a");
  REQUIRE(step->Commit(wrong).code() == StatusCode::kInvalidArgument);
  REQUIRE(step->Commit().code() == StatusCode::kInvalidArgument);
  MustOk(session->BeginStep("a")->Commit(StateEdit::Append(8, "!")));
  MustOk(session->Close());
  auto line = recorded.Read();
  REQUIRE(StateText(*line, "a", 1) == "hello world");
  REQUIRE(StateText(*line, "a", 2) == "HI there");
  REQUIRE(StateText(*line, "a", 3) == "HI there");
  REQUIRE(StepsOf(*line)[2].error->kind == "invalid_edit");
  REQUIRE(StateText(*line, "a", 4) == "HI there!");
}

TEST_CASE("Spans, events and handoffs stand beside the steps") {
  Recorded recorded;
  auto session = recorded.Open();
  session->Event("started", "{}");
  {
    auto step = session->BeginStep("a");
    {
      auto span = step->Span("retrieval", "lookup", R"({"k":3})");
      auto moved = std::move(span);
    }
    step->Event("thought", "hm", "debug");
    step->Handoff("b", "cannot do it", "ctx");
    MustOk(step->Commit());
  }
  MustOk(session->Close());
  auto line = recorded.Read();
  std::vector<EventRecord> events;
  MustOk(line->ScanEvents([&](const EventRecord& event) {
    events.push_back(event);
    return true;
  }));
  REQUIRE(events.size() == 4);
  REQUIRE(events[0].name == "started");
  REQUIRE_FALSE(events[0].step.has_value());
  REQUIRE(events[1].kind == EventRecord::Kind::kSpan);
  REQUIRE(events[1].name == "lookup");
  REQUIRE(events[1].category == "retrieval");
  REQUIRE(events[2].category == "debug");
  REQUIRE(events[3].kind == EventRecord::Kind::kHandoff);
  REQUIRE(events[3].step->second == AgentClock(1));
}

TEST_CASE("Steps of one agent that overlap are refused, and both are named") {
  Recorded recorded;
  auto session = recorded.Open();
  auto first = session->BeginStep("a");
  auto second = session->BeginStep("a");
  REQUIRE(second->Send(To("b", "x")).size() == 1);
  MustOk(second->Commit());
  REQUIRE(second->number() == StepNumber(0));
  MustOk(first->Commit());
  const Status status = session->Close();
  REQUIRE(status.code() == StatusCode::kInvalidArgument);
  REQUIRE(status.message().find("a/2") != std::string::npos);
  REQUIRE(status.message().find("a/1") != std::string::npos);
  REQUIRE(recorded.Read()->last() == StepNumber(1));
}

TEST_CASE("A message taken before its sender commits is early") {
  Recorded recorded;
  auto session = recorded.Open();
  auto sender = session->BeginStep("a");
  auto messages = sender->Send(To("b", "quick"));
  auto receiver = session->BeginStep("b", messages);
  MustOk(receiver->Commit());
  MustOk(sender->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(line->AgentName(steps[0].agent) == "b");
  REQUIRE(steps[0].took.at(0).early);
  REQUIRE(Must(line->CutAt(StepNumber(1))).open.size() == 1);
  REQUIRE(Must(line->CutAt(StepNumber(2))).open.empty());
}

TEST_CASE("A message read in the middle of a step is taken by it") {
  Recorded recorded;
  auto session = recorded.Open();
  auto sender = session->BeginStep("a");
  auto late = sender->Send(To("b", "late")).at(0);
  MustOk(sender->Commit());
  auto reader = session->BeginStep("b");
  REQUIRE(reader->Receive(late)->body.bytes == "late");
  MustOk(reader->Commit());
  MustOk(session->Close());
  auto line = recorded.Read();
  REQUIRE(StepsOf(*line)[1].took.at(0).id == late.id);
  REQUIRE(StepsOf(*line)[1].taken.empty());
  REQUIRE(Must(line->CutAt(StepNumber(2))).mailboxes.empty());
}

TEST_CASE("What a step does after it has ended is told and not recorded") {
  Recorded recorded;
  auto session = recorded.Open();
  auto step = session->BeginStep("a");
  MustOk(step->Commit());
  REQUIRE(step->Send(To("b", "x")).size() == 1);
  REQUIRE(step->CallTool({.name = "t"}, Says("ran")).ok());
  REQUIRE(session->Close().message().find("a/1") != std::string::npos);
  REQUIRE(Must(recorded.Read()->Effects(AgentId(1), AgentClock(1))).empty());
}

}  // namespace
}  // namespace backstep::recorder::testing
