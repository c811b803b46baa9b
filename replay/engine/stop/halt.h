// Why a re-execution ends before the program says so, and how much it has used of its limits.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "backstep/replay/reexecute.h"

namespace backstep::replay {

// One thread (but for the cancel flag). The first reason stands.
class Halt {
 public:
  // Limits are as given in the experiment, defaults filled in; `cancel` may be nullptr.
  Halt(const Limits& limits, const std::atomic<bool>* cancel, Clock* clock);

  bool stopped() const { return !result_.empty(); }
  const std::string& result() const { return result_; }
  const std::string& detail() const { return detail_; }
  const std::optional<Miss>& miss() const { return miss_; }

  void Stop(const std::string& result, const std::string& detail);
  void Pause(Miss miss);
  // Reading the recording or the program's own contract failed: "stuck". Ok has no effect.
  void Fail(const Status& status);

  // Looks at the cancel flag, the wall limit and, before a step, the step limit. True: stopped.
  bool Check();
  bool CheckStep();
  // Whether one more call may run live. False: stopped by a limit.
  bool AllowLive();
  void CountStep() { ++steps_; }
  void CountLive() { ++live_calls_; }
  void CountCost(double usd) { cost_usd_ += usd; }
  uint64_t steps() const { return steps_; }

 private:
  Limits limits_;
  const std::atomic<bool>* cancel_;
  Clock* clock_;
  DurationNs began_;
  uint64_t steps_ = 0, live_calls_ = 0;
  double cost_usd_ = 0;
  std::string result_, detail_;
  std::optional<Miss> miss_;
};

}  // namespace backstep::replay
