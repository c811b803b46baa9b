// What recording costs the program's own thread, beside a bare copy of the same bytes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "backstep/recorder/session.h"

namespace {

using namespace backstep;
using namespace backstep::recorder;
using SteadyClock = std::chrono::steady_clock;

constexpr size_t kStateBytes = 4096, kMessageBytes = 500;
constexpr int kSteps = 40000, kAgents = 50, kPacedPerSecond = 20000;

double Percentile(std::vector<double>& values, double part) {
  const auto at = static_cast<size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<long>(at), values.end());
  return values[at];
}

// Runs `step(i)` kSteps times, each timed alone, and prints a row.
void Measure(const char* name, bool paced, const std::function<void(int)>& step) {
  std::vector<double> taken_ns;
  taken_ns.reserve(kSteps);
  const auto start = SteadyClock::now();
  for (int i = 0; i < kSteps; ++i) {
    if (paced) {
      const auto due = start + std::chrono::nanoseconds(1000000000LL / kPacedPerSecond * i);
      while (SteadyClock::now() < due) {
      }
    }
    const auto begin = SteadyClock::now();
    step(i);
    const auto end = SteadyClock::now();
    taken_ns.push_back(std::chrono::duration<double, std::nano>(end - begin).count());
  }
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
  const double p50 = Percentile(taken_ns, 0.5), p99 = Percentile(taken_ns, 0.99);
  std::printf("%-34s %-6s p50 %7.0f ns  p99 %8.0f ns  %9.0f steps/s\n", name,
              paced ? "paced" : "burst", p50, p99, kSteps / seconds);
}

std::string Prose(size_t bytes, int salt) {
  static const char* const kWords[] = {"the ", "plan ", "parser ", "fails ", "test ", "result "};
  std::string text;
  for (unsigned i = static_cast<unsigned>(salt); text.size() < bytes; i = i * 1103515245 + 12345) {
    text += kWords[(i >> 16) % 6];
  }
  text.resize(bytes);
  return text;
}

struct Payload {
  Body state{Prose(kStateBytes, 1), "text/plain"};
  Message message;
  std::vector<std::string> agents;
  Payload() {
    message.to = "agent0";
    message.body = {Prose(kMessageBytes, 2), "text/plain"};
    for (int i = 0; i < kAgents; ++i) agents.push_back("agent" + std::to_string(i));
  }
  // Each state differs a little from the one before.
  void Touch(int i) { std::memcpy(state.bytes.data() + i % 4000, &i, sizeof i); }
};

void MeasureCopies(bool paced) {
  Payload payload;
  std::string ring(64u << 20, '\0');
  size_t at = 0;
  Measure("memcpy of 4 KiB + 2 x 500 B", paced, [&](int i) {
    payload.Touch(i);
    for (const std::string* bytes : {&payload.state.bytes, &payload.message.body.bytes,
                                     &payload.message.body.bytes}) {
      if (at + bytes->size() > ring.size()) at = 0;
      std::memcpy(ring.data() + at, bytes->data(), bytes->size());
      at += bytes->size();
    }
  });
}

void MeasureSession(const char* name, bool paced, SessionOptions options,
                    const std::function<void(Session&, Payload&, int)>& step) {
  Payload payload;
  options.read_environment = false;
  std::filesystem::remove_all(options.path);
  auto session = Session::Open(options);
  for (const std::string& agent : payload.agents) {
    session->AddAgent({.name = agent, .initial_state = payload.state});
  }
  Measure(name, paced, [&](int i) { step(*session, payload, i); });
  const auto begin = SteadyClock::now();
  const Status flushed = session->Flush();
  const double flush_ms =
      std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
  const Status closed = session->Close();
  std::printf("%-34s        flush %.0f ms, close: %s\n", "", flush_ms, closed.ToString().c_str());
  std::filesystem::remove_all(options.path);
}

void WholeState(Session& session, Payload& payload, int i) {
  payload.Touch(i);
  auto step = session.BeginStep(payload.agents[static_cast<size_t>(i % kAgents)]);
  (void)step->Send(payload.message);
  (void)step->Send(payload.message);
  (void)step->Commit(payload.state);
}

void Appends(Session& session, Payload& payload, int i) {
  auto step = session.BeginStep(payload.agents[static_cast<size_t>(i % kAgents)]);
  const uint64_t size = kStateBytes + static_cast<uint64_t>(i / kAgents) * 300;
  (void)step->Commit(StateEdit::Append(size, payload.state.bytes.substr(0, 300)));
}

}  // namespace

int main(int argc, char** argv) {
  SessionOptions options;
  options.path = argc > 1 ? argv[1] : "/tmp/recorder_bench.backstep";
  for (const bool paced : {false, true}) {
    MeasureCopies(paced);
    MeasureSession("state 4 KiB + 2 x 500 B", paced, options, WholeState);
    MeasureSession("append of 300 B", paced, options, Appends);
  }
  options.disabled = true;
  MeasureSession("disabled, state 4 KiB + 2 x 500 B", false, options, WholeState);
  return 0;
}
