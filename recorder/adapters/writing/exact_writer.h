// An ExactLog over the store, with the recorder's redaction and hashes.
#pragma once

#include <memory>

#include "backstep/recorder/adapters/core/exact_log.h"
#include "backstep/recorder/adapters/import.h"
#include "backstep/recorder/adapters/writing/log_finisher.h"
#include "backstep/recorder/redact.h"
#include "backstep/store/log_writer.h"

namespace backstep::adapters {

// `finisher` gets the log when it ends. Counts what comes in into `summary`. Both outlive it. One
// that is destroyed before its end is sealed as far as it came.
std::unique_ptr<ExactLog> MakeExactLog(std::unique_ptr<store::LogWriter> log,
                                       std::shared_ptr<const recorder::Redactor> redactor,
                                       ImportSummary* summary, LogFinisher* finisher);

}  // namespace backstep::adapters
