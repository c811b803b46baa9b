// Finds an agent's steps by number, among the T keys of one log. Private to store/log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"

namespace backstep::store {

// Stays near where it was asked last: an agent's next or previous step costs a move of the cursor
// and no seek. One thread; shows the log as it was when the cursor was made.
class AgentSteps {
 public:
  explicit AgentSteps(std::unique_ptr<KvCursor> cursor) : cursor_(std::move(cursor)) {}

  // The agent's newest step that is not after `at_most`; nothing: it has none. Corruption, Io.
  Result<std::optional<StepNumber>> Latest(AgentId agent, StepNumber at_most);

 private:
  // The step under the cursor, if it is one of the agent whose keys start with prefix_.
  std::optional<uint64_t> Here() const;
  // Moves to the answer, or to the step behind it, if it is a few moves from here.
  Result<std::optional<uint64_t>> Near(uint64_t at_most);

  std::unique_ptr<KvCursor> cursor_;
  std::string prefix_;
  std::optional<uint64_t> passed_;  // the agent's step right before the one under the cursor
};

}  // namespace backstep::store
