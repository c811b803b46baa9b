// Takes a line of a recording out into formats that other tools read. docs/import.md has what each
// keeps.
#pragma once

#include <string>

#include "backstep/base/status.h"
#include "backstep/recorder/adapters/jsonl/jsonl.h"
#include "backstep/store/line.h"

namespace backstep::adapters {

enum class ExportFormat { kJsonl, kOtlpJson, kOtlpProto, kPerfetto };

struct ExportOptions {
  ExportFormat format = ExportFormat::kJsonl;
  StepNumber from{1}, to{UINT64_MAX};  // steps
};

// InvalidArgument: JSON Lines of a part that does not begin at the first step. Else the errors of
// reading and of `out`.
Status Export(store::Line& line, const ExportOptions& options, const ByteSink& out);

// Each format alone; steps from..to.
Status ExportOtlp(store::Line& line, const ExportOptions& options, const ByteSink& out);
Status ExportPerfetto(store::Line& line, const ExportOptions& options, const ByteSink& out);

}  // namespace backstep::adapters
