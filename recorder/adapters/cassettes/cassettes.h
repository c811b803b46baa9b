// Recorded model exchanges that tests are served from: HTTP exchanges a line, and the calls that
// AutoGen's chat completion client recorder keeps.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeLlmHttpImporter();
std::unique_ptr<Importer> MakeAutogenRecordedImporter();

}  // namespace backstep::adapters
