// Backstep's own interchange: a line of a recording as JSON Lines that come in again as they were.
// docs/import.md has the lines.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/store/line.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeJsonlImporter();

// Takes what an export makes, piece by piece; not ok ends it with that.
using ByteSink = std::function<Status(std::string_view)>;

// Writes `line` up to step `to`, as a session of its own. Errors: those of reading, of `out`.
Status ExportJsonl(store::Line& line, StepNumber to, const ByteSink& out);

}  // namespace backstep::adapters
