// What passes between the UI thread and the reader's: requests one way, results the other.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/reader.h"

namespace backstep::gui {

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

// What waits; one slot a kind, so that a newer one replaces an older one.
struct Requests {
  std::optional<OpenRequest> open;
  bool close = false, refresh = false, watch = false, end = false;
  std::optional<StepNumber> checkpoint;
  std::optional<AgentRequest> chat, state;
  std::optional<CompareRequest> compare;
  std::optional<PairRequest> pair;
  bool any() const {
    return open || close || refresh || watch || end || checkpoint || chat || state || compare ||
           pair;
  }
  // What follows the cursor.
  bool looks() const { return checkpoint || state || chat; }
  // What ends the reading of a long recording.
  bool turns() const { return open || close || end; }
};

// Ask, Collect and told are the UI thread's; looking and idle anybody's; the others the reader's.
class ReaderQueue {
 public:
  // A change of the model, and of the cursor.
  using Apply = std::function<void(Model*, StepNumber*)>;

  // `wake` is called on the reader's thread when something has arrived.
  explicit ReaderQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Ask(const std::function<void(Requests*)>& set);
  // As of Reader.
  bool Collect(Model* model, StepNumber* cursor);
  Reader::Told told() const { return told_; }
  bool looking() const;
  bool idle() const;

  // What waits; waits itself while there is nothing, `wait_ms` at most where that is given.
  Requests Take(std::optional<double> wait_ms);
  // What can be answered while a long recording is being read; nullopt: that is to end.
  std::optional<Requests> TakeMeanwhile();
  // What follows the cursor, while two lines are being compared: there may be none; nullopt: that
  // is to end, for another comparison too. Everything else goes on waiting.
  std::optional<Requests> TakeLooks();
  // Another step of the comparison is looked at by now.
  bool PairWaits() const;
  // Around the answer to what follows the cursor.
  void BeginLook();
  void EndLook();
  void Tell(Apply apply);

 private:
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  Requests waiting_;
  bool idle_ = true;
  bool looking_ = false;           // what follows the cursor waits or is being read
  std::vector<Apply> arrived_;
  Reader::Told newest_;            // of the last of them that a look told
  Reader::Told told_;              // the UI thread's
  std::optional<double> look_began_cpu_ms_;  // the reader's; while it answers a look
};

}  // namespace backstep::gui
