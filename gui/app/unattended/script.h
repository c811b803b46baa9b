// Drives the window like a person, by the names of what is drawn (panels/panel.h). One command a
// line, '#' begins a comment:
//   click NAME | doubleclick NAME | rightclick NAME | hover NAME
//   drag NAME DX DY        pixels, with the left button
//   scrub NAME SECONDS     drags back and forth over all of it, as fast as a hand can
//   wheel NAME NOTCHES     with "ctrl" behind it: Ctrl+wheel
//   key COMBINATION        as in widgets/keys.h
//   type TEXT              into the field that has the focus
//   replace TEXT           the same, over all of its text
//   wait                   until nothing is being read or run and the picture stands still
//   shot PNG | dump JSON   a picture, or what every panel shows
//   expect NAME | absent NAME    it is drawn, or is not; what is scrolled away counts as drawn, and
//                          cannot be clicked
//   await NAME                   until it is drawn
//   sleep MILLISECONDS
//   random SEED SECONDS    gestures at random (random_input.h); a stall of two seconds fails
// docs/gui.md lists the names.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <imgui.h>

#include "backstep/base/status.h"
#include "backstep/gui/app/unattended/random_input.h"
#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// One thread: the UI's.
class Script {
 public:
  // InvalidArgument: file:line and what is wrong. Io: it cannot be read.
  Status Load(const std::string& path);
  bool active() const {
    return !lines_.empty() || phase_ != 0 || scrubbing() || random_ != nullptr;
  }
  // Input at random is under way: what it asks for is not to reach beyond the window.
  bool random() const { return random_ != nullptr; }
  // It is, or was.
  bool was_random() const { return was_random_; }
  bool scrubbing() const { return scrub_seconds_ > 0; }

  // Before ImGui's frame: puts mouse and keys where the gesture under way wants them.
  void Inject();
  struct World {
    const std::vector<NamedRect>* named = nullptr;  // of the frame just drawn
    bool settled = false;
    double now = 0;
  };
  // After a frame: goes on. What the app must do itself (a picture, a dump) is put into `picture`
  // and `dump`. A failing command ends the script with its line.
  Status Advance(const World& world, std::string* picture, std::string* dump);

 private:
  struct Line {
    std::string where, word, name, rest;
  };
  Status Begin(const Line& line, const World& world, std::string* picture, std::string* dump);
  Status BeginGesture(const Line& line, const World& world);
  void BeginKeys(const std::string& combination);
  void InjectScrub();
  Status BeginRandom(const Line& line, double now);
  Status AdvanceRandom(const World& world);

  std::deque<Line> lines_;
  std::string where_;
  // The gesture under way: frames left of it, and what it holds.
  int phase_ = 0, phases_ = 0;
  ImVec2 from_, to_;
  int button_ = -1, clicks_ = 0;
  float wheel_ = 0;
  bool pointing_ = false, ctrl_ = false, shift_ = false, alt_ = false;
  int key_ = -1;
  std::string text_;
  double sleep_until_ = 0, waiting_since_ = 0, awaiting_since_ = 0;
  double scrub_seconds_ = 0, scrub_began_ = 0;   // seconds 0: none is under way
  int settled_frames_ = 0;
  std::unique_ptr<RandomInput> random_;          // null: none is under way
  bool was_random_ = false;
  double random_until_ = 0, random_frame_ = 0;   // the time of its newest frame
};

}  // namespace backstep::gui
