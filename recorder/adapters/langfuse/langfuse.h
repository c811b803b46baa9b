// Traces as Langfuse exports them: {"trace": {…}, "observations": [{…}]}.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeLangfuseImporter();

}  // namespace backstep::adapters
