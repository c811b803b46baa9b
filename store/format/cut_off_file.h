// `logs/<n>/cut_off`: how the process ended that should have sealed the log, as the one that had
// started it saw it. Only beside a log without a seal; written once, whole, after that process was
// gone. The log is what it is without it.
//
//   {"result": "crashed", "detail": "...", "summary": {...}, "committed": 12,
//    "open": [{"agent": "writer", "clock": 2, "took": ["critic/1.0"]}],
//    "checksum": "<32 hex digits>"}
//
// `checksum` as in the manifest.
#pragma once

#include <optional>
#include <string>

#include "backstep/base/status.h"
#include "backstep/schemas/cut_off.h"

namespace backstep::store {

inline constexpr char kCutOffName[] = "cut_off";

// Texts that are no UTF-8 lose what is none. Io: with path and reason. Such a file that is there
// stays as it is.
Status WriteCutOff(const std::string& log_path, const CutOff& cut_off);
// nullopt: nobody said. Corruption: damaged.
Result<std::optional<CutOff>> ReadCutOff(const std::string& log_path);

}  // namespace backstep::store
