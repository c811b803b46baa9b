// MAST: runs of several agent frameworks with labels of how each run failed.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeMastImporter();

}  // namespace backstep::adapters
