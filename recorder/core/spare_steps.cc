#include "backstep/recorder/core/spare_steps.h"

namespace backstep::recorder {
namespace {

// As many as are open at a time where agents call each other.
constexpr int kSparesMax = 4;

// Needs no code to run before it is used, so that reaching it costs a thread no check.
struct Spares {
  Step* steps[kSparesMax];
  int count;
  bool watched;  // its end will be seen
  bool closed;   // has ended: what is destroyed after it is not kept
};
constinit thread_local Spares spares{};

struct SparesEnd {
  void Watch() { spares.watched = true; }
  ~SparesEnd() {
    spares.closed = true;
    while (spares.count > 0) delete spares.steps[--spares.count];
  }
};
thread_local SparesEnd spares_end;

}  // namespace

Step* TakeSpareStep() {
  Spares& mine = spares;
  return mine.count == 0 ? nullptr : mine.steps[--mine.count];
}

bool KeepSpareStep(Step* step) {
  Spares& mine = spares;
  if (mine.count == kSparesMax || mine.closed) return false;
  if (!mine.watched) spares_end.Watch();
  mine.steps[mine.count++] = step;
  return true;
}

}  // namespace backstep::recorder
