// The word "random" of scripts.
#include <cstdio>
#include <sstream>

#include "backstep/gui/app/unattended/script.h"

namespace backstep::gui {
namespace {

constexpr double kStallSecondsMax = 2;
constexpr int kPointFrames = 4, kLongFrames = 12;

}  // namespace

Status Script::BeginRandom(const Line& line, double now) {
  std::istringstream words(line.rest);
  uint32_t seed = 0;
  double seconds = 0;
  if (!(words >> seed >> seconds) || seconds <= 0) {
    return Status::InvalidArgument(line.where + ": it must be like 'random 7 60'");
  }
  random_ = std::make_unique<RandomInput>(seed);
  was_random_ = true;
  random_until_ = now + seconds;
  random_frame_ = now;
  return {};
}

Status Script::AdvanceRandom(const World& world) {
  const double passed = world.now - random_frame_;
  random_frame_ = world.now;
  if (passed > kStallSecondsMax) {
    char text[64];
    std::snprintf(text, sizeof text, ": the window stood still for %.1f s", passed);
    return Status::Unavailable(where_ + text);
  }
  if (phase_ > 0) {
    --phase_;
    return {};
  }
  if (!text_.empty()) return {};
  if (world.now > random_until_) {
    random_ = nullptr;
    return {};
  }
  const RandomInput::Gesture gesture =
      random_->Next(*world.named, ImGui::GetIO().DisplaySize);
  where_ = "random " + gesture.word + " " + gesture.text;
  if (gesture.word == "type") {
    text_ = gesture.text;
  } else if (gesture.word == "key") {
    BeginKeys(gesture.text);
  } else {
    from_ = gesture.from, to_ = gesture.to;
    pointing_ = true;
    ctrl_ = gesture.ctrl;
    wheel_ = gesture.word == "wheel" ? gesture.notches : 0;
    button_ = gesture.word == "rightclick" ? 1 : gesture.word == "wheel" ? -1 : 0;
    clicks_ = gesture.word == "doubleclick" ? 2 : 1;
    const bool lasts = gesture.word == "drag" || clicks_ == 2;
    phase_ = phases_ = lasts ? kLongFrames : kPointFrames + 2;
  }
  return {};
}

}  // namespace backstep::gui
