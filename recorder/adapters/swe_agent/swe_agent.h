// SWE-agent: trajectories of one agent at work in an environment.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeSweAgentImporter();

}  // namespace backstep::adapters
