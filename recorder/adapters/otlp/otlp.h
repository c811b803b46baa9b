// OpenTelemetry traces as its protocol writes them: JSON and protobuf, single requests, one a line,
// or behind each other with their lengths.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeOtlpImporter();

}  // namespace backstep::adapters
