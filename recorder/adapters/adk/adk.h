// Google ADK: sessions of agents that hand over to each other.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeAdkImporter();

}  // namespace backstep::adapters
