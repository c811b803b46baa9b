// The long run that several sections look at: where it lies and what is in it.
#pragma once

#include <string>

#include "backstep/base/hash.h"
#include "backstep/tests/bench/suite/section.h"

namespace backstep::bench {

inline constexpr size_t kGrowingAgents = 50;

std::string GrowingPath(const Context& context);
uint64_t GrowingSteps(const Context& context);
// States are histories up to this size, the oldest messages dropped beyond it.
size_t GrowingStateBytes(const Context& context);
std::string GrowingAgent(size_t index);

}  // namespace backstep::bench
