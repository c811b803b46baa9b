#include "backstep/gui/bridge/reader.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "backstep/gui/app/frame_log.h"
#include "backstep/gui/bridge/facts.h"
#include "backstep/gui/bridge/glyphs.h"
#include "backstep/gui/bridge/graph_layout.h"
#include "backstep/gui/bridge/line_loader.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/explorer.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/state_view.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

constexpr size_t kBodyBytesMax = 256 << 10;  // of each body of a step
constexpr size_t kChangesMax = 200;
constexpr double kProgressTold = 0.005;      // of all steps

struct OpenRequest {
  std::string path, address;
};
struct AgentRequest {
  std::string agent;
  StepNumber until;
};
struct CompareRequest {
  std::string a, b;
};
struct PairRequest {
  StepNumber step;
  std::string agent;
  AgentClock clock;
};
struct KnownRequest {
  std::vector<std::string> recent;
  std::string samples_folder;
};

// What waits; one slot a kind.
struct Requests {
  std::optional<OpenRequest> open;
  bool close = false, refresh = false, end = false;
  std::optional<StepNumber> checkpoint;
  std::optional<AgentRequest> chat, state;
  std::optional<CompareRequest> compare;
  std::optional<PairRequest> pair;
  std::optional<std::string> folder, browse;
  std::optional<KnownRequest> known;
  bool any() const {
    return open || close || refresh || end || checkpoint || chat || state || compare || pair ||
           lists();
  }
  bool lists() const { return folder || browse || known; }
  // What follows the cursor.
  bool looks() const { return checkpoint || state || chat; }
  // What ends the reading of a long recording.
  bool turns() const { return open || close || end; }
};

double NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

template <typename T>
void Put(Loaded<T>* slot, Result<T> result) {
  slot->loading = false;
  if (result.ok()) {
    slot->error.clear();
    slot->value = std::make_shared<const T>(std::move(*result));
  } else {
    slot->error = result.status().message();
  }
}

}  // namespace

class Reader::Thread {
 public:
  explicit Thread(std::function<void()> wake)
      : wake_(std::move(wake)), thread_([this] { Work(); }) {}
  ~Thread() {
    Ask([](Requests* waiting) { waiting->end = true; });
    thread_.join();
  }

  template <typename Set>
  void Ask(Set set) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      set(&waiting_);
      idle_ = false;
      looking_ = looking_ || waiting_.looks();
    }
    asked_.notify_one();
  }

  bool Collect(Model* model, StepNumber* cursor) {
    std::vector<std::function<void(Model*, StepNumber*)>> arrived;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      arrived.swap(arrived_);
      told_ = newest_;
    }
    for (const auto& apply : arrived) apply(model, cursor);
    return !arrived.empty();
  }

  Told told() const { return told_; }

  bool looking() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return looking_;
  }

  bool idle() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return idle_ && arrived_.empty();
  }

 private:
  void Work() {
    while (true) {
      Requests now = Take(true);
      if (now.end) return;
      Serve(std::move(now));
    }
  }

  Requests Take(bool wait) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (wait && !waiting_.any()) {
      idle_ = true;
      asked_.wait(lock, [this] { return waiting_.any(); });
      idle_ = false;
    }
    return std::exchange(waiting_, {});
  }

  void Tell(std::function<void(Model*, StepNumber*)> apply) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      arrived_.push_back(std::move(apply));
      newest_ = {NowMs(), ThreadCpuMs() - look_began_cpu_ms_};
    }
    wake_();
  }

  void Serve(Requests now) {
    if (now.close) Forget();
    ServeLists(now);
    if (now.open) ServeOpen(*now.open);
    ServeLook(now);
    if (now.refresh) ServeRefresh();
    if (load_ && explorer_) Load();
  }

  // What a person waits for; also served while a long recording is being read.
  void ServeLook(const Requests& now) {
    if (explorer_ != nullptr) Look(now);
    bool over = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over = looking_ && !waiting_.looks();
      if (over) looking_ = false;
    }
    if (over) wake_();
    if (explorer_ == nullptr) return;
    if (now.compare) ServeCompare(*now.compare);
    if (now.pair) ServePair(*now.pair);
  }

  void Look(const Requests& now) {
    look_began_cpu_ms_ = ThreadCpuMs();
    if (now.checkpoint) ServeCheckpoint(*now.checkpoint);
    if (now.state) ServeState(*now.state);
    if (now.chat) ServeChat(*now.chat);
  }

  void Forget() {
    pair_ = nullptr;
    explorer_ = nullptr;
    DropLoader();
    load_ = false;
    ++generation_;
    Tell([](Model* model, StepNumber*) {
      Loaded<std::vector<replay::RecordingRow>> listing = model->listing;
      const std::string folder = model->listing_folder;
      Loaded<KnownRecordings> known = model->known;
      Loaded<replay::FolderView> browsed = model->browsed;
      *model = Model();
      model->listing = listing;
      model->listing_folder = folder;
      model->known = known;
      model->browsed = browsed;
    });
  }

  void DropPair() {
    pair_ = nullptr;
    touched_.clear();
    Tell([](Model* model, StepNumber*) {
      model->comparison = {};
      model->pair = {};
    });
  }

  void DropLoader() {
    loader_ = nullptr;
    graph_read_ = false;
    laid_out_ = {};
    progress_told_ = 0;
  }

  // The window needs glyphs for what a view says, before the view arrives there.
  template <typename View>
  void TellGlyphs(const Result<View>& view) {
    if (!view.ok() || !AddGlyphsOf(*view, &glyphs_)) return;
    Tell([glyphs = glyphs_](Model* model, StepNumber*) { model->glyphs = glyphs; });
  }

  void ServeLists(const Requests& now) {
    if (now.browse) {
      auto view = replay::ViewFolder(*now.browse);
      Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
        Put(&model->browsed, std::move(view));
      });
    }
    if (now.known) ServeKnown(*now.known);
    if (now.folder) ServeFolder(*now.folder);
  }

  void ServeKnown(const KnownRequest& request) {
    KnownRecordings known;
    for (const std::string& path : request.recent) {
      known.recent.push_back(replay::RowOfRecording(path));
    }
    if (!request.samples_folder.empty()) {
      auto samples = replay::ListRecordings(request.samples_folder);
      if (samples.ok()) known.samples = std::move(*samples);
    }
    Tell([known = std::move(known)](Model* model, StepNumber*) mutable {
      Put(&model->known, Result<KnownRecordings>(std::move(known)));
    });
  }

  void ServeFolder(const std::string& folder) {
    auto rows = replay::ListRecordings(folder);
    if (rows.ok()) replay::CountListed(&*rows);
    Tell([rows = std::move(rows), folder](Model* model, StepNumber*) mutable {
      model->listing_folder = folder;
      Put(&model->listing, std::move(rows));
    });
  }

  void ServeOpen(const OpenRequest& request) {
    Status status;
    if (explorer_ == nullptr || explorer_->recording().path() != request.path) {
      auto opened = replay::Explorer::Open(request.path, request.address);
      status = opened.status();
      if (opened.ok()) {
        DropPair();
        explorer_ = std::move(*opened);
      }
    } else {
      status = explorer_->Select(request.address);
    }
    if (!status.ok()) {
      Tell([message = status.message()](Model* model, StepNumber*) {
        model->open.loading = false;
        model->open.error = message;
      });
      return;
    }
    ++generation_;
    load_ = true;
    DropLoader();
    TellFacts(explorer_->at());
  }

  void TellFacts(std::optional<StepNumber> at) {
    Result<OpenFacts> facts = GatherFacts(*explorer_);
    TellGlyphs(facts);
    Tell([facts = std::move(facts), at, generation = generation_](Model* model,
                                                                  StepNumber* cursor) mutable {
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

  void ServeCheckpoint(StepNumber step) {
    replay::CheckpointOptions options;
    options.text_bytes_max = kBodyBytesMax;
    options.changes_max = kChangesMax;
    auto view = replay::ViewCheckpoint(explorer_->recording(), explorer_->line(), step, options);
    cursor_ = step;
    TellGraph();
    TellGlyphs(view);
    Tell([view = std::move(view), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->checkpoint, std::move(view));
    });
  }

  void ServeState(const AgentRequest& request) {
    const auto agent = explorer_->line().FindAgent(request.agent);
    Result<replay::StateView> state =
        agent ? replay::ViewState(explorer_->line(), *agent, request.until)
              : Result<replay::StateView>(Status::NotFound("no agent " + request.agent));
    TellGlyphs(state);
    Tell([state = std::move(state), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->state, std::move(state));
    });
  }

  void ServeChat(const AgentRequest& request) {
    const auto agent = explorer_->line().FindAgent(request.agent);
    Result<replay::Conversation> chat =
        agent ? replay::ConversationOf(explorer_->line(), *agent, request.until)
              : Result<replay::Conversation>(Status::NotFound("no agent " + request.agent));
    TellGlyphs(chat);
    Tell([chat = std::move(chat), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->conversation, std::move(chat));
    });
  }

  void ServeCompare(const CompareRequest& request) {
    auto pair = explorer_->OpenPair(request.a, request.b);
    auto view = pair.ok() ? (*pair)->Compare() : Result<replay::ComparisonView>(pair.status());
    pair_ = view.ok() ? std::move(*pair) : nullptr;
    touched_ = view.ok() ? view->lines.agents_touched : std::vector<std::string>();
    TellGraph();
    Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
      Put(&model->comparison, std::move(view));
    });
  }

  void ServePair(PairRequest request) {
    if (pair_ == nullptr) return;
    auto view = FindPair(std::move(request));
    TellGlyphs(view);
    Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
      Put(&model->pair, std::move(view));
    });
  }

  Result<replay::StepPair> FindPair(PairRequest request) {
    if (request.agent.empty()) {
      if (request.step.value == 0) return replay::StepPair();
      BACKSTEP_ASSIGN_OR_RETURN(const StepRecord step, explorer_->line().Step(request.step));
      request.agent = explorer_->line().AgentName(step.agent);
      request.clock = step.clock;
    }
    return pair_->Steps(request.agent, request.clock);
  }

  // The graph at the cursor, as far as the line has been read for it.
  void TellGraph() {
    if (!graph_read_) return;
    auto graph = loader_->GraphAt(cursor_, touched_);
    Tell([graph = std::move(graph), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->graph, std::move(graph));
    });
  }

  void ServeRefresh() {
    if (explorer_ == nullptr) return;
    const auto changed = explorer_->line().Refresh();
    TellFacts(std::nullopt);
    if (changed.ok() && *changed) load_ = true;
  }

  // Answers what is asked meanwhile; false: something else is to be read.
  bool Meanwhile(double share) {
    Requests now;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (waiting_.turns()) return false;
      const bool refresh = waiting_.refresh;
      now = std::exchange(waiting_, {});
      waiting_.refresh = refresh;
    }
    ServeLook(now);
    ServeLists(now);
    if (std::abs(share - progress_told_) < kProgressTold) return true;
    progress_told_ = share;
    Tell([share](Model* model, StepNumber*) { model->timeline_progress = share; });
    return true;
  }

  void Load() {
    const Status status = LoadAll();
    if (status.code() == StatusCode::kCancelled) return;  // asked for something else: goes on later
    load_ = false;
    if (status.ok()) return;
    Tell([message = status.message(), generation = generation_](Model* model, StepNumber*) {
      if (model->generation != generation) return;
      if (model->timeline.loading) model->timeline = {nullptr, false, message};
      if (model->graph.loading) model->graph = {nullptr, false, message};
      if (model->session.loading) model->session = {nullptr, false, message};
    });
  }

  Status LoadAll() {
    if (loader_ == nullptr) {
      BACKSTEP_ASSIGN_OR_RETURN(loader_, LineLoader::Open(*explorer_));
    }
    BACKSTEP_RETURN_IF_ERROR(loader_->Read({[this](double share) { return Meanwhile(share); },
                                            [this](bool whole) { TellTimeline(whole); },
                                            [this](bool whole) { TellGrownGraph(whole); }}));
    const auto progress = [this](uint64_t, uint64_t) { return Meanwhile(1); };
    auto session = replay::ViewSession(explorer_->recording(), explorer_->session(), progress);
    if (session.status().code() == StatusCode::kCancelled) return session.status();
    Tell([session = std::move(session), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->session, std::move(session));
    });
    return {};
  }

  void TellTimeline(bool whole) {
    Tell([timeline = loader_->Timeline(), whole, generation = generation_](Model* model,
                                                                           StepNumber*) {
      if (model->generation != generation) return;
      model->timeline = {timeline, !whole, {}};
      if (whole) model->timeline_progress = 1;
    });
  }

  // Laid out by what has been read first, and again when all edges are known: nodes that move while
  // they are looked at would be worse than an edge that has no place yet.
  void TellGrownGraph(bool whole) {
    graph_read_ = true;
    if (whole || laid_out_.first == 0) {
      const auto graph = loader_->GraphAt(StepNumber(~uint64_t{0}), {});
      const std::pair shape{graph.ok() ? graph->nodes.size() : 0,
                            graph.ok() ? graph->edges.size() : 0};
      if (shape != laid_out_) {
        laid_out_ = shape;
        auto places = std::make_shared<const GraphPlaces>(LayOutGraph(*graph));
        Tell([places, generation = generation_](Model* model, StepNumber*) {
          if (model->generation == generation) model->places = places;
        });
      }
    }
    TellGraph();
  }

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  Requests waiting_;
  bool idle_ = true;
  std::vector<std::function<void(Model*, StepNumber*)>> arrived_;
  bool looking_ = false;               // what follows the cursor waits or is being read
  Told newest_;                        // of the last of them
  Told told_;                          // the UI thread's

  // The thread's own.
  std::unique_ptr<replay::Explorer> explorer_;
  std::unique_ptr<replay::LinePair> pair_;   // of explorer_'s recording: goes before it
  std::unique_ptr<LineLoader> loader_;
  Glyphs glyphs_;                      // that any view has needed
  std::pair<size_t, size_t> laid_out_; // nodes and edges of the graph whose places were told
  double progress_told_ = 0;
  double look_began_cpu_ms_ = 0;       // of this thread, when it last began to answer a look
  StepNumber cursor_;
  std::vector<std::string> touched_;   // agents, by the newest comparison
  uint64_t generation_ = 0;
  bool load_ = false, graph_read_ = false;

  std::thread thread_;  // last: it uses all of the above
};

Reader::Reader(std::function<void()> wake) : thread_(std::make_unique<Thread>(std::move(wake))) {}
Reader::~Reader() = default;

void Reader::Open(const std::string& path, const std::string& address) {
  thread_->Ask([&](Requests* waiting) {
    waiting->close = false;
    waiting->open = {path, address};
  });
}

void Reader::Close() {
  thread_->Ask([](Requests* waiting) {
    const bool end = waiting->end;
    *waiting = {};
    waiting->end = end;
    waiting->close = true;
  });
}

void Reader::ShowCheckpoint(StepNumber step) {
  thread_->Ask([&](Requests* waiting) { waiting->checkpoint = step; });
}

void Reader::ShowState(const std::string& agent, StepNumber step) {
  thread_->Ask([&](Requests* waiting) { waiting->state = {agent, step}; });
}

void Reader::ShowConversation(const std::string& agent, StepNumber until) {
  thread_->Ask([&](Requests* waiting) { waiting->chat = {agent, until}; });
}

void Reader::Compare(const std::string& a, const std::string& b) {
  thread_->Ask([&](Requests* waiting) { waiting->compare = {a, b}; });
}

void Reader::ShowPair(StepNumber step, const std::string& agent, AgentClock clock) {
  thread_->Ask([&](Requests* waiting) { waiting->pair = {step, agent, clock}; });
}

void Reader::List(const std::string& folder) {
  thread_->Ask([&](Requests* waiting) { waiting->folder = folder; });
}

void Reader::ListKnown(const std::vector<std::string>& recent, const std::string& samples_folder) {
  thread_->Ask([&](Requests* waiting) { waiting->known = {recent, samples_folder}; });
}

void Reader::Browse(const std::string& folder) {
  thread_->Ask([&](Requests* waiting) { waiting->browse = folder; });
}

void Reader::Refresh() {
  thread_->Ask([](Requests* waiting) { waiting->refresh = true; });
}

bool Reader::Collect(Model* model, StepNumber* cursor) { return thread_->Collect(model, cursor); }
Reader::Told Reader::told() const { return thread_->told(); }
bool Reader::looking() const { return thread_->looking(); }
bool Reader::idle() const { return thread_->idle(); }

}  // namespace backstep::gui
