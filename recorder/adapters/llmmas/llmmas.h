// Runs of llmmas-otel: span JSON, and the bodies of messages in JSON Lines beside it.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeLlmmasImporter();

}  // namespace backstep::adapters
