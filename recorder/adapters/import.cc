#include "backstep/recorder/adapters/import.h"

#include <exception>
#include <new>

#include "backstep/recorder/adapters/importing/import_run.h"

namespace backstep::adapters {
namespace {

// What a library below throws is a failure like others.
Status RunCatching(ImportRun& run) {
  try {
    return run.Run();
  } catch (const std::bad_alloc&) {
    return Status::Unavailable("there is not enough memory for this import");
  } catch (const std::exception& error) {
    return Status::Internal(std::string("the import gave up: ") + error.what());
  }
}

}  // namespace

Status CheckImport(const ImportOptions& options) {
  return CheckOptions(options, AllImporters());
}

Result<ImportSummary> Import(const ImportOptions& options) {
  return ImportWith(options, AllImporters());
}

Result<ImportSummary> ImportWith(const ImportOptions& options,
                                 std::vector<std::unique_ptr<Importer>> importers) {
  ImportRun run(options, std::move(importers));
  BACKSTEP_RETURN_IF_ERROR(RunCatching(run));
  return run.TakeSummary();
}

}  // namespace backstep::adapters
