// Runs one experiment at a time in the program's own process, on a thread of its own, so that the
// window stays alive whatever the program does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/gui/bridge/model.h"
#include "backstep/schemas/experiment.h"

namespace backstep::gui {

struct RunRequest {
  std::string path;                            // of the recording
  std::string parent;                          // branch or moment of the parent; what is forked
  bool latest = false;                         // fork at the latest moment that still takes effect
  bool from_end = false;                       // go on where the parent stopped
  std::vector<Experiment> experiments;         // run one after the other; `parent` is filled in
  std::vector<std::string> command;
  std::string working_directory;
};

// The UI thread calls it. `wake` is called on the runner's thread.
class Runner {
 public:
  explicit Runner(std::function<void()> wake);
  ~Runner();  // cancels what runs and waits for its end

  // No effect while one is running.
  void Start(RunRequest request);
  void Cancel();
  bool running() const;
  // Copies how it stands into the model, where that has changed. Returns the name of a branch that
  // has just been finished, once; empty: nothing new.
  std::string Collect(RunState* state);

 private:
  class Job;
  const std::function<void()> wake_;
  std::unique_ptr<Job> job_;
};

}  // namespace backstep::gui
