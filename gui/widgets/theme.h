// Colours by meaning, sizes on a 4 px grid. One accent and five status colours, each of which also
// has a shape (widgets/shapes.h). Both palettes keep text at 4.5:1 and tell the status colours
// apart for the common colour blindnesses (blue, orange, vermillion, green, purple after Okabe and
// Ito, https://jfly.uni-koeln.de/color/).
#pragma once

#include <imgui.h>

namespace backstep::gui {

struct Theme {
  bool dark = true;
  // Surfaces, from the back: the gaps between panels, a panel, a raised card, a field.
  ImU32 window, panel, card, field, border, hover, selected;
  ImU32 text, text_dim, text_faint;
  ImU32 accent, accent_text;
  // Status.
  ImU32 ok, failed, fault, changed, live;
  // Kinds of time in a step.
  ImU32 model, tool, own, waiting;
  // Diff backgrounds.
  ImU32 added, removed;
  float scale = 1;
  float Px(float points) const { return points * scale; }
};

Theme MakeTheme(bool dark, float scale);
// Sets ImGui's own style to match.
void ApplyTheme(const Theme& theme);
// `color` at `alpha` (0..1) of its opacity.
ImU32 WithAlpha(ImU32 color, float alpha);

}  // namespace backstep::gui
