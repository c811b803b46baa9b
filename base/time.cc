#include "backstep/base/time.h"

#include <chrono>
#include <thread>

namespace backstep {
namespace {

class OsClock final : public Clock {
 public:
  TimeNs Now() override {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::system_clock::now().time_since_epoch())
                .count()};
  }
  DurationNs Monotonic() override {
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count()};
  }
  void SleepFor(DurationNs d) override {
    std::this_thread::sleep_for(std::chrono::nanoseconds(d.ns));
  }
};

}  // namespace

Clock& SystemClock() {
  static OsClock clock;
  return clock;
}

}  // namespace backstep
