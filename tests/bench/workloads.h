// Sequences of records as agents leave them, with the bytes that are new in each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backstep/tests/bench/corpus.h"

namespace backstep::bench {

// One record of a step.
struct Put {
  enum class Kind { kState, kRequest, kLiteral };
  Kind kind = Kind::kState;
  std::string bytes;
};

struct Step {
  std::vector<Put> puts;
  std::string inserted;  // what was not there before, as it stands in the records
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual const char* name() const = 0;
  virtual Step Next() = 0;
};

// append counter edit window plan chat smalltalk
std::vector<std::string> WorkloadNames();
std::unique_ptr<Workload> MakeWorkload(const std::string& name, uint64_t seed);

}  // namespace backstep::bench
