// DeerFlow: LangGraph runs as saved event streams, and final states of threads.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeLangGraphStreamImporter();
std::unique_ptr<Importer> MakeLangGraphThreadImporter();

}  // namespace backstep::adapters
