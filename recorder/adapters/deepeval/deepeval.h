// Traces as DeepEval records them: {"uuid", "baseSpans": […], "agentSpans": […],
// "llmSpans": […], "retrieverSpans": […], "toolSpans": […]}, or a list of such.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeDeepevalImporter();

}  // namespace backstep::adapters
