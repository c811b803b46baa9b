// Generative agents: the Markdown log of a simulated town.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeGenerativeAgentsImporter();

}  // namespace backstep::adapters
