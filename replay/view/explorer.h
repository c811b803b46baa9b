// A recording that is being looked at: the one door a window needs to sessions, branches and
// moments.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/replay/view/comparison/line_pair.h"
#include "backstep/replay/view/moment/checkpoint_view.h"
#include "backstep/replay/view/rows/branch_row.h"
#include "backstep/replay/view/session/session_view.h"
#include "backstep/schemas/records.h"
#include "backstep/store/line.h"
#include "backstep/store/recording.h"

namespace backstep::replay {

// One thread. Reading creates or changes nothing inside the recording.
class Explorer {
 public:
  // Opens the newest session's main line, or what `address` names ("b1", "main:40", "50%").
  // Errors: as of store::Recording::Open, ResolveMoment and OpenLine.
  static Result<std::unique_ptr<Explorer>> Open(const std::string& path,
                                                const std::string& address);

  const store::Recording& recording() const { return *recording_; }
  store::Recording& recording() { return *recording_; }
  // The line being looked at; another object after Select.
  store::Line& line() { return *line_; }
  std::string branch() const { return recording_->BranchName(line_->id()); }
  LogId session() const { return line_->session_header().id; }
  // The moment that `address` named; the last one where it named a branch only.
  StepNumber at() const { return at_; }

  // Looks at another line or moment of it. The line stays the same when this fails.
  Status Select(const std::string& address);

  // A second reader of the same line, for another pace than this one's. One thread each.
  Result<std::unique_ptr<store::Line>> OpenLineAgain() const;
  // A reader of the line that this one leaves. Null: this is a main line.
  Result<std::unique_ptr<store::Line>> OpenParent() const;

  // `a` and `b`: branches or moments of this recording, or PATH.backstep:branch[:n] of another. The
  // explorer outlives the pair.
  Result<std::unique_ptr<LinePair>> OpenPair(const std::string& a, const std::string& b) const;

 private:
  Explorer() = default;

  std::unique_ptr<store::Recording> recording_;
  std::unique_ptr<store::Line> line_;
  StepNumber at_;
};

}  // namespace backstep::replay
