// What the window measures of itself, where --frame-log asks for it. One event a line, times in ms;
// docs/gui.md names them.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <string>

#include "backstep/base/status.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/reader.h"

namespace backstep::gui {

// One thread: the UI's. Does nothing until it is open.
class FrameLog {
 public:
  // Io: the file cannot be written.
  Status Open(const std::string& path);

  void BeginFrame();
  // `gl_cpu_ms`: what of the frame OpenGL took. `scrubbing`: a script drags the playhead.
  void EndFrame(const Model& model, double gl_cpu_ms, bool scrubbing);
  // The panels now need another step.
  void Asked(StepNumber step);
  // After arrivals: which of the steps asked for the panels show. A newer one that is there answers
  // for the older ones it replaced.
  // `told`: when the newest of it had been read.
  void Arrived(const Model& model, Reader::Told told, bool with_state, bool with_chat);

 private:
  struct Wanted {
    StepNumber step;
    double at_ms;
  };

  std::ofstream file_;
  std::deque<Wanted> wanted_;
  double frame_began_ms_ = 0;
  bool picture_ = false, whole_ = false;
};

}  // namespace backstep::gui
