// Steps a second with their whole states, against RocksDB that stores each state whole.
#include <unistd.h>

#include <filesystem>

#include "backstep/recorder/session.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/baselines/raw_rocks.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

constexpr size_t kAgents = 50;
// RocksDB is given as many steps, up to so many bytes: while they fit into memtables and the
// kernel's page cache, the disk is not asked, and the rate is not one that lasts.
constexpr uint64_t kRawBytes = uint64_t{3} << 30;

// An agent's history: a message more at each step, the oldest dropped beyond a size. As it is full
// either by a quarter, or, `sliding`, by as much as is added.
class Histories {
 public:
  Histories(size_t bytes, bool sliding, uint64_t seed)
      : bytes_(bytes), sliding_(sliding), corpus_(seed), states_(kAgents) {
    for (size_t i = 0; i < 64; ++i) messages_.push_back(corpus_.Text(Size()));
    for (Body& state : states_) {
      state.media_type = "text/plain";
      state.bytes = corpus_.Text(bytes);
    }
  }
  const Body& Next(uint64_t step) {
    Body& state = states_[step % kAgents];
    const std::string& message = messages_[corpus_.random().Next() % messages_.size()];
    state.bytes.append(std::to_string(step)).append(message);
    if (state.bytes.size() > bytes_) {
      const size_t kept = sliding_ ? bytes_ : bytes_ - bytes_ / 4;
      state.bytes.erase(0, state.bytes.size() - kept);
    }
    return state;
  }

 private:
  size_t Size() { return 200 + corpus_.random().Next() % 1800; }
  const size_t bytes_;
  const bool sliding_;
  Corpus corpus_;
  std::vector<std::string> messages_;
  std::vector<Body> states_;
};

double RawPerSecond(const Context& context, Histories histories, uint64_t steps) {
  RawRocks raw(context.folder + "/raw");
  const double begin = WallNs();
  for (uint64_t i = 0; i < steps; ++i) {
    char key[32];
    const int size = std::snprintf(key, sizeof key, "s%04zu%012zu",
                                   static_cast<size_t>(i % kAgents), static_cast<size_t>(i));
    raw.Put({key, static_cast<size_t>(size)}, histories.Next(i).bytes);
    raw.EndStep();
  }
  raw.Finish();
  return static_cast<double>(steps) / (WallNs() - begin) * 1e9;
}

double RecordedPerSecond(const Context& context, Histories histories, uint64_t steps) {
  const auto options = RecordTo(context, "throughput");
  const auto session = recorder::Session::Open(options);
  std::vector<std::string> names;
  for (size_t i = 0; i < kAgents; ++i) {
    names.push_back("agent" + std::to_string(i));
    session->AddAgent({.name = names.back(), .initial_state = {"", "text/plain"}});
  }
  Samples samples(steps / 20);
  const auto step = [&](uint64_t i) {
    const Body& state = histories.Next(i);
    Need(session->BeginStep(names[i % kAgents])->Commit(state));
    samples.Note(i + 1, names[i % kAgents], state.bytes);
  };
  // What a state holds at first is new once only; a long run is asked about.
  for (uint64_t i = 0; i < kAgents; ++i) step(i);
  Need(session->Flush());
  const double begin = WallNs();
  for (uint64_t i = kAgents; i < kAgents + steps; ++i) step(i);
  Need(session->Flush());
  const double rate = static_cast<double>(steps) / (WallNs() - begin) * 1e9;
  Need(session->Close());
  samples.Check(options.path);
  std::filesystem::remove_all(options.path);
  return rate;
}

}  // namespace

void MeasureThroughput(Context& context) {
  struct Case {
    const char* name;
    size_t bytes;
    bool sliding;
    uint64_t steps, quick;
    double target;  // 0: none
  };
  for (const Case& c : {Case{"states of 4 KiB", size_t{4} << 10, false, 800000, 160000, 1.5},
                        Case{"states of 64 KiB", size_t{64} << 10, false, 100000, 20000, 10},
                        Case{"  that slide at every step", size_t{64} << 10, true, 50000, 10000, 0},
                        Case{"states of 512 KiB", size_t{512} << 10, false, 12000, 4000, 25}}) {
    const uint64_t steps = context.quick ? c.quick : c.steps;
    const Histories histories(c.bytes, c.sliding, 11);
    const double raw = RawPerSecond(context, histories, std::min(steps, kRawBytes / c.bytes));
    sync();  // what the kernel still has to write of that would slow down what comes next
    Figure figure{c.name, RecordedPerSecond(context, histories, steps), "steps/s"};
    figure = figure.Against("raw full states", raw);
    context.add(c.target > 0 ? figure.RatioAtLeast(c.target) : figure);
  }
}

}  // namespace backstep::bench
