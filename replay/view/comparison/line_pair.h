// Two lines that are looked at together: branches or moments of one recording, or of two.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/replay/view/comparison/comparison_view.h"
#include "backstep/replay/view/comparison/step_pair.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

// One thread. Reading changes nothing.
class LinePair {
 public:
  // `a` and `b`: branches or moments of `here`, or PATH.backstep:branch[:n] of another recording.
  // `here` outlives the pair. Errors: as of store::Recording::Open, ResolveMoment and OpenLine.
  static Result<std::unique_ptr<LinePair>> Open(const store::Recording& here, const std::string& a,
                                                const std::string& b);

  const std::string& a() const { return a_.name; }
  const std::string& b() const { return b_.name; }

  // Up to the two moments. Sees what has been written since. `progress`: as of CompareOptions.
  Result<ComparisonView> Compare(const CompareProgress& progress = {});
  // The agent's step with that clock on both sides, up to the two moments. `go_on` is asked between
  // one side's bodies and the next, which may be long; false ends it with Cancelled.
  // Corruption, Io: as of store::Line.
  Result<StepPair> Steps(const std::string& agent, AgentClock clock,
                         const std::function<bool()>& go_on = {});

 private:
  struct Side {
    std::string name;
    std::unique_ptr<store::Recording> other;  // its own, when it names one
    const store::Recording* recording = nullptr;
    std::unique_ptr<store::Line> line;
    StepNumber until;
    bool whole = false;                       // a branch without a moment: it may grow
  };
  static Result<Side> OpenSide(const store::Recording& here, const std::string& address);
  // nullopt: no such step.
  static Result<std::optional<StepDetail>> Find(Side& side, const std::string& agent,
                                                AgentClock clock);
  static Result<std::optional<Body>> StateAfter(Side& side,
                                                const std::optional<StepDetail>& detail);

  LinePair() = default;
  Side a_, b_;
};

}  // namespace backstep::replay
