#include "backstep/replay/compare.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

using namespace backstep;
using namespace backstep::replay;

namespace {

struct Call {
  std::string name, request, response;
  CallStatus status = CallStatus::kRecorded;
  double cost = 0;
  std::optional<CallError> error;
};

struct Sent {
  std::string to, body;
  bool dropped = false;
  DurationNs delay;
};

// One step as a test writes it down.
struct Script {
  std::string agent, state;
  std::vector<MessageId> takes;
  std::vector<Call> calls;
  std::vector<Sent> sends;
  std::optional<StepError> error;
  std::vector<FaultRecord> faults;
  std::optional<Outcome> outcome;
};

// Writes a line by hand, with wall times that no other line has.
class Hand {
 public:
  Hand(store::Recording& recording, LogHeader header, std::vector<std::string> agents,
       const Hand* parent = nullptr) {
    if (parent != nullptr) {
      REQUIRE(parent->writer_->Flush().ok());
      ids_ = parent->ids_;
      header.origin = BranchOrigin{parent->log(), StepNumber(header.origin->fork), "{}", "served"};
      number_ = header.origin->fork.value;
      for (uint64_t i = 0; i < number_; ++i) clocks_[parent->agents_in_order_[i]]++;
      agents_in_order_.assign(parent->agents_in_order_.begin(),
                              parent->agents_in_order_.begin() + static_cast<ptrdiff_t>(number_));
    }
    header.began_wall = Tick();
    auto writer = recording.NewLog(header, {});
    INFO(writer.status().ToString());
    REQUIRE(writer.ok());
    writer_ = std::move(*writer);
    for (const std::string& name : agents) AddAgent(name);
  }

  LogId log() const { return writer_->id(); }
  AgentId Id(const std::string& agent) const { return ids_.at(agent); }
  MessageId Mail(const std::string& agent, uint64_t clock, uint32_t ordinal = 0) const {
    return {agent.empty() ? kOutside : Id(agent), AgentClock(clock), ordinal, 0};
  }

  void Outside(const std::string& to, const std::string& text) {
    MessageRecord message;
    message.id = {kOutside, AgentClock(0), outside_++, 0};
    PutMessage(std::move(message), {to, text}, StepNumber(number_));
  }

  void Step(const Script& script) {
    StepRecord step;
    step.agent = Id(script.agent);
    step.clock = AgentClock(++clocks_[script.agent]);
    step.taken = script.takes;
    for (const MessageId& id : script.takes) step.took.push_back({id, false});
    step.began_wall = Tick();
    step.begin_after = StepNumber(number_);
    REQUIRE(writer_->Begin(step).ok());
    uint32_t ordinal = 0;
    for (const Call& call : script.calls) PutCall(step, call, ordinal++);
    ordinal = 0;
    for (const Sent& sent : script.sends) {
      MessageRecord message;
      message.id = {step.agent, step.clock, ordinal++, 0};
      step.sent.push_back({message.id, Id(sent.to), sent.delay, {}, sent.dropped});
      PutMessage(std::move(message), sent, StepNumber(number_));
    }
    step.effect_count = static_cast<uint32_t>(script.calls.size());
    step.number = StepNumber(++number_);
    step.error = script.error;
    step.faults = script.faults;
    step.outcome = script.outcome;
    step.duration = Milliseconds(10);
    step.ended_wall = Tick();
    agents_in_order_.push_back(script.agent);
    std::variant<std::monostate, Body, StateEdit> state;
    if (!script.state.empty()) {
      state = Body{script.state, "application/json"};
      step.state_changed = true;
    }
    const Status status = writer_->Commit(&step, state);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  std::unique_ptr<store::Line> Read() {
    REQUIRE(writer_->Flush().ok());
    auto line = writer_->Read();
    INFO(line.status().ToString());
    REQUIRE(line.ok());
    return std::move(*line);
  }

  void Seal(Outcome outcome) {
    LogEnd end;
    end.outcome = std::move(outcome);
    end.last_step = StepNumber(number_);
    REQUIRE(writer_->Seal(end).ok());
    writer_.reset();
  }

 private:
  static TimeNs Tick() {
    static int64_t ticks = 1000;
    return {++ticks};
  }

  void AddAgent(const std::string& name) {
    AgentRecord agent;
    agent.name = name;
    agent.id = AgentId(static_cast<uint32_t>(ids_.size() + 1));
    ids_[name] = agent.id;
    REQUIRE(writer_->PutAgent(agent, {"{\"n\":0}", "application/json"}).ok());
  }

  void PutMessage(MessageRecord message, const Sent& sent, StepNumber after) {
    message.to = Id(sent.to);
    message.dropped = sent.dropped;
    message.delay = sent.delay;
    message.sent_after = after;
    message.sent_wall = Tick();
    const Body body{sent.body, "text/plain"};
    REQUIRE(writer_->PutMessage(&message, &body).ok());
  }

  void PutCall(const StepRecord& step, const Call& call, uint32_t ordinal) {
    EffectRecord effect;
    effect.agent = step.agent;
    effect.clock = step.clock;
    effect.ordinal = ordinal;
    effect.kind = EffectKind::kLlm;
    effect.name = call.name;
    effect.request_hash = HashBytes(call.request);
    effect.status = call.status;
    effect.error = call.error;
    effect.usage.cost_usd = call.cost;
    effect.usage.input_tokens = call.request.size();
    const Body request{call.request, "application/json"},
        response{call.response, "application/json"};
    REQUIRE(writer_->PutEffect(&effect, &request, call.error ? nullptr : &response).ok());
  }

  std::unique_ptr<store::LogWriter> writer_;
  std::map<std::string, AgentId> ids_;
  std::map<std::string, uint64_t> clocks_;
  std::vector<std::string> agents_in_order_;
  uint64_t number_ = 0;
  uint32_t outside_ = 0;
};

LogHeader Named(const std::string& name) {
  LogHeader header;
  header.name = name;
  return header;
}

LogHeader Branch(const std::string& name, uint64_t fork) {
  LogHeader header = Named(name);
  header.origin.emplace();
  header.origin->fork = StepNumber(fork);
  return header;
}

const std::vector<std::string> kTeam = {"planner", "coder", "tester"};

Script Plan(const Hand& hand, const std::string& body = "plan A") {
  return {"planner", R"({"n":1})", {hand.Mail("", 0)}, {{"m", R"({"q":1})", R"({"a":1})"}},
          {{"coder", body}}};
}

Script Code(const Hand& hand, const std::string& what = "A") {
  return {"coder", R"({"todo":[")" + what + R"("]})", {hand.Mail("planner", 1)},
          {{"m", R"({"plan":")" + what + R"("})", R"({"code":")" + what + R"("})",
            CallStatus::kRecorded, 0.5}},
          {{"tester", "code " + what}}};
}

Script Test(const Hand& hand, const std::string& state) {
  return {"tester", state, {hand.Mail("coder", 1)}};
}

std::unique_ptr<store::Recording> Create(const std::string& path) {
  auto recording = store::Recording::Create(path);
  INFO(recording.status().ToString());
  REQUIRE(recording.ok());
  return std::move(*recording);
}

Comparison Compared(store::Line& a, store::Line& b, const CompareOptions& options = {}) {
  auto comparison = Compare(a, b, options);
  INFO(comparison.status().ToString());
  REQUIRE(comparison.ok());
  return *comparison;
}

std::string Lines(const StepDiff& diff) {
  std::string out;
  for (const std::string& line : diff.lines) out += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("A line is identical to itself and to an unchanged branch") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Outside("planner", "task");
  main.Step(Plan(main));
  main.Step(Code(main));
  auto a = main.Read(), b = main.Read();
  const Comparison same = Compared(*a, *b);
  CHECK(same.identical());
  CHECK(same.steps_shared == 2);
  CHECK(same.a.moment == "main:2");
  CHECK(same.a.virtual_time == same.b.virtual_time);

  Hand branch(*recording, Branch("again", 1), {}, &main);
  branch.Step(Code(branch));
  auto again = branch.Read();
  const Comparison replayed = Compared(*a, *again);
  CHECK(replayed.identical());
  CHECK(replayed.steps_shared == 1);
  CHECK(replayed.steps_same == 1);
  CHECK(replayed.b.moment == "again:2");
  CHECK(replayed.a.calls.recorded == 1);
}

TEST_CASE("A branch with an edit differs from the edited message on, in words and values") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Outside("planner", "task");
  main.Step(Plan(main));
  main.Step(Code(main));
  main.Step(Test(main, R"({"ok":false})"));
  Hand branch(*recording, Branch("fixed", 0), {}, &main);
  Script plan = Plan(branch, "plan B");
  plan.faults = {{"edit", "edit.message", "a2a_send", "body replaced"}};
  plan.calls[0].status = CallStatus::kExact;
  branch.Step(plan);
  Script code = Code(branch, "B");
  code.calls[0].status = CallStatus::kLive;
  code.calls[0].cost = 0.75;
  code.sends[0].delay = DurationNs{1500000};
  branch.Step(code);
  Script test = Test(branch, R"({"ok":true})");
  test.outcome = Outcome{Outcome::Kind::kOk, 1.0, "all pass"};
  branch.Step(test);
  branch.Step({"planner", R"({"n":2})", {}, {}, {}, StepError{"exception", "boom"}});
  auto a = main.Read(), b = branch.Read();
  const Comparison c = Compared(*a, *b);
  CHECK_FALSE(c.identical());
  CHECK(c.steps_shared == 0);
  CHECK(c.steps_same == 0);
  CHECK(c.differing_count == 4);
  REQUIRE(c.differing.size() == 4);
  CHECK(c.agents_touched == kTeam);

  const StepDiff& first = c.differing[0];
  CHECK(first.agent == "planner");
  CHECK(first.kinds == std::vector<std::string>{"message", "fault"});
  CHECK(Lines(first) == "planner/1.0: body differs at line 1: plan A -> plan B\n"
                        "applied: edit (edit.message: body replaced); in A: nothing\n");
  REQUIRE(c.first_values.size() == 1);
  CHECK(c.first_values[0].after == "plan B");

  const StepDiff& second = c.differing[1];
  CHECK(second.a == StepNumber(2));
  CHECK(second.b == StepNumber(2));
  CHECK(second.kinds == std::vector<std::string>{"request", "response", "message", "state"});
  CHECK(Lines(second).find("call 0 (llm m): request differs at /plan: \"A\" -> \"B\"\n") == 0);
  CHECK(Lines(second).find("coder/1.0 is delayed by 1.5 ms instead of 0 ms\n") !=
        std::string::npos);
  CHECK(Lines(second).find("state differs at /todo/0: \"A\" -> \"B\"\n") != std::string::npos);

  CHECK(c.differing[3].kinds == std::vector<std::string>{"only in B"});
  CHECK(c.differing[3].a == StepNumber(0));
  CHECK(Lines(c.differing[3]) == "takes nothing\nfails with exception: boom\n");

  CHECK(c.b.outcome == Outcome{Outcome::Kind::kOk, 1.0, "all pass"});
  CHECK(c.a.outcome.kind == Outcome::Kind::kUnknown);
  CHECK(c.b.failed_steps == 1);
  CHECK(c.b.messages == 2);
  CHECK(c.b.calls.exact == 1);
  CHECK(c.b.calls.live == 1);
  CHECK(c.a.calls.recorded == 2);
  CHECK(c.b.usage.cost_usd == 0.75);
  CHECK(c.a.usage.cost_usd == 0.5);
}

TEST_CASE("What only the first line has comes last, and an outcome of the end stands") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Step(Plan(main));
  main.Step(Code(main));
  main.Step(Test(main, R"({"ok":false})"));
  Hand branch(*recording, Branch("drop", 1), {}, &main);
  Script code = Code(branch);
  code.sends[0].dropped = true;
  branch.Step(code);
  const LogId id = main.log();
  auto b = branch.Read();
  main.Seal({Outcome::Kind::kFailed, std::nullopt, "tests fail"});
  auto a = recording->OpenLine(id);
  REQUIRE(a.ok());
  const Comparison c = Compared(**a, *b);
  REQUIRE(c.differing.size() == 2);
  CHECK(Lines(c.differing[0]) == "coder/1.0 is dropped in B\n");
  CHECK(c.differing[1].kinds == std::vector<std::string>{"only in A"});
  CHECK(c.differing[1].agent == "tester");
  CHECK(Lines(c.differing[1]) == "takes coder/1.0\n");
  CHECK(c.a.outcome.reason == "tests fail");
  const Comparison until = Compared(**a, *b, {StepNumber(2), StepNumber(0)});
  CHECK(until.differing_count == 1);
  CHECK(until.a.outcome.kind == Outcome::Kind::kUnknown);
  CHECK(until.a.steps == 2);
}

TEST_CASE("Lines of different recordings are aligned by agent name and clock") {
  testing::TempDir dir;
  auto one = Create(dir / "one.backstep"), two = Create(dir / "two.backstep");
  Hand left(*one, Named("team"), kTeam), right(*two, Named("team"), {"tester", "coder", "planner"});
  left.Outside("planner", "task");
  right.Outside("planner", "task");
  left.Step(Plan(left));
  right.Step(Plan(right));
  left.Step({"tester", R"({"idle":1})"});
  left.Step(Code(left));
  right.Step(Code(right));
  right.Step({"tester", R"({"idle":1})"});
  auto a = left.Read(), b = right.Read();
  const Comparison c = Compared(*a, *b);
  INFO((c.differing.empty() ? "" : Lines(c.differing[0])));
  CHECK(c.identical());
  CHECK(c.steps_shared == 0);
  CHECK(c.steps_same == 3);
}

TEST_CASE("Branches of branches share what their nearest common log has") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  for (int i = 0; i < 10; ++i) main.Step({"coder", "{\"i\":" + std::to_string(i) + "}"});
  Hand first(*recording, Branch("first", 6), {}, &main);
  for (int i = 6; i < 10; ++i) first.Step({"coder", "{\"j\":" + std::to_string(i) + "}"});
  Hand deep(*recording, Branch("deep", 8), {}, &first);
  deep.Step({"coder", R"({"k":1})"});
  auto a = main.Read(), b = first.Read(), c = deep.Read();
  CHECK(Compared(*a, *c).steps_shared == 6);
  CHECK(Compared(*b, *c).steps_shared == 8);
  CHECK(Compared(*c, *b).differing_count == 2);
  CHECK(Compared(*c, *b, {StepNumber(3), StepNumber(0)}).steps_shared == 3);
  CHECK(Compared(*c, *b, {StepNumber(0), StepNumber(3)}).differing.size() == 6);
}

TEST_CASE("Calls that were added, left out or answered otherwise are named") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Step({"coder", R"({"n":1})", {}, {{"m", "1", "x"}, {"m", "2", "y"}, {"m", "3", "z"}}});
  Hand branch(*recording, Branch("b", 0), {}, &main);
  branch.Step({"coder", R"({"n":1})", {},
               {{"m", "0", "w"}, {"m", "1", "x"}, {"m", "2", "other"},
                {"m", "3", "", CallStatus::kFault, 0, CallError{"rate_limit", 429, "slow down"}}}});
  auto a = main.Read(), b = branch.Read();
  const Comparison c = Compared(*a, *b);
  REQUIRE(c.differing.size() == 1);
  CHECK(c.differing[0].kinds == std::vector<std::string>{"request", "response"});
  CHECK(Lines(c.differing[0]) ==
        "call 0 (llm m) only in B\n"
        "call 2 (llm m): response differs at line 1: y -> other\n"
        "call 3 (llm m) fails with rate_limit 429: slow down; in A it answers\n");
}

TEST_CASE("An edited message from outside shows where it is taken") {
  testing::TempDir dir;
  auto one = Create(dir / "one.backstep"), two = Create(dir / "two.backstep");
  Hand left(*one, Named("team"), kTeam), right(*two, Named("team"), kTeam);
  left.Outside("planner", "task");
  right.Outside("planner", "another task");
  left.Step(Plan(left));
  right.Step(Plan(right));
  auto a = left.Read(), b = right.Read();
  const Comparison c = Compared(*a, *b);
  REQUIRE(c.differing.size() == 1);
  CHECK(Lines(c.differing[0]) ==
        "takes @outside/0.0 with another body at line 1: task -> another task\n");
}

TEST_CASE("The kept differences are bounded and all are counted") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  Hand branch(*recording, Branch("b", 0), {}, &main);
  for (int i = 0; i < 30; ++i) {
    main.Step({"coder", "{\"i\":" + std::to_string(i) + "}"});
    branch.Step({"coder", "{\"i\":" + std::to_string(i + 1) + "}"});
  }
  auto a = main.Read(), b = branch.Read();
  const Comparison c = Compared(*a, *b, {StepNumber(0), StepNumber(0), 5});
  CHECK(c.differing.size() == 5);
  CHECK(c.differing_count == 30);
}

TEST_CASE("A comparison tells how far it is, and ends where it is told to") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Outside("planner", "task");
  main.Step(Plan(main));
  main.Step(Code(main));
  Hand branch(*recording, Branch("b", 0), {}, &main);
  branch.Step(Plan(branch, "plan B"));
  auto a = main.Read(), b = branch.Read();

  using Told = std::vector<std::pair<uint64_t, uint64_t>>;
  Told told;
  size_t last = 1000;
  CompareOptions options;
  options.progress = [&](uint64_t done, uint64_t total) {
    told.emplace_back(done, total);
    return told.size() != last;
  };
  CHECK(Compared(*a, *b, options).differing_count == 2);
  CHECK(std::is_sorted(told.begin(), told.end()));
  Told steps = told;
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  CHECK(steps == Told{{0, 3}, {1, 3}, {2, 3}});
  CHECK(told.size() > steps.size());  // also between the bodies of a step
  for (last = 1; last < 5; ++last) {
    told.clear();
    CHECK(Compare(*a, *b, options).status().code() == StatusCode::kCancelled);
    CHECK(told.size() == last);
  }

  const auto never = [](uint64_t, uint64_t) { return false; };
  const auto moments = CompareMoments(*a, StepNumber(1), *b, StepNumber(1), never);
  CHECK(moments.status().code() == StatusCode::kCancelled);
}

TEST_CASE("Two moments differ in states and in what waits") {
  testing::TempDir dir;
  auto recording = Create(dir / "r.backstep");
  Hand main(*recording, Named("team"), kTeam);
  main.Outside("planner", "task");
  main.Step(Plan(main));
  main.Step(Code(main));
  Hand branch(*recording, Branch("b", 0), {}, &main);
  branch.Step(Plan(branch, "plan B"));
  auto a = main.Read(), b = branch.Read();

  auto grown = CompareMoments(*a, StepNumber(1), *a, StepNumber(2));
  REQUIRE(grown.ok());
  REQUIRE(grown->size() == 2);
  CHECK((*grown)[0].agent == "coder");
  CHECK((*grown)[0].only_a == std::vector<std::string>{"planner/1.0"});
  REQUIRE((*grown)[0].values.size() == 2);
  CHECK((*grown)[0].values[0].path == "/n");
  CHECK((*grown)[0].values[1].path == "/todo");
  CHECK((*grown)[1].agent == "tester");
  CHECK((*grown)[1].only_b == std::vector<std::string>{"coder/1.0"});

  auto edited = CompareMoments(*a, StepNumber(1), *b, StepNumber(1));
  REQUIRE(edited.ok());
  REQUIRE(edited->size() == 1);
  CHECK((*edited)[0].agent == "coder");
  REQUIRE((*edited)[0].values.size() == 1);
  CHECK((*edited)[0].values[0].path == "message planner/1.0 line 1");
  CHECK((*edited)[0].values[0].after == "plan B");

  auto start = CompareMoments(*a, StepNumber(0), *b, StepNumber(0));
  REQUIRE(start.ok());
  CHECK(start->empty());
}
