// What the recorder holds when its program is faster than the disk.
#include <thread>

#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/verify.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/process.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

constexpr size_t kAgents = 16, kMessages = 16;

// Calls that do not wait come at the pace of a program that makes its messages somehow: 2,000 steps
// a second, 36,000 records, with about twice the bytes that find a way to the disk.
constexpr double kPaceNs = 500e3;

// Steps whose messages nothing can compress or refer to. `block_max` 0: drops what finds no room.
void MeasureLimit(Context& context, size_t limit, DurationNs block_max, const std::string& name) {
  auto options = RecordTo(context, "memory");
  options.queue_bytes_max = limit;
  options.block_max = block_max;
  const uint64_t steps = context.quick ? 2000 : 10000;
  std::string noise(size_t{1} << 20, '\0');
  RandomStream random(3);
  for (char& c : noise) c = static_cast<char>(random.Next());
  double before = 0, peak = 0, begin = 0, seconds = 0;
  Status closed;
  {
    const auto session = recorder::Session::Open(options);
    for (size_t i = 0; i < kAgents; ++i) session->AddAgent({.name = "agent" + std::to_string(i)});
    Need(session->Flush());
    ForgetPeak();
    before = StatusBytes("VmRSS");
    begin = WallNs();
    for (uint64_t i = 0; i < steps; ++i) {
      const auto step = session->BeginStep("agent" + std::to_string(i % kAgents));
      for (size_t m = 0; m < kMessages; ++m) {
        const size_t at = (i * 977 + m * 4099) % (noise.size() - 8192);
        std::string bytes = noise.substr(at, 8000) + std::to_string(i * kMessages + m);
        (void)step->Send({.to = "agent0", .body = {std::move(bytes), "application/octet-stream"}});
      }
      Need(step->Commit());
      const double due = begin + kPaceNs * static_cast<double>(i + 1);
      while (block_max == DurationNs{} && WallNs() < due) std::this_thread::yield();
    }
    seconds = (WallNs() - begin) / 1e9;
    peak = StatusBytes("VmHWM");
    closed = session->Close();
  }
  if (!closed.ok() && closed.code() != StatusCode::kIncomplete) Need(closed);
  const auto recording = Need(store::Recording::Open(options.path));
  const auto line = Need(recording->OpenLine(LogId(1)));
  // Bodies are dropped under overload, never steps.
  const uint64_t kept = line->last().value;
  if (kept != steps) {
    context.note(name + ": " + std::to_string(steps - kept) + " of " + std::to_string(steps) +
                 " steps are MISSING; Close said: " + closed.ToString());
  }
  context.add(Figure{name + ", steps kept", static_cast<double>(kept), "steps"}
                  .Against("committed", static_cast<double>(steps)).RatioAtLeast(1));
  const auto report = Need(store::Verify(*recording, {}));
  if (!report.findings.empty()) Fail("verify: " + report.findings[0].what);
  const double dropped = static_cast<double>(line->end() ? line->end()->dropped_bodies : 0);
  if ((dropped != 0) != (closed.code() == StatusCode::kIncomplete)) {
    Fail("what was dropped is not told at Close");
  }
  // Beside the queue: write buffers of the database, the newest states, the encoder's memory.
  context.add(Figure{"  peak", peak - before, "B"}
                  .Against("option", static_cast<double>(limit))
                  .AtMost(static_cast<double>(limit) + 128e6));
  const auto messages = static_cast<double>(steps * kMessages);
  context.add(Figure{"  offered", messages * 8000 / seconds / 1e6, "MB/s"});
  context.add(Figure{"  bodies dropped", dropped / messages * 100, "%"});
}

// Whole states that grow, are cut down, and now and then are others altogether: what waits for the
// disk is then an edit here and a state of any size there.
void MeasureStates(Context& context, size_t limit) {
  constexpr size_t kStates = 40, kStateBytes = size_t{128} << 10;
  auto options = RecordTo(context, "memory_states");
  options.queue_bytes_max = limit;
  options.block_max = Milliseconds(60000);
  const uint64_t steps = context.quick ? 20000 : 100000;
  Corpus corpus(7);
  RandomStream random(9);
  const std::string text = corpus.Text(size_t{1} << 20);
  const auto part = [&](size_t size) {
    return text.substr(random.Next() % (text.size() - size), size);
  };
  std::vector<Body> states(kStates);
  Samples samples(steps / 50);
  double before = 0, peak = 0;
  {
    const auto session = recorder::Session::Open(options);
    Need(session->Flush());
    ForgetPeak();
    before = StatusBytes("VmRSS");
    for (uint64_t i = 0; i < steps; ++i) {
      std::string& state = states[i % kStates].bytes;
      if (random.Next() % 16 == 0) state = part(random.Next() % kStateBytes);
      if (state.size() > kStateBytes) state.erase(0, state.size() / 2);
      state += part(200 + random.Next() % 1800) + std::to_string(i);
      const std::string name = "agent" + std::to_string(i % kStates);
      Need(session->BeginStep(name)->Commit(states[i % kStates]));
      samples.Note(i + 1, name, state);
    }
    peak = StatusBytes("VmHWM");
    Need(session->Close());
  }
  samples.Check(options.path);
  // The program's own, what the next one is compared with, what an edit applies to.
  const double live = 3.0 * kStates * kStateBytes;
  context.add(Figure{"  whole states, calls wait, peak", peak - before, "B"}
                  .Against("option", static_cast<double>(limit))
                  .AtMost(static_cast<double>(limit) + live + 128e6));
}

}  // namespace

void MeasureMemory(Context& context) {
  MeasureLimit(context, size_t{64} << 20, Milliseconds(60000), "64 MiB, calls wait");
  MeasureStates(context, size_t{64} << 20);
  MeasureLimit(context, size_t{64} << 20, DurationNs{}, "64 MiB, bodies dropped");
  MeasureLimit(context, size_t{16} << 20, DurationNs{}, "16 MiB, bodies dropped");
}

}  // namespace backstep::bench
