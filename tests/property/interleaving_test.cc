// Sessions under random interleavings hold what a model in memory says, read while they are
// written, from other processes, and after their writer was gone in the middle of it.
#include "backstep/tests/property/interleaving.h"

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/store/verify.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/child.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::testing {
namespace {

constexpr size_t kMoves = 900;

// As Interleaving::CutText.
std::string TextOf(const store::Cut& cut) {
  std::string text;
  for (const store::AgentAt& agent : cut.agents) {
    text += std::to_string(agent.id.value) + ": clock " + std::to_string(agent.clock.value) +
            " of " + std::to_string(agent.clock_max.value) + ", step " +
            std::to_string(agent.last_step.value) + ", state " + agent.state.hash.ToHex() + "\n";
  }
  std::set<std::string> waiting, open;
  for (const store::Waiting& message : cut.mailboxes) waiting.insert(NameOf(message.id));
  for (const store::OpenStep& step : cut.open) {
    open.insert(std::to_string(step.begin.agent.value) + "/" +
                std::to_string(step.begin.clock.value) + " tools " +
                std::to_string(step.effects_finished));
  }
  for (const std::string& message : waiting) text += "waits " + message + "\n";
  for (const std::string& step : open) text += "open " + step + "\n";
  return text;
}

void CheckSteps(store::Line& line, const Interleaving& model) {
  REQUIRE(line.last().value == model.last());
  uint64_t number = 0;
  const Status scanned = line.ScanSteps(StepNumber(1), line.last(), [&](const StepRecord& step) {
    const ModelStep& expected = model.step(++number);
    INFO("step " << number);
    REQUIRE(step.number.value == number);
    REQUIRE(step.agent.value == expected.agent);
    REQUIRE(step.clock.value == expected.clock);
    REQUIRE(step.begin_after.value == expected.begin_after);
    REQUIRE(step.error.has_value() == expected.failed);
    REQUIRE(step.took.size() == expected.took.size());
    for (size_t i = 0; i < step.took.size(); ++i) {
      INFO("took " << NameOf(step.took[i].id));
      REQUIRE(step.took[i].id == expected.took[i]);
      REQUIRE(step.took[i].early == model.Early(step.took[i].id, number));
    }
    REQUIRE(step.sent.size() == expected.sent.size());
    for (size_t i = 0; i < step.sent.size(); ++i) REQUIRE(step.sent[i].id == expected.sent[i]);
    return true;
  });
  REQUIRE(scanned == Status());
  for (const ModelMessage& expected : model.messages()) {
    const auto message = line.FindMessage(expected.id);
    INFO("message " << NameOf(expected.id));
    REQUIRE(message.status() == Status());
    REQUIRE(message->to.value == expected.to);
    REQUIRE(message->sent_after.value == expected.sent_after);
    const auto body = line.ReadBody(message->body);
    REQUIRE(body.status() == Status());
    REQUIRE(body->bytes == "message " + NameOf(expected.id));
  }
}

void CheckLine(store::Line& line, const Interleaving& model) {
  CheckSteps(line, model);
  for (uint64_t n = 0; n <= model.last(); ++n) {
    const auto cut = line.CutAt(StepNumber(n));
    REQUIRE(cut.status() == Status());
    INFO("the cut after step " << n);
    REQUIRE(TextOf(*cut) == model.CutText(n));
  }
  for (uint64_t n = 1; n <= model.last(); ++n) {
    const auto state = line.State(AgentId(model.step(n).agent), StepNumber(n));
    REQUIRE(state.status() == Status());
    REQUIRE(state->bytes == model.step(n).state);
  }
}

void CheckSound(const std::string& path) {
  const auto recording = store::Recording::Open(path);
  REQUIRE(recording.status() == Status());
  const auto report = store::Verify(**recording, {});
  REQUIRE(report.status() == Status());
  for (const auto& finding : report->findings) UNSCOPED_INFO(finding.where + ": " + finding.what);
  REQUIRE(report->findings.empty());
}

// Looks at a log from beside its writer and remembers what it saw.
class Watcher {
 public:
  explicit Watcher(const std::string& path) : thread_([this, path] { Watch(path); }) {}
  ~Watcher() { Stop(); }

  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  const std::map<uint64_t, std::string>& seen() const { return seen_; }
  const std::string& error() const { return error_; }

 private:
  void Watch(const std::string& path) {
    std::unique_ptr<store::Recording> recording;
    std::unique_ptr<store::Line> line;
    while (!stop_) {
      if (line == nullptr) {
        auto opened = store::Recording::Open(path);
        if (!opened.ok()) continue;
        auto follows = (*opened)->OpenLine(LogId(1));
        if (!follows.ok()) continue;
        recording = std::move(opened).value();
        line = std::move(follows).value();
      }
      if (const auto more = line->Refresh(); !more.ok()) return Fail(more.status());
      // Of the newest moment an open step's last effects may still be on their way.
      if (line->last().value < 2) continue;
      const StepNumber moment{line->last().value - 1};
      const auto cut = line->CutAt(moment);
      if (!cut.ok()) return Fail(cut.status());
      seen_[moment.value] = TextOf(*cut);
    }
  }
  void Fail(const Status& status) { error_ = status.ToString(); }

  std::atomic<bool> stop_{false};
  std::map<uint64_t, std::string> seen_;
  std::string error_;
  std::thread thread_;
};

recorder::SessionOptions Options(const std::string& path, uint64_t seed) {
  recorder::SessionOptions options;
  options.path = path;
  options.name = "seed " + std::to_string(seed);
  options.read_environment = false;
  return options;
}

TEST_CASE("Random interleavings are recorded as a model says, and seen so from beside the writer") {
  const uint64_t seeds = Rounds(8, 60);
  size_t seen = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    TempDir dir;
    const Interleaving model(seed, kMoves, true);
    REQUIRE(model.last() > kMoves / 10);
    const auto options = Options(dir / "run.backstep", seed);
    {
      Watcher watcher(options.path);
      const auto session = recorder::Session::Open(options);
      Perform(model, session.get(), false);
      REQUIRE(session->Flush() == Status());
      watcher.Stop();
      REQUIRE(watcher.error().empty());
      for (const auto& [number, text] : watcher.seen()) {
        INFO("seen while it was written, after step " << number);
        REQUIRE(text == model.CutText(number));
      }
      seen += watcher.seen().size();
      REQUIRE(session->Close() == Status());
    }
    const auto recording = store::Recording::Open(options.path);
    REQUIRE(recording.status() == Status());
    const auto line = (*recording)->OpenLine(LogId(1));
    REQUIRE(line.status() == Status());
    CheckLine(**line, model);
    CheckSound(options.path);
  }
  REQUIRE(seen > 0);
}

std::unique_ptr<Child> StartSession(const std::string& path, uint64_t seed) {
  static const std::string program = std::string(BACKSTEP_BINARY_DIR) + "/bin/interleaved";
  return std::make_unique<Child>(
      std::vector<std::string>{program, path, std::to_string(seed), std::to_string(kMoves)});
}

TEST_CASE("Sessions of several processes in one recording each are what their model says") {
  constexpr uint64_t kProcesses = 3;
  const uint64_t rounds = Rounds(3, 20);
  for (uint64_t round = 0; round < rounds; ++round) {
    TempDir dir;
    const std::string path = dir / "shared.backstep";
    std::vector<std::unique_ptr<Child>> children;
    for (uint64_t i = 1; i <= kProcesses; ++i) {
      children.push_back(StartSession(path, 100 * (round + 1) + i));
    }
    for (const auto& child : children) REQUIRE_FALSE(child->WasKilled());
    const auto recording = store::Recording::Open(path);
    REQUIRE(recording.status() == Status());
    const auto logs = (*recording)->Logs();
    REQUIRE(logs.status() == Status());
    REQUIRE(logs->size() == kProcesses);
    for (const auto& log : *logs) {
      INFO(log.header.name);
      const uint64_t seed = std::stoull(log.header.name.substr(5));
      const auto line = (*recording)->OpenLine(log.id);
      REQUIRE(line.status() == Status());
      REQUIRE((*line)->state() == store::LogState::kCrashed);
      CheckLine(**line, Interleaving(seed, kMoves, false));
    }
    CheckSound(path);
  }
}

}  // namespace
}  // namespace backstep::testing
