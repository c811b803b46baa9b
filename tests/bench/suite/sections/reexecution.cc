// Re-execution of an unchanged run, its answers from the recording, in this process: what the
// debugger's child does once it is up.
#include "backstep/replay/program.h"
#include "backstep/replay/reexecute.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

// A message that goes round; each agent asks a tool once and counts.
class Relay : public replay::Agent {
 public:
  Relay(std::string next, const std::string& state, uint64_t turns)
      : next_(std::move(next)), turns_(turns), count_(state.empty() ? 0 : std::stoull(state)) {}
  Status Run(replay::Step& step) override {
    const auto answer = step.CallTool(
        {.name = "look", .body = {step.taken().front().body.bytes, "text/plain"}},
        [](const CallRequest& request, CallProgress&) {
          return CallResponse{.body = {request.body.bytes + "!", "text/plain"}};
        });
    if (!answer.ok()) return Status::Internal(answer.error().message);
    const uint64_t turn = std::stoull(step.taken().front().body.bytes) + 1;
    if (turn < turns_) step.Send({.to = next_, .body = {std::to_string(turn), "text/plain"}});
    return step.Commit(Body{std::to_string(++count_), "text/plain"});
  }

 private:
  const std::string next_;
  const uint64_t turns_;
  uint64_t count_;
};

class Ring : public replay::Program {
 public:
  explicit Ring(uint64_t turns) : turns_(turns) {}
  std::string Name() const override { return "ring"; }
  std::vector<replay::AgentSpec> Agents() override {
    std::vector<replay::AgentSpec> agents;
    for (int i = 0; i < kAgents; ++i) {
      agents.push_back({.name = Agent(i), .initial_state = {"0", "text/plain"}});
    }
    return agents;
  }
  std::vector<Message> Start() override {
    return {{.to = Agent(0), .body = {"0", "text/plain"}}};
  }
  Result<std::unique_ptr<replay::Agent>> Restore(const replay::AgentSpec& agent,
                                                 const Body& state) override {
    const int number = std::stoi(agent.name.substr(5));
    return std::unique_ptr<replay::Agent>(
        new Relay(Agent((number + 1) % kAgents), state.bytes, turns_));
  }
  bool NextIsOldestDeliverable() const override { return true; }

 private:
  static constexpr int kAgents = 10;
  static std::string Agent(int i) { return "agent" + std::to_string(i); }
  const uint64_t turns_;
};

// Seconds from its begin to its end, and to its first step.
struct Took {
  double all = 0, first = 0;
  uint64_t steps = 0;
};

Took Run(Ring& ring, store::Recording& recording, StepNumber from, bool free, uint64_t steps_max) {
  Experiment experiment;
  experiment.parent = LogId(1);
  experiment.from = from;
  experiment.free_schedule = free;
  experiment.limits.steps_max = steps_max;
  Took took;
  const double begin = WallNs();
  replay::ReexecuteOptions options;
  options.digest = false;
  options.position = [&](const Position& position) {
    if (took.first == 0 && position.committed > from) took.first = WallNs() - begin;
  };
  const auto result = Need(replay::Reexecute(ring, recording, experiment, options));
  took.all = WallNs() - begin;
  took.steps = result.last.value - result.fork.value;
  if (!result.divergences.empty()) Fail(result.divergences.front().ToString());
  const bool whole = steps_max == 0;
  if (whole && result.result != "finished") Fail("it " + result.result + ": " + result.detail);
  if (took.steps == 0) Fail("no step was re-executed");
  return took;
}

}  // namespace

void MeasureReexecution(Context& context) {
  const uint64_t steps = context.quick ? 10000 : 100000;
  Ring ring(steps);
  replay::RunOptions options;
  options.session = RecordTo(context, "ring");
  const std::string path = options.session.path;
  double begin = WallNs();
  if (Need(replay::RunLive(ring, options)).steps != steps) Fail("the ring did not go round");
  const double live = static_cast<double>(steps) / (WallNs() - begin) * 1e9;
  Samples(1).Check(path);
  const auto recording = Need(store::Recording::Open(path));
  for (const bool free : {false, true}) {
    const Took took = Run(ring, *recording, StepNumber{}, free, 0);
    if (took.steps != steps) Fail("steps are missing");
    context.add(Figure{free ? "  schedule asked of the program" : "unchanged run, served",
                       static_cast<double>(took.steps) / took.all * 1e9, "steps/s"}
                    .Against("live", live).AtLeast(20000));
  }
  std::vector<double> first;
  RandomStream random(5);
  for (int i = 0; i < 15; ++i) {
    const StepNumber from{1 + random.Next() % (steps - 10)};
    first.push_back(Run(ring, *recording, from, false, 1).first);
  }
  context.add(Figure{"seek and first step, p50", Percentile(&first, 0.5), "ns"}.AtMost(50e6));
}

}  // namespace backstep::bench
