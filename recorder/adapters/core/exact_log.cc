#include "backstep/recorder/adapters/core/exact_log.h"

#include "backstep/recorder/adapters/core/importer.h"

namespace backstep::adapters {

Result<std::unique_ptr<ExactLog>> Sink::OpenLog(LogHeader) {
  return Status::Unavailable("this sink takes runs only");
}

}  // namespace backstep::adapters
