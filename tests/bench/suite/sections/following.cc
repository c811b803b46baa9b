// A recording that is read while it is written: how old the newest step is that another process
// sees, and what that costs the writer.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

constexpr uint64_t kPerSecond = 20000;
constexpr size_t kAgents = 50;
constexpr useconds_t kPollUs = 20000;  // as a window does that follows

// Shared with the reader: when each step was committed, and what it saw.
struct Shared {
  std::atomic<bool> begin, stop;
  std::atomic<uint64_t> samples;
  std::atomic<uint64_t> seen_at_end;
  double seen_after[1 << 16];     // ns from a step's commit until it was seen
  std::atomic<double> committed[1];  // by step, as many as there are
};

Shared* Share(uint64_t steps) {
  const size_t bytes = sizeof(Shared) + (steps + 1) * sizeof(double);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) Fail("no memory to share");
  return static_cast<Shared*>(memory);
}

// The reader's process. Of each lot of steps that become visible the first has waited longest.
[[noreturn]] void Follow(const std::string& path, Shared* shared) {
  while (!shared->begin) usleep(1000);
  std::unique_ptr<store::Line> line;
  const auto recording = Need(store::Recording::Open(path));
  while (line == nullptr && !shared->stop) {
    auto opened = recording->OpenLine(LogId(1));
    if (opened.ok()) line = std::move(opened).value();
    else usleep(1000);
  }
  uint64_t seen = 0;
  while (line != nullptr) {
    const bool last_round = shared->stop;
    Need(line->Refresh());
    const uint64_t last = line->last().value;
    if (last > seen) {
      if (shared->samples < std::size(shared->seen_after)) {
        shared->seen_after[shared->samples++] = WallNs() - shared->committed[seen + 1];
      }
      seen = last;
      (void)Need(line->CutAt(line->last()));
    }
    if (last_round) break;
    usleep(kPollUs);
  }
  shared->seen_at_end = seen;
  _exit(0);
}

// A reader in a process of its own, begun before this one has a database open: what runs beside one
// does not survive a fork.
struct Reader {
  std::string name;
  Shared* shared;
  pid_t process;
};

Reader StartReader(const Context& context, const std::string& name, uint64_t steps) {
  Shared* shared = Share(steps);
  std::fflush(nullptr);
  const pid_t process = fork();
  if (process < 0) Fail("fork");
  if (process == 0) Follow(context.folder + "/" + name + ".backstep", shared);
  return {name, shared, process};
}

std::vector<double> EndReader(const Reader& reader, uint64_t steps) {
  reader.shared->stop = true;
  int status = 0;
  waitpid(reader.process, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) Fail("the reader failed");
  if (reader.shared->seen_at_end != steps) Fail("the reader did not see all steps");
  return {reader.shared->seen_after, reader.shared->seen_after + reader.shared->samples};
}

// Steps a second that a producer got through. `paced`: no faster than kPerSecond.
double Produce(const Context& context, uint64_t steps, bool paced, const Reader* reader,
               std::vector<double>* seen_after) {
  const auto options = RecordTo(context, reader != nullptr ? reader->name : "alone");
  Corpus corpus(31);
  std::vector<uint64_t> sizes(kAgents);
  std::vector<std::string> names;
  const auto session = recorder::Session::Open(options);
  for (size_t i = 0; i < kAgents; ++i) {
    names.push_back("agent" + std::to_string(i));
    session->AddAgent({.name = names.back(), .initial_state = {"", "text/plain"}});
  }
  Need(session->Flush());
  if (reader != nullptr) reader->shared->begin = true;
  const double begin = WallNs();
  for (uint64_t i = 1; i <= steps; ++i) {
    while (paced && WallNs() < begin + 1e9 / kPerSecond * static_cast<double>(i)) {
    }
    const std::string text = corpus.Text(300 + i % 600);
    uint64_t& size = sizes[i % kAgents];
    Need(session->BeginStep(names[i % kAgents])->Commit(StateEdit::Append(size, text)));
    size += text.size();
    if (reader != nullptr) reader->shared->committed[i] = WallNs();
  }
  Need(session->Flush());
  const double rate = static_cast<double>(steps) / (WallNs() - begin) * 1e9;
  if (reader != nullptr) *seen_after = EndReader(*reader, steps);
  Need(session->Close());
  Samples(1).Check(options.path);
  return rate;
}

}  // namespace

void MeasureFollowing(Context& context) {
  const uint64_t steps = context.quick ? 20000 : 200000;
  const Reader first = StartReader(context, "paced", steps);
  const Reader second = StartReader(context, "followed", steps);
  std::vector<double> age, full_speed_age;
  const double paced = Produce(context, steps, true, &first, &age);
  const double alone = Produce(context, steps, false, nullptr, nullptr);
  const double followed = Produce(context, steps, false, &second, &full_speed_age);
  context.add(Figure{"step visible after, at 20,000/s, p50", Percentile(&age, 0.5), "ns"});
  context.add(Figure{"  p99", Percentile(&age, 0.99), "ns"}.AtMost(100e6));
  context.add(Figure{"  writer's rate then", paced, "steps/s"}.Against("asked", kPerSecond)
                  .RatioAtLeast(0.95));
  context.add(Figure{"writer at full speed, followed", followed, "steps/s"}
                  .Against("alone", alone).RatioAtLeast(0.9));
  context.add(Figure{"  step visible after, p99", Percentile(&full_speed_age, 0.99), "ns"});
}

}  // namespace backstep::bench
