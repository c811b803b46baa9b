// One agent whose history only grows, against a compressed full state at every step.
#include "backstep/tests/bench/suite/baselines/zstd_floor.h"
#include "backstep/tests/bench/suite/recorded.h"
#include "backstep/tests/bench/corpus.h"

namespace backstep::bench {
namespace {

// Full states are compressed for some of the steps only: all of them take hours.
constexpr uint64_t kCompressed = 60;

void MeasureSteps(Context& context, uint64_t steps, double limit) {
  const auto options = RecordTo(context, "snapshots");
  Corpus corpus(21);
  Samples samples(steps / 20);
  double full = 0, recording = 0;
  std::string state;
  {
    const auto session = recorder::Session::Open(options);
    session->AddAgent({.name = "agent", .initial_state = {"", "text/plain"}});
    const uint64_t every = steps / kCompressed;
    for (uint64_t i = 1; i <= steps; ++i) {
      const size_t size = 200 + corpus.random().Next() % 1400;
      const std::string text = "\n" + std::to_string(i) + " " + corpus.Text(size);
      const double begin = WallNs();
      Need(session->BeginStep("agent")->Commit(StateEdit::Append(state.size(), text)));
      recording += WallNs() - begin;
      state += text;
      if (i % every == every / 2) {
        full += static_cast<double>(Compressed(state)) * static_cast<double>(every);
      }
      samples.Note(i, "agent", state);
    }
    Need(session->Close());
  }
  samples.Check(options.path);
  const double stored = LogBytes(options.path);
  // The target is on how many times smaller; the figure on the bytes says it the other way round.
  context.add(Figure{"full zstd-3 states, " + std::to_string(steps) + " steps", full, "B"}
                  .Against("as recorded", stored).RatioAtLeast(limit));
  context.add(Figure{"  recorded", stored, "B"});
  context.add(Figure{"  caller, a step", recording / static_cast<double>(steps), "ns"});
}

}  // namespace

void MeasureSnapshotsAgainst(Context& context) {
  MeasureSteps(context, 2000, 800);
  if (!context.quick) MeasureSteps(context, 20000, 8000);
}

}  // namespace backstep::bench
