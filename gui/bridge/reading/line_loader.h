// Reads the steps of the line that is looked at, for its timeline and its agent graph.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/explorer.h"
#include "backstep/replay/view/graph/agent_graph.h"
#include "backstep/replay/view/timeline/timeline.h"

namespace backstep::gui {

// One thread, the reader's.
class LineLoader {
 public:
  struct Listener {
    // Some hundred times a second; the share of the steps that has been read. False: give up.
    std::function<bool(double share)> meanwhile;
    // A few times a second, and when all of it is there (`whole`).
    std::function<void(bool whole)> grown;
  };

  // Corruption, Io: the line cannot be opened. `explorer` is not kept.
  static Result<std::unique_ptr<LineLoader>> Open(const replay::Explorer& explorer);

  // Reads what the line has by now and this has not, in one pass for both, which grow in sight.
  // Cancelled: it was given up; what was read stays and the next call goes on from there.
  // Corruption, Io: as of store::Line.
  Status Read(const Listener& listener);

  std::shared_ptr<const replay::Timeline> Timeline() const { return timeline_->Snapshot(); }
  // At `step`, or as far as the graph has been read.
  Result<replay::AgentGraph> GraphAt(StepNumber step,
                                     const std::vector<std::string>& touched) const;

 private:
  LineLoader() = default;
  // True: all was read; false: the slice is over.
  Result<bool> Slice(const Listener& listener);

  std::unique_ptr<store::Line> line_, parent_;
  std::unique_ptr<replay::TimelineBuilder> timeline_;
  std::unique_ptr<replay::AgentGraphBuilder> graph_;
};

}  // namespace backstep::gui
