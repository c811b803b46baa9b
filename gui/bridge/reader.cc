#include "backstep/gui/bridge/reader.h"

#include <optional>
#include <thread>
#include <utility>

#include "backstep/gui/bridge/reading/facts.h"
#include "backstep/gui/bridge/reading/line_teller.h"
#include "backstep/gui/bridge/reading/looks.h"
#include "backstep/gui/bridge/reading/pairs.h"
#include "backstep/gui/bridge/reading/place.h"
#include "backstep/gui/bridge/reading/reader_queue.h"
#include "backstep/gui/bridge/reading/shown.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {

class Reader::Thread {
 public:
  explicit Thread(std::function<void()> wake)
      : queue(std::move(wake)), thread_([this] { Work(); }) {}
  ~Thread() {
    queue.Ask([](Requests* waiting) { waiting->end = true; });
    thread_.join();
  }

  ReaderQueue queue;

 private:
  void Work() {
    while (true) {
      const Requests now = queue.Take(looks_.RestInMs());
      if (now.end) return;
      if (now.close) Forget();
      if (now.open) ServeOpen(*now.open);
      ServeLook(now);
      if (now.watch) ServeWatch();
      if (now.refresh) ServeRefresh();
      line_.ReadOn();
    }
  }

  // Answers what is asked while a long recording is read; false: something else is to be read.
  bool Meanwhile() {
    const std::optional<Requests> now = queue.TakeMeanwhile();
    if (!now) return false;
    ServeLook(*now);
    return true;
  }

  // The same, while two lines are compared.
  bool LookMeanwhile() {
    const std::optional<Requests> now = queue.TakeLooks();
    if (!now) return false;
    if (now->looks()) {
      Look(*now);
      queue.EndLook();
    }
    looks_.ReadRest();
    return true;
  }

  // What a person waits for.
  void ServeLook(const Requests& now) {
    if (shown_.explorer != nullptr && now.looks()) Look(now);
    queue.EndLook();
    if (shown_.explorer == nullptr) return;
    looks_.ReadRest();
    if (now.compare) pairs_.Want(*now.compare);
    if (pairs_.Compare()) line_.TellGraph();
    if (now.pair) pairs_.Pair(*now.pair);
  }

  void Look(const Requests& now) {
    queue.BeginLook();
    if (now.checkpoint) {
      shown_.cursor = *now.checkpoint;
      line_.TellGraph();
    }
    looks_.Look(now);
  }

  void Forget() {
    pairs_.Drop();
    lost_.clear();
    shown_.explorer = nullptr;
    looks_.Drop();
    line_.Drop();
    ++shown_.generation;
    queue.Tell([](Model* model, StepNumber*) {
      Model fresh;
      fresh.listing = model->listing;
      fresh.listing_folder = model->listing_folder;
      fresh.listing_read = model->listing_read;
      fresh.known = model->known;
      fresh.browsed = model->browsed;
      fresh.run = std::move(model->run);
      *model = std::move(fresh);
    });
  }

  Status Open(const OpenRequest& request) {
    const bool same = shown_.explorer != nullptr && lost_.empty() &&
                      shown_.explorer->recording().path() == request.path;
    if (same) {
      return shown_.explorer->Select(request.address);
    }
    BACKSTEP_ASSIGN_OR_RETURN(auto opened,
                              replay::Explorer::Open(request.path, request.address));
    pairs_.Drop();
    shown_.explorer = std::move(opened);
    place_ = PlaceOf(request.path);
    TellLost({});
    return {};
  }

  void ServeOpen(const OpenRequest& request) {
    const Status status = Open(request);
    if (!status.ok()) {
      queue.Tell([message = status.message()](Model* model, StepNumber*) {
        model->open.loading = false;
        model->open.error = message;
      });
      return;
    }
    ++shown_.generation;
    looks_.Drop();
    line_.Drop();
    line_.Want();
    TellFacts(shown_.explorer->at());
  }

  void TellFacts(std::optional<StepNumber> at) {
    Result<OpenFacts> facts = GatherFacts(*shown_.explorer);
    if (facts.ok() && at) facts->opened_at = AgentAt(shown_.explorer->line(), *at);
    shown_.TellGlyphs(facts);
    queue.Tell([facts = std::move(facts), at, generation = shown_.generation](
                   Model* model, StepNumber* cursor) mutable {
      const bool other = model->generation != generation;
      model->generation = generation;
      Put(&model->open, std::move(facts));
      if (other) {
        model->timeline = {nullptr, true, {}};
        model->graph = {nullptr, true, {}};
        model->places = nullptr;
        model->conversation = {};
        model->state = {};
        model->checkpoint = {nullptr, true, {}};
        model->session = {nullptr, true, {}};
      }
      if (at) *cursor = *at;
    });
  }

  void ServeWatch() {
    if (shown_.explorer != nullptr) {
      TellLost(WhyLost(shown_.explorer->recording().path(), place_));
    }
  }

  void TellLost(const std::string& lost) {
    if (lost == lost_) return;
    lost_ = lost;
    queue.Tell([lost](Model* model, StepNumber*) { model->lost = lost; });
  }

  void ServeRefresh() {
    if (shown_.explorer == nullptr || !lost_.empty()) return;
    const auto changed = shown_.explorer->line().Refresh();
    TellFacts(std::nullopt);
    if (changed.ok() && *changed) line_.Want();
  }

  // The thread's own.
  Place place_;                 // of what is open
  std::string lost_;            // as told last
  Shown shown_{&queue, nullptr, 0, {}, {}, {}};
  LookReader looks_{&shown_};
  // Of shown_'s recording: goes before it.
  PairReader pairs_{&shown_, [this] { return LookMeanwhile(); }};
  LineTeller line_{&shown_, [this] { return Meanwhile(); }};

  std::thread thread_;  // last: it uses all of the above
};

Reader::Reader(std::function<void()> wake) : thread_(std::make_unique<Thread>(std::move(wake))) {}
Reader::~Reader() = default;

void Reader::Open(const std::string& path, const std::string& address) {
  thread_->queue.Ask([&](Requests* waiting) {
    waiting->close = false;
    waiting->open = {path, address};
  });
}

void Reader::Close() {
  thread_->queue.Ask([](Requests* waiting) {
    const bool end = waiting->end;
    *waiting = {};
    waiting->end = end;
    waiting->close = true;
  });
}

void Reader::ShowCheckpoint(StepNumber step) {
  thread_->queue.Ask([&](Requests* waiting) { waiting->checkpoint = step; });
}

void Reader::ShowState(const std::string& agent, StepNumber step) {
  thread_->queue.Ask([&](Requests* waiting) { waiting->state = {agent, step}; });
}

void Reader::ShowConversation(const std::string& agent, StepNumber until) {
  thread_->queue.Ask([&](Requests* waiting) { waiting->chat = {agent, until}; });
}

void Reader::Compare(const std::string& a, const std::string& b) {
  thread_->queue.Ask([&](Requests* waiting) { waiting->compare = {a, b}; });
}

void Reader::ShowPair(StepNumber step, const std::string& agent, AgentClock clock) {
  thread_->queue.Ask([&](Requests* waiting) { waiting->pair = {step, agent, clock}; });
}

void Reader::Refresh() {
  thread_->queue.Ask([](Requests* waiting) { waiting->refresh = true; });
}

void Reader::Watch() {
  thread_->queue.Ask([](Requests* waiting) { waiting->watch = true; });
}

bool Reader::Collect(Model* model, StepNumber* cursor) {
  return thread_->queue.Collect(model, cursor);
}
Reader::Told Reader::told() const { return thread_->queue.told(); }
bool Reader::looking() const { return thread_->queue.looking(); }
bool Reader::idle() const { return thread_->queue.idle(); }

}  // namespace backstep::gui
