// A log of one JSON object a line, {"phase", "from_agent", "to_agent", "message_type",
// "message_content"}: what llmmas-otel's runs of ChatDev left behind.
#pragma once

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

Status ReadPhaseLog(Source& source, Sink& sink);

}  // namespace backstep::adapters
