// Finds out what the form would run, on a thread of its own: finding the latest moment for a fault
// reads the whole recording, and what is looked at must not wait for it.
#pragma once

#include <functional>
#include <memory>

#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/running/runner.h"

namespace backstep::gui {

// The UI thread calls it. `wake` is called on the planner's thread when something has arrived.
class Planner {
 public:
  explicit Planner(std::function<void()> wake);
  ~Planner();  // waits for the reading under way

  // A newer request replaces one that still waits; an older one's answer is dropped.
  void Plan(RunRequest request);
  // Nothing is wanted any more: the answer to what was asked is dropped.
  void Forget();
  // Moves what has arrived into the model. Returns true when something changed.
  bool Collect(Model* model);
  bool idle() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace backstep::gui
