// Reads what lies by agent when it is asked for in the order of steps, that is for many agents in
// turn. Private to store.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "backstep/base/ids.h"
#include "backstep/store/format/kv.h"

namespace backstep::store {

// One thread at a time; must not outlive `log`. Each agent's next record is mostly right behind its
// last one, so an agent that is asked for often has a cursor of its own.
class AgentCursors {
 public:
  explicit AgentCursors(const KvReader& log) : log_(log) {}

  // A cursor at the first key that is `key` or greater, good until the next call. Keys of one agent
  // all begin with the same tag and are best asked for in rising order.
  KvCursor& Seek(AgentId agent, std::string_view key);

 private:
  struct Place {
    uint32_t reads = 0;
    std::unique_ptr<KvCursor> cursor;
  };

  const KvReader& log_;
  std::unique_ptr<KvCursor> shared_;
  std::unordered_map<AgentId, Place> places_;
  size_t cursors_ = 0;
};

}  // namespace backstep::store
