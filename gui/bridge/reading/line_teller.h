// Has all steps of the line that is looked at read, and tells the window of them as they come:
// timeline, agent graph, and in the end the counts of the whole session.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "backstep/gui/bridge/reading/line_loader.h"
#include "backstep/gui/bridge/reading/shown.h"

namespace backstep::gui {

// One thread, the reader's.
class LineTeller {
 public:
  // `meanwhile` is called some hundred times a second while steps are read; false: give up.
  LineTeller(Shown* shown, std::function<bool()> meanwhile)
      : shown_(*shown), meanwhile_(std::move(meanwhile)) {}

  // Another line, or none, is looked at.
  void Drop();
  // There is something to be read.
  void Want() { wanted_ = true; }
  // Reads it, if anything is open. What was given up is still wanted.
  void ReadOn();
  // The graph at the cursor, as far as the line has been read for it.
  void TellGraph();

 private:
  Status ReadAll();
  bool Meanwhile(double share);
  void TellGrown(bool whole);
  void TellGrownGraph(bool whole);

  Shown& shown_;
  const std::function<bool()> meanwhile_;
  std::unique_ptr<LineLoader> loader_;
  std::pair<size_t, size_t> laid_out_;  // nodes and edges of the graph whose places were told
  double progress_told_ = 0;
  std::chrono::steady_clock::time_point progress_told_at_;
  bool wanted_ = false, graph_read_ = false;
};

}  // namespace backstep::gui
