// Spans as the OpenTelemetry Collector's ClickHouse exporter keeps them: rows of SpanName,
// SpanAttributes, Timestamp, Duration, …, as AGNTCY's tools export them.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

std::unique_ptr<Importer> MakeAgntcyImporter();

}  // namespace backstep::adapters
