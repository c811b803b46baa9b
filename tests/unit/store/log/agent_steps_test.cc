#include "backstep/store/log/agent_steps.h"

#include <algorithm>
#include <map>
#include <set>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/memory_kv.h"

namespace backstep::store {

TEST_CASE("An agent's newest step is found wherever it was asked before") {
  constexpr uint64_t kSteps = 3000;
  testing::MemoryKv kv;
  RandomStream random(11);
  std::map<uint32_t, std::set<uint64_t>> of_agent;
  kv.Put("S", "");  // what lies before and behind is no step of an agent
  kv.Put("U", "");
  for (uint64_t step = 1; step <= kSteps; ++step) {
    const auto agent = static_cast<uint32_t>(1 + random.Next() % 5);
    kv.Put(AgentStepKey(AgentId(agent), StepNumber(step)), "");
    of_agent[agent].insert(step);
  }
  AgentSteps steps(kv.NewCursor());
  uint64_t at = 1;
  uint32_t agent = 1;
  for (int i = 0; i < 20000; ++i) {
    // Mostly small moves of one agent, forwards and backwards; 6 and 7 have no steps.
    const uint64_t draw = random.Next() % 20;
    if (draw == 0) agent = static_cast<uint32_t>(1 + random.Next() % 7);
    if (draw == 1) at = random.Next() % (kSteps + 10);
    if (draw > 10) at += random.Next() % 12;
    if (draw > 1 && draw <= 10) at -= std::min<uint64_t>(at, random.Next() % 14);
    const auto& numbers = of_agent[agent];
    const auto after = numbers.upper_bound(at);
    const auto found = steps.Latest(AgentId(agent), StepNumber(at));
    REQUIRE(found.ok());
    REQUIRE(found->has_value() == (after != numbers.begin()));
    if (*found) REQUIRE((*found)->value == *std::prev(after));
  }
}

}  // namespace backstep::store
