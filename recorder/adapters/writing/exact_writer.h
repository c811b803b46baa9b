// An ExactLog over the store, with the recorder's redaction and hashes.
#pragma once

#include <functional>
#include <memory>

#include "backstep/recorder/adapters/core/exact_log.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/redact.h"
#include "backstep/store/log_writer.h"

namespace backstep::adapters {

// `sealed` is told once the log is sealed. Counts what comes in into `summary`, which outlives it.
std::unique_ptr<ExactLog> MakeExactLog(std::unique_ptr<store::LogWriter> log,
                                       std::shared_ptr<const recorder::Redactor> redactor,
                                       ImportSummary* summary, std::function<void(LogId)> sealed);

}  // namespace backstep::adapters
