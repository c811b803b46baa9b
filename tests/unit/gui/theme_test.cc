// Both palettes can be read: the contrast of text on what lies behind it, after WCAG 2.1.
#include "backstep/gui/widgets/theme.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "backstep/tests/support/catch.h"

namespace backstep::gui {
namespace {

double Linear(ImU32 color, int shift) {
  const double c = ((color >> shift) & 255) / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double Luminance(ImU32 color) {
  return 0.2126 * Linear(color, IM_COL32_R_SHIFT) + 0.7152 * Linear(color, IM_COL32_G_SHIFT) +
         0.0722 * Linear(color, IM_COL32_B_SHIFT);
}

double Contrast(ImU32 a, ImU32 b) {
  const double x = Luminance(a), y = Luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

// `over` with its opacity, laid over `ground`.
ImU32 Blend(ImU32 over, ImU32 ground) {
  const double share = (over >> IM_COL32_A_SHIFT) / 255.0;
  const auto mix = [&](int shift) {
    const double a = (over >> shift) & 255, b = (ground >> shift) & 255;
    return static_cast<int>(a * share + b * (1 - share));
  };
  return IM_COL32(mix(IM_COL32_R_SHIFT), mix(IM_COL32_G_SHIFT), mix(IM_COL32_B_SHIFT), 255);
}

struct Pair {
  std::string name;
  ImU32 text, ground;
};

std::vector<Pair> PairsOf(const Theme& t) {
  const std::vector<std::pair<std::string, ImU32>> grounds = {
      {"window", t.window}, {"panel", t.panel}, {"card", t.card}, {"field", t.field}};
  std::vector<Pair> pairs;
  for (const auto& [name, ground] : grounds) {
    pairs.push_back({"text on " + name, t.text, ground});
    pairs.push_back({"dim text on " + name, t.text_dim, ground});
    pairs.push_back({"faint text on " + name, t.text_faint, ground});
    if (name == "window") continue;
    pairs.push_back({"failed on " + name, t.failed, ground});
    pairs.push_back({"fault on " + name, t.fault, ground});
    pairs.push_back({"ok on " + name, t.ok, ground});
    pairs.push_back({"changed on " + name, t.changed, ground});
    pairs.push_back({"live on " + name, t.live, ground});
    pairs.push_back({"accent on " + name, t.accent, ground});
  }
  for (const auto& [name, ground] :
       std::vector<std::pair<std::string, ImU32>>{{"hover", t.hover}, {"selected", t.selected}}) {
    pairs.push_back({"text on " + name, t.text, ground});
    pairs.push_back({"dim text on " + name, t.text_dim, ground});
  }
  const ImU32 said = Blend(WithAlpha(t.accent, t.dark ? 0.2f : 0.14f), t.panel);
  pairs.push_back({"text on added", t.text, Blend(t.added, t.panel)});
  pairs.push_back({"text on removed", t.text, Blend(t.removed, t.panel)});
  pairs.push_back({"text of a primary button", t.accent_text, t.accent});
  pairs.push_back({"text on what was said", t.text, said});
  pairs.push_back({"faint text on what was said", t.text_faint, said});
  pairs.push_back({"a number of waiting messages", t.accent_text, t.live});
  return pairs;
}

}  // namespace

TEST_CASE("all text has a contrast of 4.5 to 1 on what lies behind it, in both themes") {
  for (const bool dark : {true, false}) {
    for (const Pair& pair : PairsOf(MakeTheme(dark, 1))) {
      INFO((dark ? "dark: " : "light: ") << pair.name);
      CHECK(Contrast(pair.text, pair.ground) >= 4.5);
    }
  }
}

}  // namespace backstep::gui
