#include "backstep/gui/bridge/clock.h"

#include <time.h>

namespace backstep::gui {
namespace {

double ClockMs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

double SteadyMs() { return ClockMs(CLOCK_MONOTONIC); }
double ThreadCpuMs() { return ClockMs(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace backstep::gui
