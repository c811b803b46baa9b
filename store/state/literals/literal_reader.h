// Reads bytes of literal logs (see literal_log.h for how they are kept).
#pragma once

#include <cstdint>
#include <memory>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"

namespace backstep::store {

// Sees the log as it was at the first read. Ascending positions read fastest. What it copies is
// only as good as the hash that the caller compares it with. One thread.
class LiteralReader {
 public:
  explicit LiteralReader(const KvReader* log) : log_(log) {}  // not owned

  // Copies `length` bytes at `position` to `out`. Corruption: the log does not hold them all;
  // `out` is then partly written.
  Status Copy(AgentId owner, uint64_t position, uint64_t length, char* out);

 private:
  Status MoveTo(AgentId owner, uint64_t position);
  bool TakeChunk(AgentId owner);

  const KvReader* log_;
  std::unique_ptr<KvCursor> cursor_;
  bool on_chunk_ = false;      // the cursor stands on the chunk described below
  AgentId owner_;
  uint64_t chunk_begin_ = 0;
  uint64_t chunk_end_ = 0;
};

}  // namespace backstep::store
