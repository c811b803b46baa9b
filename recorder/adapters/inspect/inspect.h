// Inspect: evaluation logs, as JSON and as .eval archives.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeInspectImporter();

}  // namespace backstep::adapters
