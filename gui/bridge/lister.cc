#include "backstep/gui/bridge/lister.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace backstep::gui {

struct KnownRequest {
  std::vector<std::string> recent;
  std::string samples_folder;
};

struct ListRequests {
  std::optional<std::string> folder;
  std::optional<std::pair<std::string, replay::Sought>> browse;
  std::optional<KnownRequest> known;
  bool end = false;
  bool any() const { return folder || browse || known || end; }
};

namespace {

using Rows = std::vector<replay::RecordingRow>;

constexpr size_t kFirstRows = 20;    // about what fits into a window; then twice as many each time
constexpr size_t kRowsMax = 20'000;

KnownRecordings ReadKnown(const KnownRequest& request) {
  KnownRecordings known;
  for (const std::string& path : request.recent) {
    known.recent.push_back(replay::RowOfRecording(path));
  }
  if (request.samples_folder.empty()) return known;
  auto samples = replay::ListRecordings(request.samples_folder);
  if (samples.ok()) known.samples = std::move(*samples);
  return known;
}

// Rows that are not all: they do not take the place of more of the same folder.
void PutFirst(const std::string& folder, Rows rows, ListingRead read, Model* model) {
  model->listing_read = read;
  const auto& shown = model->listing.value;
  const bool other = model->listing_folder != folder || shown == nullptr;
  if (!other && shown->size() > rows.size()) return;
  model->listing_folder = folder;
  Put(&model->listing, Result<Rows>(std::move(rows)));
  model->listing.loading = true;
}

}  // namespace

class Lister::Thread {
 public:
  explicit Thread(std::function<void()> wake)
      : wake_(std::move(wake)), thread_([this] { Work(); }) {}
  ~Thread() {
    Ask([](ListRequests* waiting) { waiting->end = true; });
    thread_.join();
  }

  void Ask(const std::function<void(ListRequests*)>& set) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      set(&waiting_);
    }
    asked_.notify_one();
  }

  bool Collect(Model* model) {
    std::vector<Apply> arrived;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      arrived.swap(arrived_);
    }
    for (const Apply& apply : arrived) apply(model);
    return !arrived.empty();
  }

  bool idle() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return !busy_ && !waiting_.any() && arrived_.empty();
  }

 private:
  using Apply = std::function<void(Model*)>;

  void Tell(Apply apply) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      arrived_.push_back(std::move(apply));
    }
    wake_();
  }

  void Work() {
    while (true) {
      std::optional<std::string> folder;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        busy_ = false;
        asked_.wait(lock, [this] { return waiting_.any(); });
        if (waiting_.end) return;
        busy_ = true;
        folder = std::exchange(waiting_.folder, {});
      }
      ServeShort();
      if (folder) ServeFolder(*folder);
    }
  }

  void ServeShort() {
    ListRequests now;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      now.browse = std::exchange(waiting_.browse, {});
      now.known = std::exchange(waiting_.known, {});
    }
    if (now.browse) {
      const auto& [path, sought] = *now.browse;
      Tell([view = replay::ViewFolder(path, sought)](Model* model) { Put(&model->browsed, view); });
    }
    if (now.known) {
      Tell([known = ReadKnown(*now.known)](Model* model) {
        Put(&model->known, Result<KnownRecordings>(known));
      });
    }
  }

  // Between two recordings of a folder; false: another folder is wanted, or none.
  bool Meanwhile() {
    ServeShort();
    std::lock_guard<std::mutex> lock(mutex_);
    return !waiting_.end && !waiting_.folder;
  }

  void ServeFolder(const std::string& folder) {
    size_t next = kFirstRows;
    ListingRead read;
    bool wanted = true;
    const auto progress = [&](const Rows& rows, size_t looked, size_t total) {
      read = {looked, total};
      wanted = Meanwhile();
      if (!wanted || rows.size() >= kRowsMax) return false;
      if (rows.size() < next || looked == total) return true;
      next = rows.size() * 2;
      Tell([=](Model* model) { PutFirst(folder, rows, read, model); });
      return true;
    };
    auto rows = replay::ListRecordings(folder, progress);
    if (!wanted) return;
    if (rows.ok() && rows->size() > kFirstRows) {
      Tell([=, rows = *rows](Model* model) { PutFirst(folder, rows, read, model); });
    }
    if (rows.ok()) replay::CountListed(&*rows, [&] { return wanted = Meanwhile(); });
    if (!wanted) return;
    Tell([=, rows = std::move(rows)](Model* model) {
      model->listing_folder = folder;
      model->listing_read = read;
      Put(&model->listing, rows);
    });
  }

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  ListRequests waiting_;
  std::vector<Apply> arrived_;
  bool busy_ = false;
  std::thread thread_;  // last: it uses all of the above
};

Lister::Lister(std::function<void()> wake) : thread_(std::make_unique<Thread>(std::move(wake))) {}
Lister::~Lister() = default;

void Lister::List(const std::string& folder) {
  thread_->Ask([&](ListRequests* waiting) { waiting->folder = folder; });
}

void Lister::ListKnown(const std::vector<std::string>& recent, const std::string& samples_folder) {
  thread_->Ask([&](ListRequests* waiting) { waiting->known = {recent, samples_folder}; });
}

void Lister::Browse(const std::string& folder, replay::Sought sought) {
  thread_->Ask([&](ListRequests* waiting) { waiting->browse = {folder, sought}; });
}

bool Lister::Collect(Model* model) { return thread_->Collect(model); }
bool Lister::idle() const { return thread_->idle(); }

}  // namespace backstep::gui
