#include "backstep/recorder/faults/fault_hook.h"

#include "backstep/recorder/faults/fault_match.h"
#include "backstep/tests/support/catch.h"

using namespace backstep;
using namespace backstep::recorder;

namespace {

// A clock that only goes on when somebody sleeps on it.
class StoppedClock : public Clock {
 public:
  TimeNs Now() override { return {slept.ns}; }
  DurationNs Monotonic() override { return slept; }
  void SleepFor(DurationNs d) override { slept += d; }
  DurationNs slept;
};

class NoProgress : public CallProgress {
 public:
  void Chunk(const std::string&) override {}
};

// A hook as of a re-execution: every call has its recorded duration.
class ServedHook : public Hook {
 public:
  CallOutcome OnCall(const StepInfo&, const CallInfo&, const CallRequest&, const LiveCall&,
                     CallProgress&) override {
    CallOutcome out;
    out.result = CallResponse{{"served", "text/plain"}};
    out.status = status;
    out.duration = Milliseconds(7);
    return out;
  }
  CallStatus status = CallStatus::kExact;
};

FaultPlan Plan(const std::string& faults) {
  auto plan = FaultPlan::Parse("backstep: 1\nfaults:\n" + faults, "f.yaml", nullptr);
  INFO(plan.status().ToString());
  REQUIRE(plan.ok());
  return *plan;
}

StepInfo At(const std::string& agent, uint64_t clock) {
  StepInfo step;
  step.agent = AgentId(1);
  step.agent_name = agent;
  step.clock = AgentClock(clock);
  return step;
}

Message Mail(const std::string& from, const std::string& to, const std::string& text,
             uint64_t clock = 1, uint32_t ordinal = 0) {
  Message message;
  message.id = {AgentId(1), AgentClock(clock), ordinal, 0};
  message.from = from;
  message.to = to;
  message.body = {text, "text/plain"};
  return message;
}

struct Called {
  CallOutcome outcome;
  bool ran = false;
};

Called Call(Hook& hook, EffectKind kind, const std::string& name, uint64_t clock = 1,
            uint32_t ordinal = 0) {
  CallRequest request;
  request.name = name;
  request.body = {"request", "text/plain"};
  request.tool_type = "function";
  request.tool_call_id = "call-1";
  Called called;
  NoProgress progress;
  LiveCall live = [&](const CallRequest&, CallProgress&) -> CallResult {
    called.ran = true;
    return CallResponse{{"live", "text/plain"}};
  };
  called.outcome = hook.OnCall(At("coder", clock), {kind, ordinal, {}}, request, live, progress);
  return called;
}

}  // namespace

TEST_CASE("A dropped message is not carried and the record says what it held") {
  Hook world;
  FaultHook hook(Plan("- {id: d, hook: a2a_send, selector: {target_agent_id: coder}, "
                      "action: {type: a2a.drop}, hidden: true}"),
                 {}, &world);
  SendOutcome out = hook.OnSend(At("planner", 12), Mail("planner", "coder", "secret", 12, 3));
  CHECK(out.carried.empty());
  REQUIRE(out.faults.size() == 1);
  CHECK(out.faults[0].spec_id == "d");
  CHECK(out.faults[0].type == "a2a.drop");
  CHECK(out.faults[0].hook == "a2a_send");
  CHECK(out.faults[0].before == "secret");
  CHECK(out.faults[0].hidden);
  CHECK(out.faults[0].message->ordinal == 3);
  CHECK(hook.OnSend(At("planner", 12), Mail("planner", "tester", "x")).carried.size() == 1);
  CHECK(hook.Applied() == std::map<std::string, uint64_t>{{"d", 1}});
}

TEST_CASE("A message from outside is met where it is received, not where it is sent") {
  Hook world;
  FaultHook hook(Plan("- {id: d, hooks: [a2a_send, a2a_receive], action: {type: a2a.drop}, "
                      "limits: {max_times: 1}}"),
                 {}, &world);
  StepInfo outside;
  outside.agent_name = kOutsideName;
  const SendOutcome sent = hook.OnSend(outside, Mail(kOutsideName, "coder", "task", 0));
  CHECK(sent.carried.size() == 1);
  CHECK(sent.faults.empty());
  CHECK(hook.Applied().empty());
  const ReceiveOutcome received =
      hook.OnReceive(At("coder", 1), Mail(kOutsideName, "coder", "task", 0));
  CHECK(!received.message);
  CHECK(received.faults.size() == 1);
}

TEST_CASE("What is received is changed for the agent and not only in the record") {
  Hook world;
  FaultHook hook(Plan("- {id: t, hook: a2a_receive, action: {type: a2a.truncate, params: "
                      "{max_chars: 3}}, selector: {agent_id: coder}}\n"
                      "- {id: d, hook: a2a_receive, action: {type: a2a.drop}}"),
                 {}, &world);
  ReceiveOutcome cut = hook.OnReceive(At("coder", 1), Mail("planner", "coder", "äöü and more"));
  REQUIRE(cut.message);
  CHECK(cut.message->body.bytes == "äöü");
  CHECK(cut.faults[0].before == "äöü and more");
  CHECK(cut.faults[0].after == "äöü");
  ReceiveOutcome gone = hook.OnReceive(At("tester", 1), Mail("planner", "tester", "x"));
  CHECK_FALSE(gone.message);
  CHECK(gone.faults[0].type == "a2a.drop");
}

TEST_CASE("A fault that would change nothing is neither recorded nor counted") {
  Hook world;
  FaultHook hook(Plan("- {id: t, hook: a2a_send, action: {type: a2a.truncate, params: "
                      "{max_chars: 5}}, limits: {max_times: 1}}"),
                 {}, &world);
  SendOutcome same = hook.OnSend(At("a", 1), Mail("a", "b", "short"));
  CHECK(same.faults.empty());
  CHECK_FALSE(same.edited);
  SendOutcome cut = hook.OnSend(At("a", 2), Mail("a", "b", "much longer"));
  CHECK(cut.edited);
  CHECK(cut.carried[0].body.bytes == "much ");
  CHECK(hook.OnSend(At("a", 3), Mail("a", "b", "much longer")).faults.empty());
}

TEST_CASE("A replaced body keeps its media type unless the new one is structured") {
  Hook world;
  FaultHook text(Plan("- {id: r, hook: a2a_send, action: {type: a2a.replace_body, params: "
                      "{body: other}}}"),
                 {}, &world);
  CHECK(text.OnSend(At("a", 1), Mail("a", "b", "x")).carried[0].body ==
        Body{"other", "text/plain"});
  FaultHook json(Plan("- {id: r, hook: a2a_send, action: {type: a2a.replace_body, params: "
                      "{body: {k: 1}}}}"),
                 {}, &world);
  CHECK(json.OnSend(At("a", 1), Mail("a", "b", "x")).carried[0].body ==
        Body{"{\"k\":1}", "application/json"});
}

TEST_CASE("Copies of a message have ids of their own") {
  Hook world;
  FaultHook hook(Plan("- {id: c, hook: a2a_send, action: {type: a2a.duplicate, params: "
                      "{copies: 2}}}"),
                 {}, &world);
  SendOutcome out = hook.OnSend(At("a", 1), Mail("a", "b", "x"));
  REQUIRE(out.carried.size() == 3);
  for (uint32_t copy = 0; copy < 3; ++copy) CHECK(out.carried[copy].id.copy == copy);
  CHECK_FALSE(out.edited);
}

TEST_CASE("A message's delay is virtual, held by the runner, or waited for in the step") {
  const std::string fault =
      "- {id: d, hook: a2a_send, action: {type: a2a.delay, params: {ms: 40}}}";
  Hook world;
  StoppedClock clock;
  FaultHook counted(Plan(fault), {}, &world);
  CHECK(counted.OnSend(At("a", 1), Mail("a", "b", "x")).carried[0].delay == Milliseconds(40));
  FaultHookOptions held{.real_clock = &clock, .hold_delays = true};
  FaultHook runner(Plan(fault), held, &world);
  CHECK(runner.OnSend(At("a", 1), Mail("a", "b", "x")).carried[0].delay == Milliseconds(40));
  CHECK(clock.slept.ns == 0);
  FaultHook scopes(Plan(fault), {.real_clock = &clock}, &world);
  CHECK(scopes.OnSend(At("a", 1), Mail("a", "b", "x")).carried[0].delay.ns == 0);
  CHECK(clock.slept == Milliseconds(40));
}

TEST_CASE("A call's delay is part of its duration") {
  const std::string fault =
      "- {id: d, hook: llm_call, action: {type: llm.delay, params: {ms: 40}}}";
  ServedHook recording;
  FaultHook replayed(Plan(fault), {}, &recording);
  Called served = Call(replayed, EffectKind::kLlm, "m");
  CHECK(served.outcome.duration == Milliseconds(47));
  CHECK(served.outcome.injected_delay == Milliseconds(40));
  CHECK(served.outcome.status == CallStatus::kFault);
  CHECK(served.outcome.result.response().body.bytes == "served");
  recording.status = CallStatus::kMiss;
  CHECK(Call(replayed, EffectKind::kLlm, "m").outcome.status == CallStatus::kMiss);

  Hook world;
  StoppedClock clock;
  FaultHook live(Plan(fault), {.real_clock = &clock}, &world);
  Called waited = Call(live, EffectKind::kLlm, "m");
  CHECK(waited.ran);
  CHECK(clock.slept == Milliseconds(40));
  CHECK_FALSE(waited.outcome.duration);  // what is measured has it
  CHECK(waited.outcome.injected_delay == Milliseconds(40));
}

TEST_CASE("Injected failures are typed values and the call does not run") {
  const std::vector<std::tuple<EffectKind, std::string, std::string, int64_t>> cases = {
      {EffectKind::kLlm, "llm.rate_limit", "rate_limit", 429},
      {EffectKind::kLlm, "llm.timeout", "timeout", 0},
      {EffectKind::kLlm, "llm.network_error", "network_error", 0},
      {EffectKind::kTool, "tool.error", "tool_error", 1},
      {EffectKind::kTool, "tool.timeout", "timeout", 0},
      {EffectKind::kTool, "tool.not_installed", "not_installed", 2},
  };
  for (const auto& [kind, type, error, code] : cases) {
    INFO(type);
    Hook world;
    const std::string hook_name = kind == EffectKind::kLlm ? "llm_call" : "tool_call";
    FaultHook hook(Plan("- {id: f, hook: " + hook_name + ", action: {type: " + type + "}}"), {},
                   &world);
    Called called = Call(hook, kind, "compile");
    CHECK_FALSE(called.ran);
    REQUIRE_FALSE(called.outcome.result.ok());
    CHECK(called.outcome.result.error().kind == error);
    CHECK(called.outcome.result.error().code == code);
    CHECK(called.outcome.result.error().message.find("compile") != std::string::npos);
    CHECK(called.outcome.status == CallStatus::kFault);
    CHECK(called.outcome.duration == DurationNs{0});
    CHECK(called.outcome.faults[0].effect_ordinal == 0u);
  }
}

TEST_CASE("A failure's parameters reach the error") {
  Hook world;
  StoppedClock clock;
  FaultHook hook(Plan("- {id: f, hook: llm_call, action: {type: llm.rate_limit, params: "
                      "{retry_after_ms: 1500, message: slow down, code: 503, after_ms: 20}}}"),
                 {.real_clock = &clock}, &world);
  const CallOutcome out = Call(hook, EffectKind::kLlm, "m").outcome;
  CHECK(out.result.error() == CallError{"rate_limit", 503, "slow down", Milliseconds(1500)});
  CHECK(out.duration == Milliseconds(20));
  CHECK(clock.slept == Milliseconds(20));
}

TEST_CASE("A malformed answer is what the file gives, or a plain default") {
  Hook world;
  FaultHook given(Plan("- {id: f, hook: tool_call, selector: {tool_name: 'code_*', tool_type: "
                       "function, tool_call_id: call-1}, action: {type: tool.malformed_response, "
                       "params: {return_value: '<<<NOT JSON>>>'}}}"),
                  {}, &world);
  Called called = Call(given, EffectKind::kTool, "code_search");
  CHECK_FALSE(called.ran);
  CHECK(called.outcome.result.response().body ==
        Body{"<<<NOT JSON>>>", "text/plain; charset=utf-8"});
  CHECK(called.outcome.faults[0].after == "<<<NOT JSON>>>");
  CHECK(Call(given, EffectKind::kTool, "other").ran);
  CHECK(Call(given, EffectKind::kLlm, "code_search").ran);
  CHECK(Call(given, EffectKind::kEnv, "code_search").ran);
  FaultHook plain(Plan("- {id: f, hook: llm_call, action: {type: llm.malformed_response}}"), {},
                  &world);
  CHECK(Call(plain, EffectKind::kLlm, "m").outcome.result.response().body.bytes ==
        "MALFORMED_RESPONSE");
}

TEST_CASE("A crash fails the selected step before it runs") {
  Hook world;
  FaultHook hook(Plan("- {id: c, hook: agent_step, selector: {agent_id: coder, step_index: 3..4}, "
                      "action: {type: agent.crash}}"),
                 {}, &world);
  std::vector<FaultRecord> faults;
  CHECK_FALSE(hook.BeforeStep(At("coder", 2), &faults));
  auto error = hook.BeforeStep(At("coder", 3), &faults);
  REQUIRE(error);
  CHECK(error->kind == "crash");
  CHECK(error->message == "injected crash");
  CHECK(faults.size() == 1);
  StepInfo indexed = At("coder", 99);
  indexed.program_index = 4;
  CHECK(hook.BeforeStep(indexed, &faults));
  CHECK_FALSE(hook.BeforeStep(At("tester", 3), &faults));
}

TEST_CASE("The first match wins and a spent fault makes way for the next") {
  Hook world;
  FaultHook hook(
      Plan("- {id: one, hook: llm_call, action: {type: llm.timeout}, limits: {max_times: 2}}\n"
           "- {id: two, hook: llm_call, action: {type: llm.rate_limit}}"),
      {.applied_before = {{"one", 1}}}, &world);
  CHECK(Call(hook, EffectKind::kLlm, "m", 1).outcome.result.error().kind == "timeout");
  CHECK(Call(hook, EffectKind::kLlm, "m", 2).outcome.result.error().kind == "rate_limit");
  CHECK(hook.Applied() == std::map<std::string, uint64_t>{{"one", 1}, {"two", 1}});
}

TEST_CASE("A protected call is passed on untouched and uncounted") {
  ServedHook recording;
  FaultHookOptions options;
  options.call_is_protected = [](const StepInfo&, const CallInfo& call) {
    return call.ordinal == 0;
  };
  FaultHook hook(Plan("- {id: f, hook: tool_call, action: {type: tool.error}}"), options,
                 &recording);
  CHECK(Call(hook, EffectKind::kTool, "x", 1, 0).outcome.status == CallStatus::kExact);
  CHECK(Call(hook, EffectKind::kTool, "x", 1, 1).outcome.status == CallStatus::kFault);
}

TEST_CASE("A probability draws per match, the same in every order, and near its value") {
  const std::string fault =
      "- {id: f, hook: tool_call, action: {type: tool.error}, limits: {probability: 0.25}}";
  Hook world;
  FaultHook forward(Plan(fault), {.seed = 7}, &world), backward(Plan(fault), {.seed = 7}, &world);
  FaultHook other(Plan(fault), {.seed = 8}, &world);
  constexpr int kCalls = 4000;
  std::vector<bool> hit(kCalls), again(kCalls);
  int differs = 0;
  for (int i = 0; i < kCalls; ++i) {
    hit[i] = !Call(forward, EffectKind::kTool, "x", i / 4 + 1, i % 4).outcome.result.ok();
    differs += hit[i] == Call(other, EffectKind::kTool, "x", i / 4 + 1, i % 4).outcome.result.ok();
  }
  for (int i = kCalls - 1; i >= 0; --i) {
    again[i] = !Call(backward, EffectKind::kTool, "x", i / 4 + 1, i % 4).outcome.result.ok();
  }
  CHECK(hit == again);
  CHECK(differs > 0);
  const auto hits = std::count(hit.begin(), hit.end(), true);
  CHECK(hits > 900);
  CHECK(hits < 1100);
}

TEST_CASE("Sends and receives of one step draw apart") {
  const std::string fault =
      "- {id: f, hooks: [a2a_send, a2a_receive], action: {type: a2a.drop}, limits: {probability: "
      "0.5}}";
  const FaultPlan plan = Plan(fault);
  int differ = 0, sent = 0;
  for (uint32_t i = 0; i < 400; ++i) {
    const Message message = Mail("a", "a", "x", 1, i);
    const StepFacts at = FactsOf(At("a", 1));
    const bool send = FirstOnSend(plan, 1, at, FactsOf(message)) != nullptr;
    const bool receive = FirstOnReceive(plan, 1, at, FactsOf(message)) != nullptr;
    sent += send;
    differ += send != receive;
  }
  CHECK(sent > 150);
  CHECK(sent < 250);
  CHECK(differ > 150);
}

TEST_CASE("What is matched statically is what the hook does") {
  const FaultPlan plan = Plan(
      "- {id: f, hook: a2a_send, selector: {step_index: 5..}, action: {type: a2a.drop}, limits: "
      "{probability: 0.5}}");
  Hook world;
  FaultHook hook(plan, {.seed = 3}, &world);
  for (uint64_t clock = 1; clock < 100; ++clock) {
    const Message message = Mail("a", "b", "x", clock);
    const bool expected =
        FirstOnSend(plan, 3, FactsOf(At("a", clock)), FactsOf(message)) != nullptr;
    CHECK(hook.OnSend(At("a", clock), message).carried.empty() == expected);
  }
}

TEST_CASE("Every selector holds what it is named after") {
  StepInfo step = At("planner", 5);
  step.segment = "planning";
  step.segment_order = 2;
  Message message = Mail("planner", "coder", "x", 5, 1);
  message.channel = "requirements";
  message.program_id = "msg-0001";
  auto matches = [&](const std::string& selector) {
    const FaultPlan plan = Plan("- {id: f, hook: a2a_send, selector: {" + selector +
                                "}, action: {type: a2a.drop}}");
    return MatchesSend(plan.faults()[0], FactsOf(step), FactsOf(message));
  };
  for (const char* good :
       {"agent_id: planner", "step_index: 5", "step_index: ..9", "phase_name: planning",
        "phase_order: 2", "source_agent_id: planner", "target_agent_id: coder",
        "edge_id: planner->coder", "message_id: planner/5.1", "message_id: msg-0001",
        "channel: 'req*'", "agent_id: '[op]lanner'",
        "agent_id: 'pl?nner', channel: requirements"}) {
    INFO(good);
    CHECK(matches(good));
  }
  for (const char* bad : {"agent_id: coder", "step_index: 6..", "phase_name: coding",
                          "phase_order: 0", "source_agent_id: coder", "target_agent_id: planner",
                          "edge_id: e1", "message_id: planner/5.2", "channel: r",
                          "agent_id: '[!p]lanner'", "agent_id: planner, channel: other"}) {
    INFO(bad);
    CHECK_FALSE(matches(bad));
  }
  message.edge_id = "e1";
  CHECK(matches("edge_id: e1"));
}

TEST_CASE("Globs and ranges follow their rules") {
  CHECK(MatchesGlob("*", ""));
  CHECK(MatchesGlob("a*b*c", "aXXbYYc"));
  CHECK_FALSE(MatchesGlob("a*b*c", "aXXbYY"));
  CHECK(MatchesGlob("[a-c]x[]]", "bx]"));
  CHECK(MatchesGlob("[open", "[open"));
  CHECK(MatchesGlob("\\*", "*"));
  CHECK_FALSE(MatchesGlob("\\*", "x"));
  CHECK(MatchesGlob("tool[x]", "tool[x]"));
  CHECK_FALSE(MatchesGlob(std::string(200, '*') + "b", std::string(20000, 'a')));
  CHECK(MatchesRange("3..7", 3));
  CHECK(MatchesRange("3..7", 7));
  CHECK_FALSE(MatchesRange("3..7", 8));
  CHECK(MatchesRange("5..", 1000));
  CHECK(MatchesRange("..9", 0));
  CHECK_FALSE(IsRange(".."));
  CHECK_FALSE(IsRange("3...7"));
  CHECK_FALSE(IsRange("7..3"));
  CHECK_FALSE(IsRange("-1"));
}

TEST_CASE("Excerpts in the record are bounded and end between characters") {
  Hook world;
  FaultHook hook(Plan("- {id: d, hook: a2a_send, action: {type: a2a.drop}}"), {}, &world);
  std::string body = "x";
  for (int i = 0; i < 5000; ++i) body += "ä";
  SendOutcome out = hook.OnSend(At("a", 1), Mail("a", "b", body));
  const std::string& before = out.faults[0].before;
  CHECK(before.size() <= 4096);
  CHECK(before.substr(before.size() - 5) == "ä…");
}
