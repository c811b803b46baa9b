#include "backstep/gui/widgets/frame.h"

#include <algorithm>

namespace backstep::gui {

std::optional<ImVec2> NamedRect::Seen() const {
  const ImVec2 from{std::max(min.x, clip_min.x), std::max(min.y, clip_min.y)};
  const ImVec2 to{std::min(max.x, clip_max.x), std::min(max.y, clip_max.y)};
  if (to.x < from.x || to.y < from.y) return std::nullopt;
  return ImVec2{(from.x + to.x) / 2, (from.y + to.y) / 2};
}

}  // namespace backstep::gui
