#include <algorithm>
#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/state/state_store.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/edit_script.h"
#include "backstep/tests/support/effort.h"
#include "backstep/tests/support/memory_kv.h"

namespace backstep::store {

// The reader takes over what neighbours share: whatever the way to a version, its bytes are the
// same.
TEST_CASE("Versions read back step by step, there and back and with jumps between") {
  constexpr AgentId kOwner{4};
  constexpr uint64_t kVersions = 500;
  for (const auto kind : testing::EditScript::AllKinds()) {
    testing::MemoryKv kv;
    StateEncoder encoder(&kv);
    testing::EditScript script(kind, 31);
    std::vector<std::string> states;
    std::vector<BodyRef> refs;
    for (uint64_t i = 0; i < kVersions; ++i) {
      states.push_back(script.Next());
      auto ref = encoder.Append(kOwner, kStateStream, states.back(), "");
      REQUIRE(ref.ok());
      ref->log = LogId(1);
      refs.push_back(*ref);
    }
    StateReader reader([&](LogId) -> const KvReader* { return &kv; });
    RandomStream random(8);
    size_t at = 0;
    bool back = false;
    for (uint64_t i = 0; i < testing::Rounds(3000, 10000); ++i) {
      const uint64_t draw = random.Next() % 60;
      if (draw < 3) back = !back;
      if (draw == 3) at = random.Next() % kVersions;
      if (draw == 4) at += random.Next() % 70;
      if (draw > 4 && back) at -= at > 0 ? 1 : 0;
      if (draw > 4 && !back) ++at;
      at = std::min<size_t>(at, kVersions - 1);
      const auto bytes = reader.Read(refs[at]);
      REQUIRE(bytes.ok());
      REQUIRE(*bytes == states[at]);
    }
  }
}

}  // namespace backstep::store
