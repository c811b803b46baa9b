// What the window measures its own time with, in ms. Thread-safe.
#pragma once

namespace backstep::gui {

// Of the machine, so that who started the window can tell how long ago that was.
double SteadyMs();
// Processor time of this thread: what others do on the machine does not count.
double ThreadCpuMs();

}  // namespace backstep::gui
