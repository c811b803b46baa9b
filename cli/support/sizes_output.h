// What `info --sizes` prints.
#pragma once

#include "backstep/cli/terminal/console.h"
#include "backstep/replay/view/session/sizes_view.h"

namespace backstep::cli {

void PrintSizes(Console& console, const replay::SizesView& view);

}  // namespace backstep::cli
