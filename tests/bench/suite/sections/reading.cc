// What a reader of the long run waits for: opening, states at random moments, checkpoints.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/baselines/zstd_floor.h"
#include "backstep/tests/bench/suite/recorded.h"
#include "backstep/tests/bench/suite/sections/growing.h"
#include "backstep/tests/bench/workloads.h"

namespace backstep::bench {
namespace {

// Drops the recording's files from the page cache; what the host caches stays.
void DropCache(const std::string& path) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
  }
}

struct Opened {
  std::unique_ptr<store::Recording> recording;
  std::unique_ptr<store::Line> line;
};

// Fills the page cache with them: for what is measured warm.
void FillCache(const std::string& path) {
  std::vector<char> piece(size_t{1} << 20);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size()))) {
    }
  }
}

// To the first answers: what there is, the newest checkpoint, its agents.
Opened OpenRun(const std::string& path) {
  Opened opened;
  opened.recording = Need(store::Recording::Open(path));
  const auto logs = Need(opened.recording->Logs());
  opened.line = Need(opened.recording->OpenLine(logs.at(0).id));
  (void)Need(opened.line->CutAt(opened.line->last()));
  return opened;
}

struct OpeningLimits {
  double cold_ns, warm_ns;
};

void MeasureOpening(Context& context, const std::string& path, const OpeningLimits& limits) {
  std::vector<double> cold, warm;
  for (int i = 0; i < 15; ++i) {
    DropCache(path);
    double begin = WallNs();
    (void)OpenRun(path);
    cold.push_back(WallNs() - begin);
    begin = WallNs();
    (void)OpenRun(path);
    warm.push_back(WallNs() - begin);
  }
  context.add(Figure{"opened to first answers, cold, p50", Percentile(&cold, 0.5), "ns"}
                  .AtMost(limits.cold_ns));
  context.add(Figure{"  warm", Percentile(&warm, 0.5), "ns"}.AtMost(limits.warm_ns));
}

struct Moment {
  AgentId agent;
  StepNumber step;
};

class Moments {
 public:
  explicit Moments(store::Line& line) : line_(line), random_(17) {}
  Moment Next() {
    return {AgentId(static_cast<uint32_t>(1 + random_.Next() % (line_.agents().size() - 1))),
            StepNumber(1 + random_.Next() % line_.last().value)};
  }

 private:
  store::Line& line_;
  RandomStream random_;
};

void MeasureStates(Context& context, const std::string& path) {
  std::vector<double> warm, cold, forward, backward, decompressing;
  const Opened opened = OpenRun(path);
  Moments moments(*opened.line);
  FillCache(path);
  for (int i = 0; i < 600; ++i) {
    const Moment at = moments.Next();
    const double begin = WallNs();
    std::string state;
    double taken = 0;
    Need(opened.line->VisitState(at.agent, at.step, [&](std::string_view bytes) {
      taken = WallNs() - begin;
      state = bytes;
    }));
    if (i < 100) continue;
    warm.push_back(taken);
    decompressing.push_back(DecompressingNs(state));
  }
  for (int i = 0; i < 40; ++i) {
    const Moment at = moments.Next();
    DropCache(path);
    const Opened fresh = OpenRun(path);
    const double begin = WallNs();
    Need(fresh.line->VisitState(at.agent, at.step, [](std::string_view) {}));
    cold.push_back(WallNs() - begin);
  }
  const char* const baseline = "zstd of it";
  context.add(Figure{"state at a random moment, warm, p50", Percentile(&warm, 0.5), "ns"}
                  .Against(baseline, Percentile(&decompressing, 0.5)));
  context.add(Figure{"  p99", Percentile(&warm, 0.99), "ns"}
                  .AtMost(1.5e6)
                  .Against(baseline, Percentile(&decompressing, 0.99))
                  .RatioAtMost(3));
  context.add(Figure{"  cold, p50", Percentile(&cold, 0.5), "ns"});
  context.add(Figure{"  cold, p99", Percentile(&cold, 0.99), "ns"}.AtMost(5e6));
  FillCache(path);
  // The same agent's next and previous steps, as a person scrubs along a lane.
  for (int round = 0; round < 10; ++round) {
    const Moment at = moments.Next();
    std::vector<StepNumber> steps;
    StepNumber before = at.step;
    for (int i = 0; i < 60 && before.value > 0; ++i) {
      const auto found = Need(opened.line->LatestStepOf(at.agent, before));
      if (!found) break;
      steps.push_back(*found);
      before = StepNumber(found->value - 1);
    }
    for (const bool back : {true, false}) {
      for (size_t i = 0; i < steps.size(); ++i) {
        const StepNumber step = back ? steps[i] : steps[steps.size() - 1 - i];
        const double begin = WallNs();
        Need(opened.line->VisitState(at.agent, step, [](std::string_view) {}));
        if (i > 0) (back ? backward : forward).push_back(WallNs() - begin);
      }
    }
  }
  context.add(Figure{"next step of the agent, p50", Percentile(&forward, 0.5), "ns"}.AtMost(20e3));
  context.add(Figure{"previous step, p50", Percentile(&backward, 0.5), "ns"}.AtMost(20e3));
}

void MeasureCheckpoints(Context& context, const std::string& path) {
  std::vector<double> cuts, states;
  const Opened opened = OpenRun(path);
  FillCache(path);
  Moments moments(*opened.line);
  double bytes = 0;
  for (int i = 0; i < 15; ++i) {
    const StepNumber step = moments.Next().step;
    double begin = WallNs();
    const store::Cut cut = Need(opened.line->CutAt(step));
    cuts.push_back(WallNs() - begin);
    begin = WallNs();
    double size = 0;
    for (const store::AgentAt& agent : cut.agents) {
      Need(opened.line->VisitState(agent.id, step, [&](std::string_view bytes) {
        size += static_cast<double>(bytes.size());
      }));
    }
    states.push_back(WallNs() - begin);
    bytes = std::max(bytes, size);
  }
  context.add(Figure{"checkpoint: ids, sizes, hashes, p50", Percentile(&cuts, 0.5), "ns"}
                  .AtMost(2e6));
  context.add(Figure{"  all states, up to " + FormatValue(bytes, "B") + ", p50",
                     Percentile(&states, 0.5), "ns"}.AtMost(80e6));
}

}  // namespace

void MeasureReading(Context& context) {
  const std::string path = GrowingPath(context);
  if (!std::filesystem::exists(path)) Fail("the section growing must have run in this folder");
  MeasureOpening(context, path, {25e6, 15e6});
  MeasureStates(context, path);
  MeasureCheckpoints(context, path);
}

void MeasureUnsealed(Context& context) {
  const auto options = RecordTo(context, "unsealed");
  const uint64_t steps = context.quick ? 20000 : 300000;
  const auto session = recorder::Session::Open(options);
  Corpus corpus(41);
  std::vector<uint64_t> sizes(kGrowingAgents);
  for (size_t i = 0; i < kGrowingAgents; ++i) {
    session->AddAgent({.name = GrowingAgent(i), .initial_state = {"", "text/plain"}});
  }
  for (uint64_t i = 0; i < steps; ++i) {
    const size_t agent = i % kGrowingAgents;
    const std::string text = corpus.Text(300 + i % 1200);
    Need(session->BeginStep(GrowingAgent(agent))->Commit(StateEdit::Append(sizes[agent], text)));
    sizes[agent] += text.size();
  }
  Need(session->Flush());
  double logged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options.path + "/logs/1")) {
    if (entry.path().extension() == ".log") logged += static_cast<double>(entry.file_size());
  }
  context.add(Figure{"write-ahead log at the time", logged, "B"});
  MeasureOpening(context, options.path, {130e6, 130e6});
  Need(session->Close());
  Samples(1).Check(options.path);
}

void MeasureFragmented(Context& context) {
  const auto options = RecordTo(context, "fragmented");
  const uint64_t steps = context.quick ? 1000 : 5000;
  const auto workload = MakeWorkload("plan", 42);
  Samples samples(steps / 50);
  {
    const auto session = recorder::Session::Open(options);
    session->AddAgent({.name = "planner"});
    for (uint64_t i = 1; i <= steps; ++i) {
      const Body state{std::move(workload->Next().puts.back().bytes)};
      Need(session->BeginStep("planner")->Commit(state));
      samples.Note(i, "planner", state.bytes);
    }
    Need(session->Close());
  }
  samples.Check(options.path);
  MeasureStates(context, options.path);
}

}  // namespace backstep::bench
