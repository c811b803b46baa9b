// The comparison of two lines, and the step at the cursor on both sides of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "backstep/gui/bridge/reading/shown.h"

namespace backstep::gui {

// One thread, the reader's. Goes, or drops what it has, before the recording that is open.
class PairReader {
 public:
  // `meanwhile` is asked at every step that is compared, and between the bodies of the one that is
  // looked at; false: give up.
  PairReader(Shown* shown, std::function<bool()> meanwhile)
      : shown_(*shown), meanwhile_(std::move(meanwhile)) {}

  // A newer one takes the place of one that was given up.
  void Want(CompareRequest request) { wanted_ = std::move(request); }
  // Compares what is wanted, if anything is: something must be open then. Returns whether it has
  // been told. What was given up is still wanted, and begins again.
  bool Compare();
  // One that is given up tells nothing: so is one for which a newer one waits.
  void Pair(PairRequest request);
  // The window forgets it too.
  void Drop();

 private:
  Result<replay::StepPair> Find(PairRequest request);

  Shown& shown_;
  const std::function<bool()> meanwhile_;
  std::optional<CompareRequest> wanted_;
  std::unique_ptr<replay::LinePair> pair_;
};

}  // namespace backstep::gui
