// What recording costs the program's own thread, beside a bare copy of the same bytes.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <thread>

#include "backstep/recorder/session.h"
#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {
namespace {

using recorder::Session;
using recorder::SessionOptions;

constexpr size_t kStateBytes = 4096, kMessageBytes = 500;
constexpr int kAgents = 50, kPacedPerSecond = 20000;
constexpr size_t kRingBytes = size_t{64} << 20;

std::string Prose(size_t bytes, unsigned salt) {
  static const char* const kWords[] = {"the ", "plan ", "parser ", "fails ", "test ", "result "};
  std::string text;
  for (unsigned i = salt; text.size() < bytes; i = i * 1103515245 + 12345) {
    text += kWords[(i >> 16) % 6];
  }
  text.resize(bytes);
  return text;
}

struct Times {
  double p50 = 0, p99 = 0;
};

// Each call timed alone; so many begin a second, as of a program that has work of its own, or one
// follows the other (0).
Times TimeEach(int count, int per_second, const std::function<void(int)>& call) {
  std::vector<double> taken;
  taken.reserve(static_cast<size_t>(count));
  const double start = WallNs();
  for (int i = 0; i < count; ++i) {
    while (per_second > 0 && WallNs() < start + 1e9 / per_second * i) {
    }
    const double begin = WallNs();
    call(i);
    taken.push_back(WallNs() - begin);
  }
  return {Percentile(&taken, 0.5), Percentile(&taken, 0.99)};
}

// Agents' states, each a little different from the one before, and a message.
struct Payload {
  std::vector<Body> states;
  Message message;
  explicit Payload(size_t state_bytes, size_t agents = kAgents)
      : states(agents, Body{Prose(state_bytes, 1), "text/plain"}) {
    message.to = "agent0";
    message.body = {Prose(kMessageBytes, 2), "text/plain"};
  }
  const Body& Next(int i) {
    Body& state = states[static_cast<size_t>(i) % states.size()];
    std::memcpy(state.bytes.data() + static_cast<size_t>(i * 37) % (state.bytes.size() - 8), &i,
                sizeof i);
    return state;
  }
};

struct Ring {
  std::string bytes = std::string(kRingBytes, '\1');
  size_t at = 0;
  void Put(const std::string& more) {
    if (at + more.size() > bytes.size()) at = 0;
    std::memcpy(bytes.data() + at, more.data(), more.size());
    at += more.size();
  }
};

Times TimeCopies(int count, int per_second, size_t state_bytes, int messages) {
  Payload payload(state_bytes, messages > 0 ? kAgents : 4);
  Ring ring;
  return TimeEach(count, per_second, [&](int i) {
    ring.Put(payload.Next(i).bytes);
    for (int m = 0; m < messages; ++m) ring.Put(payload.message.body.bytes);
  });
}

class Recorded {
 public:
  Recorded(const Context& context, size_t state_bytes, bool disabled)
      : path_(context.folder + "/caller.backstep") {
    std::filesystem::remove_all(path_);
    SessionOptions options;
    options.path = path_;
    options.read_environment = false;
    options.disabled = disabled;
    session_ = Session::Open(options);
    for (int i = 0; i < 2 * kAgents; ++i) {
      session_->AddAgent({.name = Name(i), .initial_state = {Prose(state_bytes, 1), "text/plain"}});
    }
    Need(session_->Flush());
  }
  ~Recorded() {
    Need(session_->Close());
    std::filesystem::remove_all(path_);
  }

  static std::string Name(int i) { return "agent" + std::to_string(i); }
  Session& session() { return *session_; }

  void WholeState(const std::string& agent, Payload& payload, int i, int messages) {
    auto step = session_->BeginStep(agent);
    for (int m = 0; m < messages; ++m) (void)step->Send(payload.message);
    (void)step->Commit(payload.Next(i));
  }

 private:
  std::string path_;
  std::unique_ptr<Session> session_;
};

std::vector<std::string> Names(int first) {
  std::vector<std::string> names;
  for (int i = 0; i < kAgents; ++i) names.push_back(Recorded::Name(first + i));
  return names;
}

Times TimeWhole(Recorded& recorded, int first, int count, int per_second) {
  Payload payload(kStateBytes);
  const auto names = Names(first);
  return TimeEach(count, per_second, [&](int i) {
    recorded.WholeState(names[static_cast<size_t>(i % kAgents)], payload, i, 2);
  });
}

// The slower one of two threads, each at this rate.
Times TimeTwo(const Context& context, int count, int per_second) {
  Recorded recorded(context, kStateBytes, false);
  Times other;
  std::thread second([&] { other = TimeWhole(recorded, kAgents, count, per_second); });
  const Times one = TimeWhole(recorded, 0, count, per_second);
  second.join();
  return {std::max(one.p50, other.p50), std::max(one.p99, other.p99)};
}

// The copies are timed on both sides of what they are a baseline of: the pace of a shared machine
// changes within seconds.
void MeasureWhole(Context& context, int count) {
  const auto copies = [&] { return TimeCopies(count / 5, kPacedPerSecond, kStateBytes, 2).p50; };
  const auto add = [&](const std::string& name, const std::function<Times()>& record) {
    const double before = copies();
    const Times times = record();
    const double copy = (before + copies()) / 2;
    context.add(Figure{name + ", p50", times.p50, "ns"}
                    .Against("memcpy", copy).AtMost(500).RatioAtMost(6));
    context.add(Figure{"  p99, flush, compaction beside it", times.p99, "ns"}.AtMost(15000));
  };
  add("4 KiB + 2 x 500 B, 20,000/s", [&] {
    Recorded recorded(context, kStateBytes, false);
    return TimeWhole(recorded, 0, count, kPacedPerSecond);
  });
  add("the same from two threads",
      [&] { return TimeTwo(context, count / 2, kPacedPerSecond / 2); });
  add("20,000/s from each of two", [&] { return TimeTwo(context, count, kPacedPerSecond); });
}

void MeasureEdits(Context& context, int count) {
  Recorded recorded(context, kStateBytes, false);
  const auto names = Names(0);
  std::vector<uint64_t> sizes(kAgents, kStateBytes);
  const std::string text = Prose(300, 3);
  std::unique_ptr<recorder::Step> step;
  std::vector<double> commits, steps;
  for (int i = 0; i < count; ++i) {
    const auto agent = static_cast<size_t>(i % kAgents);
    const double begin = WallNs();
    step = recorded.session().BeginStep(names[agent]);
    const double begun = WallNs();
    (void)step->Commit(StateEdit::Append(sizes[agent], text));
    commits.push_back(WallNs() - begun);
    step.reset();
    steps.push_back(WallNs() - begin);
    sizes[agent] += text.size();
  }
  context.add(Figure{"append of 300 B, Commit alone, p50", Percentile(&commits, 0.5), "ns"}
                  .AtMost(200));
  context.add(Figure{"  with its step, p50", Percentile(&steps, 0.5), "ns"});
}

void MeasureSnapshots(Context& context, size_t bytes, const char* name, int count, double limit) {
  const Times copy = TimeCopies(count, 0, bytes, 0);
  Recorded recorded(context, bytes, false);
  std::vector<double> taken;
  Payload payload(bytes, 4);
  for (int i = 0; i < count; ++i) {
    const Body& state = payload.Next(i);
    const auto step = recorded.session().BeginStep(Recorded::Name(i % 4));
    const double begin = WallNs();
    (void)step->Commit(state);
    taken.push_back(WallNs() - begin);
    // A program does something between its steps; what is queued must not pile up.
    if (i % 16 == 15) Need(recorded.session().Flush());
  }
  context.add(Figure{name, Percentile(&taken, 0.5), "ns"}
                  .Against("memcpy", copy.p50).AtMost(limit).RatioAtMost(1.5));
}

// Nanoseconds a call, of many in a row: one alone is shorter than the clock's own reading.
double EachOf(int count, const std::function<void(int)>& calls) {
  const double begin = WallNs();
  calls(count);
  return (WallNs() - begin) / count;
}

void MeasureDisabled(Context& context, int count) {
  Recorded recorded(context, kStateBytes, true);
  Session& session = recorded.session();
  Payload payload(kStateBytes);
  const std::string agent = "agent0", event = "event";
  context.add(Figure{"disabled: Event", EachOf(count, [&](int n) {
                       for (int i = 0; i < n; ++i) session.Event(event);
                     }), "ns"}.AtMost(5));
  const double step = EachOf(count, [&](int n) {
    for (int i = 0; i < n; ++i) (void)session.BeginStep(agent);
  });
  const double whole = EachOf(count, [&](int n) {
    for (int i = 0; i < n; ++i) (void)session.BeginStep(agent)->Commit(payload.states[0]);
  });
  context.add(Figure{"  BeginStep and the step's end", step, "ns"}.AtMost(5));
  context.add(Figure{"  Commit of 4 KiB", std::max(0.0, whole - step), "ns"}.AtMost(5));
}

}  // namespace

void MeasureCaller(Context& context) {
  const int count = context.quick ? 20000 : 100000;
  MeasureWhole(context, count);
  MeasureEdits(context, count);
  MeasureSnapshots(context, size_t{64} << 10, "snapshot of 64 KiB, p50", count / 20, 10e3);
  MeasureSnapshots(context, size_t{1} << 20, "snapshot of 1 MiB, p50", count / 100, 40e3);
  MeasureDisabled(context, count);
}

}  // namespace backstep::bench
