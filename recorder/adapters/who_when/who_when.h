// Who&When: failed runs of agent teams with the step that decided each failure.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeWhoWhenImporter();

}  // namespace backstep::adapters
