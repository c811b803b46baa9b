#include "backstep/gui/bridge/reader.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "backstep/gui/bridge/facts.h"
#include "backstep/gui/bridge/graph_layout.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/explorer.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/state_view.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {
namespace {

constexpr size_t kBodyBytesMax = 256 << 10;  // of each body of a step
constexpr size_t kChangesMax = 200;

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

// What waits; one slot a kind.
struct Requests {
  std::optional<OpenRequest> open;
  bool close = false, refresh = false, end = false;
  std::optional<StepNumber> checkpoint;
  std::optional<AgentRequest> chat, state;
  std::optional<CompareRequest> compare;
  std::optional<std::string> folder;
  bool any() const {
    return open || close || refresh || end || checkpoint || chat || state || compare || folder;
  }
  // What ends the reading of a long recording.
  bool turns() const { return open || close || end; }
};

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
    }
    asked_.notify_one();
  }

  bool Collect(Model* model, StepNumber* cursor) {
    std::vector<std::function<void(Model*, StepNumber*)>> arrived;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      arrived.swap(arrived_);
    }
    for (const auto& apply : arrived) apply(model, cursor);
    return !arrived.empty();
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
    }
    wake_();
  }

  void Serve(Requests now) {
    if (now.close) Forget();
    if (now.folder) ServeFolder(*now.folder);
    if (now.open) ServeOpen(*now.open);
    ServeLook(now);
    if (now.refresh) ServeRefresh();
    if (load_ && explorer_) Load();
  }

  // What a person waits for; also served while a long recording is being read.
  void ServeLook(const Requests& now) {
    if (explorer_ == nullptr) return;
    if (now.checkpoint) ServeCheckpoint(*now.checkpoint);
    if (now.state) ServeState(*now.state);
    if (now.chat) ServeChat(*now.chat);
    if (now.compare) ServeCompare(*now.compare);
  }

  void Forget() {
    explorer_ = nullptr;
    DropBuilders();
    load_ = false;
    ++generation_;
    Tell([](Model* model, StepNumber*) {
      Loaded<std::vector<replay::RecordingRow>> listing = model->listing;
      const std::string folder = model->listing_folder;
      *model = Model();
      model->listing = listing;
      model->listing_folder = folder;
    });
  }

  void DropBuilders() {
    timeline_ = nullptr;
    graph_ = nullptr;
    graph_read_ = false;
    build_line_ = nullptr;
  }

  void ServeFolder(const std::string& folder) {
    auto rows = replay::ListRecordings(folder);
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
      if (opened.ok()) explorer_ = std::move(*opened);
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
    DropBuilders();
    TellFacts(explorer_->at());
  }

  void TellFacts(std::optional<StepNumber> at) {
    Result<OpenFacts> facts = GatherFacts(*explorer_);
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
    Tell([view = std::move(view), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->checkpoint, std::move(view));
    });
  }

  void ServeState(const AgentRequest& request) {
    const auto agent = explorer_->line().FindAgent(request.agent);
    Result<replay::StateView> state =
        agent ? replay::ViewState(explorer_->line(), *agent, request.until)
              : Result<replay::StateView>(Status::NotFound("no agent " + request.agent));
    Tell([state = std::move(state), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->state, std::move(state));
    });
  }

  void ServeChat(const AgentRequest& request) {
    const auto agent = explorer_->line().FindAgent(request.agent);
    Result<replay::Conversation> chat =
        agent ? replay::ConversationOf(explorer_->line(), *agent, request.until)
              : Result<replay::Conversation>(Status::NotFound("no agent " + request.agent));
    Tell([chat = std::move(chat), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->conversation, std::move(chat));
    });
  }

  void ServeCompare(const CompareRequest& request) {
    auto view = explorer_->Compare(request.a, request.b);
    touched_ = view.ok() ? view->lines.agents_touched : std::vector<std::string>();
    TellGraph();
    Tell([view = std::move(view)](Model* model, StepNumber*) mutable {
      Put(&model->comparison, std::move(view));
    });
  }

  // The graph at the cursor, as far as the line has been read for it.
  void TellGraph() {
    if (!graph_read_) return;
    auto graph = graph_->At(std::min(cursor_, graph_->read_to()), touched_);
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
  bool Meanwhile(uint64_t done, uint64_t total) {
    Requests now;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (waiting_.turns()) return false;
      const bool refresh = waiting_.refresh;
      now = std::exchange(waiting_, {});
      waiting_.refresh = refresh;
    }
    ServeLook(now);
    if (now.folder) ServeFolder(*now.folder);
    const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
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
    if (build_line_ == nullptr) {
      BACKSTEP_ASSIGN_OR_RETURN(build_line_, explorer_->OpenLineAgain());
      timeline_ = std::make_unique<replay::TimelineBuilder>(*build_line_);
      graph_ = std::make_unique<replay::AgentGraphBuilder>(*build_line_);
    } else {
      BACKSTEP_RETURN_IF_ERROR(build_line_->Refresh().status());
    }
    const auto progress = [this](uint64_t done, uint64_t total) { return Meanwhile(done, total); };
    BACKSTEP_RETURN_IF_ERROR(timeline_->Extend(progress));
    Tell([timeline = timeline_->Snapshot(), generation = generation_](Model* model, StepNumber*) {
      if (model->generation != generation) return;
      model->timeline = {timeline, false, {}};
      model->timeline_progress = 1;
    });
    BACKSTEP_RETURN_IF_ERROR(graph_->Update(progress));
    graph_read_ = true;
    BACKSTEP_ASSIGN_OR_RETURN(const replay::AgentGraph whole, graph_->At(graph_->read_to()));
    auto places = std::make_shared<const GraphPlaces>(LayOutGraph(whole));
    Tell([places, generation = generation_](Model* model, StepNumber*) {
      if (model->generation == generation) model->places = places;
    });
    TellGraph();
    auto session = replay::ViewSession(explorer_->recording(), explorer_->session(), progress);
    if (session.status().code() == StatusCode::kCancelled) return session.status();
    Tell([session = std::move(session), generation = generation_](Model* model, StepNumber*) mutable {
      if (model->generation == generation) Put(&model->session, std::move(session));
    });
    return {};
  }

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  Requests waiting_;
  bool idle_ = true;
  std::vector<std::function<void(Model*, StepNumber*)>> arrived_;

  // The thread's own.
  std::unique_ptr<replay::Explorer> explorer_;
  std::unique_ptr<store::Line> build_line_;
  std::unique_ptr<replay::TimelineBuilder> timeline_;
  std::unique_ptr<replay::AgentGraphBuilder> graph_;
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

void Reader::List(const std::string& folder) {
  thread_->Ask([&](Requests* waiting) { waiting->folder = folder; });
}

void Reader::Refresh() {
  thread_->Ask([](Requests* waiting) { waiting->refresh = true; });
}

bool Reader::Collect(Model* model, StepNumber* cursor) { return thread_->Collect(model, cursor); }
bool Reader::idle() const { return thread_->idle(); }

}  // namespace backstep::gui
