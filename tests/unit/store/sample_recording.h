// Small recordings with everything in them, made by the real writer: a session and a branch of it.
#pragma once

#include <memory>
#include <string>

#include "backstep/base/status.h"
#include "backstep/store/line.h"
#include "backstep/store/log_writer.h"
#include "backstep/store/recording.h"

namespace backstep::testing {

struct SampleShape {
  uint64_t steps = 12;
  uint32_t agents = 3;
  bool seal = true;
  size_t state_bytes = 200;
};

// A step of agent number `number % agents + 1`: takes what was sent to it last, calls a model and a
// tool, sends one message on, leaves a longer state.
Status WriteSampleStep(store::LogWriter& writer, const SampleShape& shape, uint64_t number);

// Writes log 1 as a main line. Not sealed: the writer is returned, to go on or to be abandoned.
Result<std::unique_ptr<store::LogWriter>> WriteSampleSession(const std::string& path,
                                                             const SampleShape& shape);
// Writes a branch of log 1 that leaves it at `fork` and has `steps` steps of its own.
Result<std::unique_ptr<store::LogWriter>> WriteSampleBranch(const std::string& path, uint64_t fork,
                                                            uint64_t steps,
                                                            const SampleShape& shape);

// Writes what WriteSampleSession writes and begins one more step: the files as they are when a
// writer that has flushed it is killed. They are copied while it stands there.
Status WriteCrashedSession(const std::string& path, const SampleShape& shape);

}  // namespace backstep::testing
