// The same steps in other stores: bytes, steps a second, a state at a random moment.
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/baselines/peers.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

constexpr size_t kAgents = 10;

// Ours, as a peer: given whole states or what was added.
class Ours : public Peer {
 public:
  Ours(const Context& context, bool whole) : options_(RecordTo(context, "peer")), whole_(whole) {
    session_ = recorder::Session::Open(options_);
    for (size_t i = 0; i < kAgents; ++i) {
      session_->AddAgent({.name = Name(i), .initial_state = {"", "text/plain"}});
    }
  }
  void Put(const PeerStep& step) override {
    const auto scope = session_->BeginStep(Name(step.agent));
    if (whole_) Need(scope->Commit(Body{step.state, "text/plain"}));
    else Need(scope->Commit(StateEdit::Append(step.state.size() - step.added.size(), step.added)));
  }
  void Finish() override {
    Need(session_->Close());
    session_.reset();
  }
  std::string Read(uint64_t number, size_t agent) override {
    const auto recording = Need(store::Recording::Open(options_.path));
    const auto line = Need(recording->OpenLine(LogId(1)));
    return Need(line->State(*line->FindAgent(Name(agent)), StepNumber(number))).bytes;
  }
  uint64_t Bytes() const override { return static_cast<uint64_t>(LogBytes(options_.path)); }
  const std::string& path() const { return options_.path; }

 private:
  static std::string Name(size_t agent) { return "agent" + std::to_string(agent); }
  const recorder::SessionOptions options_;
  const bool whole_;
  std::unique_ptr<recorder::Session> session_;
};

// Histories that only grow: a state is the beginning of the last one.
struct Steps {
  std::vector<std::string> states = std::vector<std::string>(kAgents);
  std::vector<size_t> sizes = {0};  // of the state after each step
};

struct Took {
  double bytes = 0, per_second = 0, seek = 0;
};

Took Measure(Peer& peer, uint64_t count) {
  Took took;
  Corpus corpus(13);
  Steps steps;
  double writing = 0;
  for (uint64_t i = 1; i <= count; ++i) {
    std::string& state = steps.states[i % kAgents];
    const std::string added = corpus.Escaped(200 + corpus.random().Next() % 1400);
    state += added;
    steps.sizes.push_back(state.size());
    const double begin = WallNs();
    peer.Put({i, i % kAgents, state, added});
    writing += WallNs() - begin;
  }
  const double begin = WallNs();
  peer.Finish();
  took.per_second = static_cast<double>(count) / (writing + WallNs() - begin) * 1e9;
  took.bytes = static_cast<double>(peer.Bytes());
  RandomStream random(29);
  std::vector<double> seeks;
  for (int i = 0; i < 40; ++i) {
    const uint64_t number = 1 + random.Next() % count;
    const size_t agent = number % kAgents;
    const double at = WallNs();
    const std::string state = peer.Read(number, agent);
    seeks.push_back(WallNs() - at);
    if (state.size() != steps.sizes[number] || steps.states[agent].rfind(state, 0) != 0) {
      Fail("a state is not what was stored");
    }
  }
  took.seek = Percentile(&seeks, 0.5);
  return took;
}

void Add(Context& context, const std::string& name, const Took& took, const Took& ours) {
  context.add(Figure{name + ": bytes", took.bytes, "B"}.Against("of ours", ours.bytes));
  context.add(Figure{"  written and closed", took.per_second, "steps/s"}
                  .Against("of ours", ours.per_second));
  context.add(
      Figure{"  opened, a random state, p50", took.seek, "ns"}.Against("of ours", ours.seek));
}

}  // namespace

void MeasurePeers(Context& context) {
  const uint64_t steps = context.quick ? 2000 : 5000;
  Took whole, appended;
  {
    Ours ours(context, true);
    whole = Measure(ours, steps);
    Samples(1).Check(ours.path());
  }
  {
    Ours ours(context, false);
    appended = Measure(ours, steps);
    Samples(1).Check(ours.path());
  }
  Add(context, "ours, whole states", whole, whole);
  Add(context, "ours, given what is new", appended, whole);
  const std::string path = context.folder + "/peer";
  Add(context, "SQLite, full states", Measure(*MakeFullRows(path), steps), whole);
  Add(context, "SQLite, new + full/1,000", Measure(*MakeDeltaRows(path), steps), whole);
  Add(context, "JSON lines, what is new", Measure(*MakeJsonLines(path), steps), whole);
}

}  // namespace backstep::bench
