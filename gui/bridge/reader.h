// Reads recordings on one background thread, so that no frame waits for a disk. A newer request of
// a kind replaces an older one that still waits; results carry the generation they were asked in,
// and those of a recording or branch that is not looked at any more are dropped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/ids.h"
#include "backstep/gui/bridge/model.h"

namespace backstep::gui {

// The UI thread calls it. `wake` is called on the reader's thread when something has arrived.
class Reader {
 public:
  explicit Reader(std::function<void()> wake);
  ~Reader();  // waits for the read under way

  // Opens a recording, or another branch or moment of the open one (same `path`).
  void Open(const std::string& path, const std::string& address);
  void Close();
  void ShowCheckpoint(StepNumber step);
  void ShowState(const std::string& agent, StepNumber step);
  void ShowConversation(const std::string& agent, StepNumber until);
  void Compare(const std::string& a, const std::string& b);
  // The step on both sides of what was compared last: `step` of the branch that is looked at, or
  // where `agent` is not empty that agent's with `clock`.
  void ShowPair(StepNumber step, const std::string& agent, AgentClock clock);
  // Looks for new steps of a live recording and for new branches.
  void Refresh();

  // Looks whether the open recording is still where it was (Model::lost).
  void Watch();

  // Moves what has arrived into the model. Returns true when something changed. `cursor` is set
  // when a recording was opened at a moment.
  bool Collect(Model* model, StepNumber* cursor);
  // When the newest of what was collected last had been read, by the steady clock, and what of the
  // reader's processor time that took since it began to answer.
  struct Told {
    double at_ms = 0, cpu_ms = 0;
  };
  Told told() const;
  // What follows the cursor (checkpoint, state, conversation) waits or is being read.
  bool looking() const;
  // Nothing is being read and nothing waits.
  bool idle() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace backstep::gui
