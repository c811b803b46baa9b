// What every section that records needs: a session, and proof that the recording holds what was
// recorded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/recorder/session.h"
#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {

// A new recording CONTEXT/NAME.backstep that no variable changes and that never drops a body: what
// is dropped would be no throughput.
recorder::SessionOptions RecordTo(const Context& context, const std::string& name);

// States as they were when they were committed, one in `every`.
class Samples {
 public:
  explicit Samples(uint64_t every) : every_(every == 0 ? 1 : every) {}
  // The agent's state after its step; `number` counts up from 1.
  void Note(uint64_t number, const std::string& agent, const std::string& state);
  // Ends the process unless verify finds the recording sound and every sample is what its log 1
  // has; the seconds verify took.
  double Check(const std::string& path) const;

 private:
  struct Sample {
    uint64_t step;
    std::string agent;
    Hash128 hash;
  };
  uint64_t every_;
  std::vector<Sample> samples_;
};

// Bytes of log 1 of a recording, all its files.
double LogBytes(const std::string& path);

}  // namespace backstep::bench
