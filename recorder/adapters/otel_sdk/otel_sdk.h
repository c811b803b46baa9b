// Spans as OpenTelemetry SDKs print them: a list of them, one a line, or one after another over
// several lines, as the Python SDK's ConsoleSpanExporter and Monocle write them.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeOtelSdkImporter();

}  // namespace backstep::adapters
