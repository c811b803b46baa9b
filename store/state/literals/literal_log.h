// The writing side of one owner's literal log: an append-only string of bytes, kept under
// `L agent offset` as raw chunks of at most kLiteralChunkBytes (the log compresses its blocks).
// Chunks follow each other without a gap; a chunk's offset is that of its first byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/ids.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/state/diff/anchors.h"

namespace backstep::store {

inline constexpr size_t kLiteralChunkBytes = size_t{64} << 10;

// Part of an inserted text: bytes that lie in the log already, or new ones.
struct Segment {
  size_t offset = 0;   // in the text
  size_t length = 0;
  bool earlier = false;
  uint64_t position = 0;  // in the log, when earlier
};

// Remembers the newest part of the log, so that a text that comes again (as request, response,
// message and state of one agent) is referred to. One thread.
class LiteralLog {
 public:
  explicit LiteralLog(AgentId owner);

  // The end of the log, what Append gathered included.
  uint64_t end() const { return recent_begin_ + recent_.size(); }

  // Takes `text` apart: parts of it that lie in the remembered log, and the rest. The segments
  // make up the text in order. Valid until the next call.
  const std::vector<Segment>& Split(std::string_view text);

  // Where the whole text lies in the remembered log, if it does.
  std::optional<uint64_t> FindWhole(std::string_view text, const Hash128& hash) const;

  // Adds bytes at the end; Write puts what was added since the last Write.
  void Append(std::string_view bytes);
  // Lets FindWhole find the last `size` bytes even when they are too short for an anchor.
  void RememberWhole(const Hash128& hash, uint64_t size);
  void Write(KvBatch* batch);

  size_t RetainedBytes() const {
    return recent_.capacity() + anchors_.RetainedBytes() + segments_.capacity() * sizeof(Segment);
  }

 private:
  // The longest run of `text` around an anchor that lies in the log at `position`.
  bool Grow(std::string_view text, const Anchor& anchor, uint64_t position, size_t low,
            Segment* out) const;

  AgentId owner_;
  std::string recent_;          // the log's last bytes
  uint64_t recent_begin_ = 0;   // where they begin in the log
  uint64_t written_ = 0;        // end of what Write has put
  uint64_t reach_;              // bytes remembered at least
  AnchorTable anchors_;
  std::vector<Segment> segments_;
};

}  // namespace backstep::store
