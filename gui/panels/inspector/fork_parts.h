// The pieces of the form that forks. Private to it.
#pragma once

#include "backstep/gui/panels/panel.h"

namespace backstep::gui {

// A label and the place of its field on the same line.
void FieldLabel(Frame& frame, const char* label);
// What is edited, its new text and the change; without a target, the choices of the cursor's step.
void DrawForkTarget(Frame& frame);
// The fault, its parameters and where it is to hit.
void DrawForkFault(Frame& frame);
// How the last run ended or how far this one is, and its question when it has one. True: the
// question is what the person has to do now.
bool DrawForkRun(Frame& frame);

}  // namespace backstep::gui
