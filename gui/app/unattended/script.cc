#include "backstep/gui/app/unattended/script.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "backstep/base/nearest.h"
#include "backstep/gui/widgets/keys.h"

namespace backstep::gui {
namespace {

constexpr double kWaitSecondsMax = 120;
constexpr int kSettledFrames = 4;
// A gesture: some frames at the place, the buttons, some frames after.
constexpr int kGestureFrames = 6, kDragFrames = 14;
constexpr double kScrubSeconds = 4;          // there and back
constexpr double kScrubPress = 0.1;
constexpr float kDoubleClickSeconds = 0.3f, kDoubleClickSecondsMax = 10;
constexpr double kPi = 3.14159265358979;

const std::set<std::string>& Words() {
  static const std::set<std::string> words = {
      "click", "doubleclick", "rightclick", "hover", "drag", "scrub", "wheel", "key", "type",
      "replace", "wait", "shot", "dump", "expect", "absent", "await", "sleep",
      "random"};
  return words;
}

const NamedRect* Find(const std::vector<NamedRect>& named, const std::string& name) {
  for (auto it = named.rbegin(); it != named.rend(); ++it) {
    if (it->name == name) return &*it;
  }
  return nullptr;
}

Status NotDrawn(const std::string& where, const std::string& name,
                const std::vector<NamedRect>& named) {
  std::vector<std::string> names;
  for (const NamedRect& rect : named) names.push_back(rect.name);
  return Status::NotFound(where + ": '" + name + "' is not in the window" +
                          NearestHint(name, names));
}

void SetKey(int code, bool down) {
  if (code < 0) return;
#if IMGUI_VERSION_NUM >= 18700
  ImGui::GetIO().AddKeyEvent(static_cast<ImGuiKey>(code), down);
#else
  ImGui::GetIO().KeysDown[code] = down;
#endif
}

}  // namespace

Status Script::Load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Status::Io(path + ": cannot be read");
  int number = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    Line line;
    line.where = path + ":" + std::to_string(number);
    std::istringstream words(text);
    if (!(words >> line.word) || line.word[0] == '#') continue;
    if (Words().count(line.word) == 0) {
      return Status::InvalidArgument(line.where + ": no command '" + line.word + "'" +
                                     NearestHint(line.word, {Words().begin(), Words().end()}));
    }
    std::getline(words >> std::ws, line.rest);
    // Names may hold spaces where nothing stands behind them.
    const bool more = line.word == "drag" || line.word == "wheel" || line.word == "scrub";
    line.name = more ? line.rest.substr(0, line.rest.find(' ')) : line.rest;
    lines_.push_back(std::move(line));
  }
  return {};
}

void Script::BeginKeys(const std::string& combination) {
  const KeyCombination keys = ParseKeys(combination);
  key_ = keys.code;
  ctrl_ = keys.ctrl, shift_ = keys.shift, alt_ = keys.alt;
  phase_ = phases_ = kGestureFrames;
}

Status Script::BeginGesture(const Line& line, const World& world) {
  const NamedRect* rect = Find(*world.named, line.name);
  if (rect == nullptr) return NotDrawn(line.where, line.name, *world.named);
  const std::optional<ImVec2> seen = rect->Seen();
  if (!seen) {
    return Status::NotFound(line.where + ": '" + line.name +
                            "' is scrolled or clipped away; bring it "
                            "into sight first, with 'wheel' or a larger --size");
  }
  from_ = to_ = *seen;
  pointing_ = true;
  if (line.word == "scrub") {
    from_.x = rect->min.x + 1;
    to_.x = rect->max.x - 1;
    scrub_seconds_ = std::atof(line.rest.substr(line.name.size()).c_str());
    scrub_began_ = world.now;
    return {};
  }
  button_ = line.word == "rightclick" ? 1 : line.word == "hover" || line.word == "wheel" ? -1 : 0;
  clicks_ = line.word == "doubleclick" ? 2 : 1;
  phase_ = phases_ = line.word == "drag" || clicks_ == 2 ? kDragFrames : kGestureFrames;
  std::istringstream rest(line.rest.substr(line.name.size()));
  if (line.word == "drag") {
    float dx = 0, dy = 0;
    rest >> dx >> dy;
    to_ = {from_.x + dx, from_.y + dy};
  } else if (line.word == "wheel") {
    std::string ctrl;
    rest >> wheel_ >> ctrl;
    ctrl_ = ctrl == "ctrl";
  }
  return {};
}

Status Script::Begin(const Line& line, const World& world, std::string* picture,
                     std::string* dump) {
  if (line.word == "wait") {
    waiting_since_ = world.now;
    settled_frames_ = 0;
  } else if (line.word == "sleep") {
    sleep_until_ = world.now + std::atof(line.rest.c_str()) / 1000;
  } else if (line.word == "shot") {
    *picture = line.rest;
  } else if (line.word == "dump") {
    *dump = line.rest;
  } else if (line.word == "key") {
    BeginKeys(line.rest);
    if (key_ < 0) return Status::InvalidArgument(line.where + ": no key '" + line.rest + "'");
  } else if (line.word == "type" || line.word == "replace") {
    text_ = line.rest;
    if (line.word == "replace") BeginKeys("Ctrl+A");
  } else if (line.word == "expect" || line.word == "absent") {
    const bool there = Find(*world.named, line.rest) != nullptr;
    if (line.word == "expect" && !there) return NotDrawn(line.where, line.rest, *world.named);
    if (line.word == "absent" && there) {
      return Status::InvalidArgument(line.where + ": '" + line.rest + "' is in the window");
    }
  } else if (line.word == "await") {
    return {};  // it is there
  } else if (line.word == "random") {
    return BeginRandom(line, world.now);
  } else {
    return BeginGesture(line, world);
  }
  return {};
}

Status Script::Advance(const World& world, std::string* picture, std::string* dump) {
  if (random_ != nullptr) return AdvanceRandom(world);
  if (phase_ > 0) {
    --phase_;
    return {};
  }
  if (world.now < sleep_until_ || !text_.empty() || scrubbing()) return {};
  if (waiting_since_ > 0) {
    settled_frames_ = world.settled ? settled_frames_ + 1 : 0;
    if (world.now - waiting_since_ > kWaitSecondsMax) {
      return Status::Unavailable(where_ + ": it never came to rest");
    }
    if (settled_frames_ < kSettledFrames) return {};
    waiting_since_ = 0;
  }
  if (lines_.empty()) return {};
  if (lines_.front().word == "await" && Find(*world.named, lines_.front().name) == nullptr) {
    if (awaiting_since_ == 0) awaiting_since_ = world.now;
    if (world.now - awaiting_since_ < kWaitSecondsMax) return {};
    return NotDrawn(lines_.front().where, lines_.front().name, *world.named);
  }
  awaiting_since_ = 0;
  const Line line = std::move(lines_.front());
  lines_.pop_front();
  where_ = line.where;
  return Begin(line, world, picture, dump);
}

void Script::InjectScrub() {
  ImGuiIO& io = ImGui::GetIO();
  const double passed = ImGui::GetTime() - scrub_began_;
  // Slow where it turns, fast between; a little behind its button.
  const double share = 0.5 - 0.5 * std::cos(passed * 2 * kPi / kScrubSeconds);
  io.MousePos = {from_.x + (to_.x - from_.x) * static_cast<float>(share), from_.y};
  io.MouseDown[0] = passed > kScrubPress;
  if (passed < scrub_seconds_) return;
  io.MouseDown[0] = false;
  scrub_seconds_ = 0;
  to_ = io.MousePos;
}

void Script::Inject() {
  if (scrubbing()) return InjectScrub();
  ImGuiIO& io = ImGui::GetIO();
  if (phase_ == 0) {
    if (!text_.empty()) {
      io.AddInputCharactersUTF8(text_.c_str());
      text_.clear();
    }
    if (pointing_) io.MousePos = to_;
    return;
  }
  const int done = phases_ - phase_;
  if (pointing_) {
    const float share = phases_ <= 4 ? 1 : static_cast<float>(std::max(0, done - 2)) /
                                               static_cast<float>(phases_ - 4);
    const float along = std::min(share, 1.f);
    io.MousePos = {from_.x + (to_.x - from_.x) * along, from_.y + (to_.y - from_.y) * along};
  }
  if (button_ >= 0) {
    // A double click: down, up, down, up; however slowly frames come.
    io.MouseDoubleClickTime = clicks_ == 2 ? kDoubleClickSecondsMax : kDoubleClickSeconds;
    const bool down = clicks_ == 2 ? (done >= 2 && done < 4) || (done >= 6 && done < 8)
                                   : done >= 2 && phase_ > 2;
    io.MouseDown[button_] = down;
  }
  if (wheel_ != 0 && done == 2) io.MouseWheel = wheel_;
  if (ctrl_) io.KeyCtrl = true;
  if (shift_) io.KeyShift = true;
  if (alt_) io.KeyAlt = true;
  if (key_ >= 0) SetKey(key_, done >= 2 && phase_ > 2);
  if (phase_ > 1) return;
  if (key_ >= 0) SetKey(key_, false);
  button_ = key_ = -1;
  wheel_ = 0;
  // The back end sets these only when a key of a real keyboard changes.
  if (ctrl_) io.KeyCtrl = false;
  if (shift_) io.KeyShift = false;
  if (alt_) io.KeyAlt = false;
  ctrl_ = shift_ = alt_ = false;
}

}  // namespace backstep::gui
