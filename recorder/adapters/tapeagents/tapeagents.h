// TapeAgents: tapes of steps, forks of tapes, and the model calls beside them in a database.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeTapeAgentsImporter();

}  // namespace backstep::adapters
