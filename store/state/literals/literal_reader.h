// Reads bytes of literal logs (see literal_log.h for how they are kept).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backstep/base/ids.h"
#include "backstep/base/status.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/state/literals/unescaped_chunk.h"

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
  // The bytes of the chunk that the cursor stands on.
  Result<std::string_view> ChunkBytes();
  Status Unescape();

  const KvReader* log_;
  bool raw_only_ = false;
  std::unique_ptr<KvCursor> cursor_;
  bool on_chunk_ = false;      // the cursor stands on the chunk described below
  AgentId owner_;
  uint64_t chunk_begin_ = 0;
  uint64_t chunk_end_ = 0;
  bool is_unescaped_ = false;
  UnescapedChunk unescaped_;
  std::unique_ptr<LiteralReader> escaped_reader_;  // so that the cursor stays where it is
  std::string escaped_;
  std::string text_;           // of the chunk of `text_owner_` at `text_begin_`, unless empty
  AgentId text_owner_;
  uint64_t text_begin_ = 0;
};

}  // namespace backstep::store
