#include "backstep/recorder/adapters/export/export.h"

namespace backstep::adapters {

Status Export(store::Line& line, const ExportOptions& options, const ByteSink& out) {
  switch (options.format) {
    case ExportFormat::kJsonl:
      if (options.from > StepNumber(1)) {
        return Status::InvalidArgument(
            "JSON Lines begin at the first step, so that they come in again as they were; leave "
            "out "
            "--from, or export to another format");
      }
      return ExportJsonl(line, options.to, out);
    case ExportFormat::kPerfetto:
      return ExportPerfetto(line, options, out);
    case ExportFormat::kOtlpJson:
    case ExportFormat::kOtlpProto:
      break;
  }
  return ExportOtlp(line, options, out);
}

}  // namespace backstep::adapters
