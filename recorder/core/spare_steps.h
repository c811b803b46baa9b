// Steps that pass everything through, kept for the next one of their thread: a program that runs
// with recording disabled allocates nothing for them. Private to the recorder.
#pragma once

#include "backstep/recorder/step.h"

namespace backstep::recorder {

// One that its thread has kept; nullptr: none. It looks as when it was made, but for the name of
// its agent, and is the caller's.
Step* TakeSpareStep();

// Keeps a step for its thread, which must look as when it was made. False: it is the caller's
// still; there are enough of them, or the thread is ending.
bool KeepSpareStep(Step* step);

}  // namespace backstep::recorder
