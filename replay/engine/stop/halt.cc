#include "backstep/replay/engine/stop/halt.h"

#include <cstdio>

#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

std::string Dollars(double usd) {
  char text[32];
  snprintf(text, sizeof text, "$%.4f", usd);
  return text;
}

}  // namespace

Halt::Halt(const Limits& limits, const std::atomic<bool>* cancel, Clock* clock)
    : limits_(limits), cancel_(cancel), clock_(clock), began_(clock->Monotonic()) {}

void Halt::Stop(const std::string& result, const std::string& detail) {
  if (stopped()) return;
  result_ = result;
  detail_ = detail;
}

void Halt::Pause(Miss miss) {
  if (stopped()) return;
  Stop("paused", "no recorded answer for " + std::string(EffectKindName(miss.kind)) + " call '" +
                     miss.name + "' of " + miss.agent + "/" + std::to_string(miss.clock.value));
  miss_ = std::move(miss);
}

void Halt::Fail(const Status& status) {
  if (!status.ok()) Stop("stuck", status.message());
}

bool Halt::Check() {
  if (stopped()) return true;
  if (cancel_ != nullptr && cancel_->load()) {
    Stop("cancelled", "cancelled after " + FormatCount(steps_, "step"));
  } else if (clock_->Monotonic() - began_ > limits_.wall_max) {
    Stop("limit", "the wall time limit of " +
                      std::to_string(limits_.wall_max.ns / 1'000'000'000) + " s is reached");
  }
  return stopped();
}

bool Halt::CheckStep() {
  if (!Check() && steps_ >= limits_.steps_max) {
    Stop("limit", "the limit of " + FormatCount(limits_.steps_max, "step") + " is reached");
  }
  return stopped();
}

bool Halt::AllowLive() {
  if (limits_.live_calls_max > 0 && live_calls_ >= limits_.live_calls_max) {
    Stop("limit",
         "the limit of " + FormatCount(limits_.live_calls_max, "live call") + " is reached");
  } else if (limits_.cost_usd_max >= 0 && cost_usd_ >= limits_.cost_usd_max &&
             (cost_usd_ > 0 || limits_.cost_usd_max == 0)) {
    Stop("limit", "the cost limit of " + Dollars(limits_.cost_usd_max) + " is reached");
  }
  return !stopped();
}

}  // namespace backstep::replay
