// A long run: agents that write to each other and keep what they wrote and read.
#include "backstep/tests/bench/suite/sections/growing.h"

#include <cmath>
#include <map>

#include "backstep/recorder/session.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"
#include "backstep/tests/bench/corpus.h"
#include "backstep/tests/bench/suite/baselines/raw_rocks.h"
#include "backstep/tests/bench/suite/baselines/zstd_floor.h"
#include "backstep/tests/bench/suite/recorded.h"

namespace backstep::bench {
namespace {

constexpr size_t kSamples = 200;

struct AgentOf {
  std::string name, state;
  std::vector<Message> inbox;
};

// The producer: every step takes what waits, appends it and its own message to its history, and
// sends the message on.
class Run {
 public:
  Run(const Context& context, recorder::Session* session)
      : session_(*session), bytes_max_(GrowingStateBytes(context)),
        corpus_(3), samples_(GrowingSteps(context) / kSamples) {
    for (size_t i = 0; i < kGrowingAgents; ++i) {
      agents_.push_back({GrowingAgent(i), {}, {}});
      session_.AddAgent({.name = agents_.back().name, .initial_state = {"", "text/plain"}});
    }
  }

  void Step(uint64_t number) {
    AgentOf& agent = agents_[corpus_.random().Next() % agents_.size()];
    AgentOf& next = agents_[corpus_.random().Next() % agents_.size()];
    const auto step = session_.BeginStep(agent.name, std::move(agent.inbox));
    agent.inbox.clear();
    std::string added;
    for (const Message& message : step->taken()) added += message.body.bytes + "\n";
    Message message;
    message.to = next.name;
    message.kind = "note";
    message.body = {std::to_string(number) + " " + corpus_.Text(Size()), "text/plain"};
    added += message.body.bytes + "\n";
    if (floor_ != nullptr) floor_->Add(message.body.bytes);
    for (Message& carried : step->Send(std::move(message))) {
      next.inbox.push_back(std::move(carried));
    }
    Need(step->Commit(Edited(&agent.state, added)));
    samples_.Note(number, agent.name, agent.state);
  }

  void MeasureFloor(Floor* floor) { floor_ = floor; }
  const Samples& samples() const { return samples_; }

 private:
  size_t Size() {
    return static_cast<size_t>(150 * std::pow(16.0, corpus_.random().NextUnit()));
  }
  // Adds behind; of a history that is full the older half goes first, as where it is summed up.
  StateEdit Edited(std::string* state, const std::string& added) const {
    StateEdit edit;
    const uint64_t before = state->size();
    if (before + added.size() > bytes_max_ && before > 0) {
      const uint64_t gone = std::max(before / 2, before + added.size() - bytes_max_);
      edit.splices.push_back({0, gone, ""});
      state->erase(0, gone);
    }
    edit.splices.push_back({before, 0, added});
    state->append(added);
    return edit;
  }

  recorder::Session& session_;
  const size_t bytes_max_;
  Corpus corpus_;
  Samples samples_;
  std::vector<AgentOf> agents_;
  Floor* floor_ = nullptr;
};

struct Kind {
  uint64_t count = 0, bytes = 0;
};

// As many records of the same sizes, in the order of writing, into RocksDB by itself.
double RawPerSecond(const Context& context, store::Line& line, uint64_t steps) {
  std::map<char, Kind> kinds;
  const auto cursor = line.own_log().NewCursor();
  for (cursor->Seek(""); cursor->Valid(); cursor->Next()) {
    Kind& kind = kinds[cursor->key()[0]];
    ++kind.count;
    kind.bytes += cursor->value().size();
  }
  Corpus corpus(5);
  const std::string text = corpus.Text(size_t{4} << 20);
  RawRocks raw(context.folder + "/raw");
  std::map<char, uint64_t> put;
  const double begin = WallNs();
  for (uint64_t i = 1; i <= steps; ++i) {
    for (const auto& [tag, kind] : kinds) {
      const uint64_t size = kind.bytes / kind.count;
      for (uint64_t due = kind.count * i / steps; put[tag] < due; ++put[tag]) {
        char key[32];
        const int length = std::snprintf(key, sizeof key, "%c%04zu%011zu", tag,
                                         static_cast<size_t>(put[tag] % kGrowingAgents),
                                         static_cast<size_t>(put[tag]));
        const size_t at = (put[tag] * 977) % (text.size() / 2);
        raw.Put({key, static_cast<size_t>(length)}, std::string_view(text).substr(at, size));
      }
    }
    raw.EndStep();
  }
  raw.Finish();
  return static_cast<double>(steps) / (WallNs() - begin) * 1e9;
}

// The same run once more, unrecorded: what was new in it.
Floor FloorOf(const Context& context, uint64_t steps) {
  recorder::SessionOptions nowhere;
  nowhere.disabled = true;
  nowhere.read_environment = false;
  const auto session = recorder::Session::Open(nowhere);
  Run run(context, session.get());
  Floor floor;
  run.MeasureFloor(&floor);
  for (uint64_t i = 1; i <= steps; ++i) run.Step(i);
  floor.Finish();
  return floor;
}

}  // namespace

std::string GrowingPath(const Context& context) { return context.folder + "/growing.backstep"; }
uint64_t GrowingSteps(const Context& context) { return context.quick ? 33000 : 1000000; }
size_t GrowingStateBytes(const Context& context) {
  return size_t{context.quick ? 64u : 512u} << 10;
}
std::string GrowingAgent(size_t index) { return "agent" + std::to_string(index); }

void MeasureGrowing(Context& context) {
  const uint64_t steps = GrowingSteps(context);
  double per_second = 0, sealing = 0;
  Samples samples(1);
  {
    const auto session = recorder::Session::Open(RecordTo(context, "growing"));
    Run run(context, session.get());
    const double begin = WallNs();
    for (uint64_t i = 1; i <= steps; ++i) run.Step(i);
    Need(session->Flush());
    per_second = static_cast<double>(steps) / (WallNs() - begin) * 1e9;
    const double closing = WallNs();
    Need(session->Close());
    sealing = WallNs() - closing;
    samples = run.samples();
  }
  {
    const auto recording = Need(store::Recording::Open(GrowingPath(context)));
    const auto line = Need(recording->OpenLine(LogId(1)));
    if (line->last().value != steps) Fail("steps are missing");
    context.add(Figure{"recorded", per_second, "steps/s"}
                    .Against("raw same records", RawPerSecond(context, *line, steps))
                    .RatioAtLeast(0.7));
  }
  context.add(Figure{"sealed and indexed after", sealing, "ns"});
  const Floor floor = FloorOf(context, steps);
  const auto each = static_cast<double>(steps);
  context.add(Figure{"stored, sealed", LogBytes(GrowingPath(context)) / each, "B/step"}
                  .Against("zstd-3 stream", static_cast<double>(floor.size()) / each)
                  .RatioAtMost(1.25));
  context.add(Figure{"new bytes", static_cast<double>(floor.bytes()) / each, "B/step"});
  context.add(Figure{"verified in", samples.Check(GrowingPath(context)) * 1e9, "ns"});
}

}  // namespace backstep::bench
