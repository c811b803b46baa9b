// Reads what lies in folders on a thread of its own: a folder may hold thousands of recordings, and
// the one that is open must not wait for them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/gui/bridge/model.h"

namespace backstep::gui {

// The UI thread calls it. A newer request of a kind replaces an older one, also while that is
// answered. `wake` is called on the lister's thread when something has arrived.
class Lister {
 public:
  explicit Lister(std::function<void()> wake);
  ~Lister();  // waits for the recording that is being read

  // A folder's recordings: the first rows arrive while the others are read.
  void List(const std::string& folder);
  void ListKnown(const std::vector<std::string>& recent, const std::string& samples_folder);
  void Browse(const std::string& folder, replay::Sought sought);

  // Moves what has arrived into the model. Returns true when something changed.
  bool Collect(Model* model);
  bool idle() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace backstep::gui
