// What a hook answers is what the program sees and what is recorded.
#include "backstep/recorder/hook.h"

#include "backstep/recorder/inherit.h"
#include "backstep/recorder/redact.h"
#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

LiveCall MustNotRun() {
  return [](const CallRequest&, CallProgress&) -> CallResult {
    FAIL("ran live");
    return CallError{};
  };
}

// Answers what a test sets, lets the rest through.
class TestHook : public Hook {
 public:
  std::function<SendOutcome(const StepInfo&, Message)> on_send;
  std::function<ReceiveOutcome(Message)> on_receive;
  std::function<CallOutcome(const CallInfo&, const CallRequest&, const LiveCall&, CallProgress&)>
      on_call;
  std::function<std::optional<AgentAnswer>(const Message&)> on_agent_call;
  std::function<Status(Step&)> run_agent;
  std::optional<StepError> before_step;
  std::optional<TimeNs> begin;
  bool abandoned = false;
  std::vector<StepRecord> committed;
  std::vector<std::string> states;
  std::vector<StepInfo> begun;

  std::optional<TimeNs> OnBegin(const StepInfo& step) override {
    begun.push_back(step);
    return begin;
  }
  std::optional<StepError> BeforeStep(const StepInfo&, std::vector<FaultRecord>* faults) override {
    if (before_step) faults->push_back({.spec_id = "f", .type = "agent.crash"});
    return before_step;
  }
  SendOutcome OnSend(const StepInfo& step, Message message) override {
    return on_send ? on_send(step, std::move(message)) : Hook::OnSend(step, std::move(message));
  }
  ReceiveOutcome OnReceive(const StepInfo& step, Message message) override {
    return on_receive ? on_receive(std::move(message)) : Hook::OnReceive(step, std::move(message));
  }
  CallOutcome OnCall(const StepInfo& step, const CallInfo& call, const CallRequest& request,
                     const LiveCall& live, CallProgress& progress) override {
    return on_call ? on_call(call, request, live, progress)
                   : Hook::OnCall(step, call, request, live, progress);
  }
  std::optional<AgentAnswer> OnAgentCall(const StepInfo&, const Message& request) override {
    return on_agent_call ? on_agent_call(request) : std::nullopt;
  }
  Status RunAgent(Step& inner) override {
    return run_agent ? run_agent(inner) : Hook::RunAgent(inner);
  }
  DurationNs OwnTime(const StepInfo&, DurationNs) override { return {10}; }
  bool Abandoned(const StepInfo&) override { return abandoned; }
  std::optional<TimeNs> OutsideTime() override { return TimeNs{3}; }
  void OnCommit(const StepInfo&, const StepRecord& record, const StateChange& state) override {
    committed.push_back(record);
    states.push_back(state.whole != nullptr ? state.whole->bytes : "");
  }
};

struct Hooked {
  Recorded recorded;
  TestHook hook;
  std::unique_ptr<Session> session;
  Hooked() {
    auto options = recorded.Options();
    options.hook = &hook;
    session = Session::Open(options);
  }
};

TEST_CASE("A served call counts as long as the hook says and runs nothing") {
  Hooked run;
  run.hook.begin = TimeNs{1000};
  Hash128 asked;
  run.hook.on_call = [&](const CallInfo& call, const CallRequest&, const LiveCall&, CallProgress&) {
    asked = call.request_hash;
    CallOutcome outcome;
    outcome.result = Answer("served");
    outcome.status = CallStatus::kExact;
    outcome.duration = DurationNs{500};
    outcome.moved = true;
    return outcome;
  };
  auto step = run.session->BeginStep("a");
  const CallRequest request{.name = "m", .body = {R"({"q": 1})"}};
  REQUIRE(step->CallLlm(request, MustNotRun()).response().body.bytes == "served");
  (void)step->Send(To("b", "x"));
  MustOk(step->Commit(Text("s")));
  MustOk(run.session->Close());
  REQUIRE(asked == RequestHash(*Must(Redactor::Make({})), EffectKind::kLlm, request));
  auto line = run.recorded.Read();
  const auto effect = Must(line->Effects(AgentId(1), AgentClock(1))).at(0);
  REQUIRE(effect.request_hash == asked);
  REQUIRE(effect.status == CallStatus::kExact);
  REQUIRE(effect.moved);
  REQUIRE(effect.duration == DurationNs{500});
  REQUIRE(effect.measured == DurationNs{0});
  const auto record = StepsOf(*line)[0];
  REQUIRE(record.began_virtual == TimeNs{1000});
  REQUIRE(record.sent[0].sent_virtual == TimeNs{1500});
  REQUIRE(record.duration == DurationNs{510});
  REQUIRE(run.hook.states.at(0) == "s");
  REQUIRE(run.hook.committed.at(0).number == StepNumber(1));
}

TEST_CASE("An edited message is carried edited and keeps the hash of what was offered") {
  Hooked run;
  run.hook.on_send = [](const StepInfo&, Message message) {
    SendOutcome outcome;
    message.body.bytes = "changed";
    outcome.carried = {message, message};  // and once more
    outcome.edited = true;
    outcome.faults.push_back({.spec_id = "edit", .type = "edit.message"});
    return outcome;
  };
  auto step = run.session->BeginStep("a");
  const auto carried = step->Send(To("b", "original"));
  REQUIRE(carried.size() == 2);
  REQUIRE(carried[1].id.copy == 1);
  MustOk(step->Commit());
  MustOk(run.session->Close());
  auto line = run.recorded.Read();
  const auto message = Must(line->FindMessage(carried[1].id));
  REQUIRE(message.edited);
  REQUIRE(message.offered_hash == HashBytes("original"));
  REQUIRE(Must(line->ReadBody(message.body)).bytes == "changed");
  REQUIRE(StepsOf(*line)[0].sent.size() == 2);
  REQUIRE(StepsOf(*line)[0].faults.size() == 1);
}

TEST_CASE("What was delivered before the fork is sent again on paper only") {
  Hooked run;
  run.hook.on_send = [](const StepInfo&, Message message) {
    SendOutcome outcome;
    outcome.carried.push_back(std::move(message));
    outcome.already_delivered = true;
    return outcome;
  };
  auto step = run.session->BeginStep("a");
  REQUIRE(step->Send(To("b", "x")).empty());
  MustOk(step->Commit());
  MustOk(run.session->Close());
  REQUIRE_FALSE(StepsOf(*run.recorded.Read())[0].sent.at(0).dropped);
}

TEST_CASE("A message that a fault swallows is taken and not seen") {
  Hooked run;
  auto inbox = run.session->Outside(To("a", "x"));
  run.hook.on_receive = [](Message) { return ReceiveOutcome{std::nullopt, {{.spec_id = "f"}}}; };
  auto step = run.session->BeginStep("a", inbox);
  REQUIRE(step->taken().empty());
  REQUIRE(step->info().taken.size() == 1);
  REQUIRE(step->Reply(Text("to whom?")).empty());
  MustOk(step->Commit());
  MustOk(run.session->Close());
  auto line = run.recorded.Read();
  REQUIRE(StepsOf(*line)[0].took.size() == 1);
  REQUIRE(StepsOf(*line)[0].faults.at(0).spec_id == "f");
  REQUIRE(Must(line->CutAt(StepNumber(1))).mailboxes.empty());
  REQUIRE(Must(line->FindMessage(inbox[0].id)).sent_virtual == TimeNs{3});
}

TEST_CASE("A step that a fault fails before it runs is recorded as failed whatever it does") {
  Hooked run;
  run.hook.before_step = StepError{"crash", "injected"};
  auto step = run.session->BeginStep("a");
  REQUIRE(step->failed()->kind == "crash");
  REQUIRE(step->Commit(Text("ignored")).code() == StatusCode::kCancelled);
  MustOk(run.session->Close());
  const auto record = StepsOf(*run.recorded.Read()).at(0);
  REQUIRE(record.error->kind == "crash");
  REQUIRE_FALSE(record.state_changed);
  REQUIRE(run.hook.states.at(0).empty());
}

TEST_CASE("A nested call can be answered, dropped, or run by the hook") {
  Hooked run;
  auto step = run.session->BeginStep("a");
  run.hook.on_agent_call = [](const Message& request) {
    AgentAnswer answer;
    answer.reply = To("a", "recorded");
    answer.reply.from = std::string("b");
    answer.reply.id = {AgentId(2), AgentClock(1), 0, 0};
    answer.reply.reply_to = request.id;
    answer.duration = DurationNs{70};
    return std::optional(answer);
  };
  REQUIRE(step->CallAgent("b", To("", "1")).message.body.bytes == "recorded");
  run.hook.on_agent_call = [](const Message&) {
    AgentAnswer answer;
    answer.error = CallError{"cancelled", 0, "no", {}};
    return std::optional(answer);
  };
  REQUIRE(step->CallAgent("b", To("", "2")).error->kind == "cancelled");
  run.hook.on_agent_call = {};
  run.hook.on_send = [](const StepInfo&, Message) { return SendOutcome(); };
  REQUIRE(step->CallAgent("b", To("", "3")).error->kind == "dropped");
  run.hook.on_send = {};
  run.hook.run_agent = [&](Step& inner) {
    REQUIRE(inner.info().caller->first == AgentId(1));
    REQUIRE(inner.info().caller_virtual.ns >= 70);
    run.hook.on_send = [](const StepInfo&, Message) { return SendOutcome(); };
    REQUIRE(inner.Reply(Text("lost")).empty());
    return inner.Commit();
  };
  REQUIRE(step->CallAgent("b", To("", "4")).error->kind == "dropped");
  MustOk(step->Commit());
  MustOk(run.session->Close());
  auto line = run.recorded.Read();
  const auto steps = StepsOf(*line);
  REQUIRE(steps.size() == 2);
  const auto& sent = steps[1].sent;
  REQUIRE(sent.size() == 4);
  REQUIRE_FALSE(sent[0].dropped);
  REQUIRE(sent[1].dropped);
  REQUIRE(sent[2].dropped);
  REQUIRE_FALSE(sent[3].dropped);
  REQUIRE(steps[1].took.size() == 1);
  REQUIRE(steps[1].duration.ns == 10 + 70 + 10);
}

TEST_CASE("A request that is duplicated runs its agent once, on both copies") {
  Hooked run;
  run.hook.on_send = [](const StepInfo& info, Message message) {
    SendOutcome outcome;
    outcome.carried = {message};
    if (info.agent_name == "a") outcome.carried.push_back(message);
    return outcome;
  };
  auto step = run.session->BeginStep("a");
  int runs = 0;
  const AgentReply reply = step->CallAgent("b", To("", "x"), [&](Step& inner) {
    ++runs;
    REQUIRE(inner.taken().size() == 2);
    (void)inner.Reply(Text("y"));
    return inner.Commit();
  });
  REQUIRE(reply.ok());
  REQUIRE(runs == 1);
  MustOk(step->Commit());
  MustOk(run.session->Close());
  REQUIRE(Must(run.recorded.Read()->CutAt(StepNumber(2))).mailboxes.empty());
}

TEST_CASE("A step that is given up stays open and does nothing more to the world") {
  Hooked run;
  auto step = run.session->BeginStep("a");
  run.hook.on_call = [&](const CallInfo&, const CallRequest&, const LiveCall&, CallProgress&) {
    run.hook.abandoned = true;
    CallOutcome outcome;
    outcome.result = CallError{"miss", 0, "not recorded", {}};
    return outcome;
  };
  REQUIRE(step->CallTool({.name = "t"}, MustNotRun()).error().kind == "miss");
  REQUIRE(step->CallTool({.name = "t"}, MustNotRun()).error().kind == "cancelled");
  REQUIRE(step->Send(To("b", "x")).empty());
  REQUIRE(step->CallAgent("b", To("", "x")).error->kind == "cancelled");
  REQUIRE(step->Commit(Text("s")).code() == StatusCode::kCancelled);
  REQUIRE(run.hook.committed.empty());
  MustOk(run.session->Close());
  auto line = run.recorded.Read();
  REQUIRE(line->last() == StepNumber(0));
  REQUIRE(Must(line->OpenSteps()).size() == 1);
  REQUIRE(Must(line->Effects(AgentId(1), AgentClock(1))).empty());
}

TEST_CASE("What a hook throws reaches the program and leaves a recording that reads") {
  Hooked run;
  run.hook.on_send = [](const StepInfo&, Message) -> SendOutcome {
    throw std::runtime_error("hook");
  };
  REQUIRE_THROWS_AS(
      [&] {
        auto step = run.session->BeginStep("a");
        (void)step->Send(To("b", "x"));
      }(),
      std::runtime_error);
  run.hook.on_receive = [](Message) -> ReceiveOutcome { throw std::runtime_error("hook"); };
  Message message = To("a", "x");
  REQUIRE_THROWS(run.session->BeginStep("a", {message}));
  MustOk(run.session->Close());
  const auto steps = StepsOf(*run.recorded.Read());
  REQUIRE(steps.size() == 2);
  REQUIRE(steps[0].error->kind == "exception");
  REQUIRE(steps[1].error->kind == "exception");
}

TEST_CASE("A disabled session with a hook still asks it, and a broken disk does not stop it") {
  TestHook hook;
  SessionOptions options;
  options.hook = &hook;
  options.read_environment = false;
  options.disabled = true;
  for (const bool disabled : {true, false}) {
    options.disabled = disabled;
    options.path = "/proc/none";
    auto session = Session::Open(options);
    hook.committed.clear();
    auto step = session->BeginStep("a", session->Outside(To("a", "x")));
    (void)step->Send(To("b", "y"));
    MustOk(step->Commit(Text("s")));
    REQUIRE_FALSE(session->enabled());
    REQUIRE(hook.committed.size() == 1);
    REQUIRE(hook.committed[0].sent.size() == 1);
    REQUIRE(hook.states.back() == "s");
    REQUIRE(session->Close().ok() == disabled);
  }
}

TEST_CASE("A branch goes on from its fork: clocks, ids, states and open steps") {
  Recorded recorded;
  auto session = recorded.Open();
  session->AddAgent({.name = "a", .initial_state = Text("0")});
  session->AddAgent({.name = "b"});
  auto inbox = session->Outside(To("a", "go"));
  auto outer = session->BeginStep("a", inbox);
  (void)outer->CallAgent("b", To("", "x"), [](Step& inner) {
    (void)inner.Reply(Text("y"));
    return inner.Commit(Text("b1"));
  });
  MustOk(outer->Commit(Text("a1")));
  MustOk(session->Close());

  auto parent = recorded.Read();
  SessionOptions::Inherit inherit;
  inherit.cut = Must(parent->CutAt(StepNumber(1)));
  inherit.agents = parent->agents();
  inherit.outside_messages = 1;
  REQUIRE(inherit.cut.open.size() == 1);
  auto options = recorded.Options();
  options.header.name = "branch";
  options.header.origin = BranchOrigin{LogId(1), StepNumber(1), "{}", "served"};
  options.inherit = &inherit;
  auto branch = Session::Open(options);
  MustOk(branch->status());
  REQUIRE(branch->log() == LogId(2));
  REQUIRE(branch->Committed() == StepNumber(1));
  auto again = branch->BeginStep("a", inbox);
  REQUIRE(again->info().agent == AgentId(1));
  REQUIRE(again->info().clock == AgentClock(1));
  MustOk(again->Commit(StateEdit::Append(1, "+")));
  REQUIRE(again->number() == StepNumber(2));
  auto next = branch->BeginStep("b");
  REQUIRE(next->info().clock == AgentClock(2));
  MustOk(next->Commit(StateEdit::Append(2, "+")));
  REQUIRE(branch->AddAgent({.name = "c"}) == AgentId(3));
  REQUIRE(branch->Outside(To("c", "x")).at(0).id.ordinal == 1);
  LogEnd end;
  end.result = "finished";
  end.summary.exact = 7;
  branch->SetEnd(end);
  MustOk(branch->Close());

  auto line = Must(Must(store::Recording::Open(recorded.path()))->OpenLine(LogId(2)));
  REQUIRE(line->last() == StepNumber(3));
  REQUIRE(line->fork() == StepNumber(1));
  REQUIRE(StateText(*line, "b", 1) == "b1");
  REQUIRE(StateText(*line, "a", 2) == "0+");
  REQUIRE(StateText(*line, "b", 3) == "b1+");
  REQUIRE(line->end()->result == "finished");
  REQUIRE(line->end()->summary.exact == 7);
}

}  // namespace
}  // namespace backstep::recorder::testing
