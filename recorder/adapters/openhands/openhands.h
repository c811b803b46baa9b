// OpenHands: the events of a run, alone or as an evaluation's record.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeOpenHandsImporter();

}  // namespace backstep::adapters
