// A source that asks now and then whether to go on.
#pragma once

#include <functional>
#include <memory>

#include "backstep/recorder/adapters/core/source.h"

namespace backstep::adapters {

// `go_on` is asked about every MiB, with the bytes of the file that were used; what it returns that
// is not ok ends the reading. Errors else are those of `source`.
std::unique_ptr<Source> WatchedSource(std::unique_ptr<Source> source,
                                      std::function<Status(uint64_t packed_offset)> go_on);

}  // namespace backstep::adapters
