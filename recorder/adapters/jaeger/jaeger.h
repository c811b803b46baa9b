// Traces as Jaeger's API and window write them: {"data":[{"traceID", "spans", "processes"}]}.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeJaegerImporter();

}  // namespace backstep::adapters
