// The comparison of two lines, and the step at the cursor on both sides of it.
#pragma once

#include <memory>

#include "backstep/gui/bridge/reading/shown.h"

namespace backstep::gui {

// One thread, the reader's. Goes, or drops what it has, before the recording that is open.
class PairReader {
 public:
  explicit PairReader(Shown* shown) : shown_(*shown) {}

  // Something must be open.
  void Compare(const CompareRequest& request);
  void Pair(PairRequest request);
  // The window forgets it too.
  void Drop();

 private:
  Result<replay::StepPair> Find(PairRequest request);

  Shown& shown_;
  std::unique_ptr<replay::LinePair> pair_;
};

}  // namespace backstep::gui
