// The writing side of one owner's literal log: an append-only string of bytes, kept under
// `L agent offset` as raw chunks of at most kLiteralChunkBytes (the log compresses its blocks).
// Chunks follow each other without a gap; a chunk's offset is that of its first byte.
// What lies in the log already as part of a JSON string is kept under `L agent offset 1` instead:
// unescaped_chunk.h.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/base/ids.h"
#include "backstep/store/format/kv.h"
#include "backstep/store/state/diff/anchors.h"
#include "backstep/store/state/literals/unescaped_chunk.h"
#include "backstep/store/state/piece_table.h"

namespace backstep::store {

// Part of an inserted text: bytes that lie in some agent's log already, or new ones.
struct Segment {
  size_t offset = 0;   // in the text
  size_t length = 0;
  bool earlier = false;
  AgentId owner;          // when earlier, of the log they lie in
  uint64_t position = 0;  // in that log
};

class LiteralLogs;

// Remembers the newest part of the log, so that a text that comes again (as request, response,
// message and state, of this agent or another) is referred to. One thread.
class LiteralLog {
 public:
  LiteralLog(AgentId owner, LiteralLogs* all);  // `all` outlives it

  // The end of the log, what Append gathered included.
  uint64_t end() const { return recent_begin_ + recent_.size(); }

  // Takes `text`, part of a version of `version_size` bytes, apart: parts of it that lie in what is
  // remembered of any log, and the rest. The segments make up the text in order. Valid until the
  // next call.
  const std::vector<Segment>& Split(std::string_view text, uint64_t version_size);

  // Where the whole text lies in what is remembered of some log, if it does.
  struct Found {
    AgentId owner;
    uint64_t position = 0;
  };
  std::optional<Found> FindWhole(std::string_view text, const Hash128& hash) const;

  // Adds bytes at the end, as unescaped ones where they are; Write puts what was added since the
  // last Write.
  void Append(std::string_view bytes);
  // Lets FindWhole find the last `size` bytes even when they are too short for an anchor.
  void RememberWhole(const Hash128& hash, uint64_t size);
  void Write(KvBatch* batch);

  size_t RetainedBytes() const {
    return recent_.capacity() + segments_.capacity() * sizeof(Segment) +
           unescaped_.size() * sizeof(Derived);
  }

 private:
  // A chunk that is kept as the place of escaped bytes in the same log.
  struct Derived {
    uint64_t begin = 0, end = 0;
    uint64_t escaped_begin = 0, escaped_end = 0;
  };

  // How much of another agent's log came here too, lately.
  struct Heard {
    uint64_t end = 0;    // of what came last
    uint64_t span = 0;   // bytes of that log
    uint64_t bytes = 0;  // of them, what came
  };

  // The longest run of `text` around an anchor that lies at `place`.
  bool Grow(std::string_view text, const Anchor& anchor, uint64_t place, size_t low,
            Segment* out) const;
  // Whether what another agent's log has is referred to there, by a version of so many bytes.
  bool WorthOther(const Segment& other, uint64_t version_size);
  // Notes the parts of `bytes`, which are to be added, that the log holds escaped.
  void FindEscaped(std::string_view bytes);
  // `out`: what was looked at, when it is none of them too.
  bool GrowAsEscaped(std::string_view bytes, const Anchor& anchor, uint64_t place, size_t low,
                     Derived* out);
  // Lets what `bytes`, which were added at `begin`, stand for be found by its own anchors.
  void RememberUnescaped(std::string_view bytes, uint64_t begin);
  // Whether none of these bytes is kept as those of another place.
  bool IsRaw(uint64_t begin, uint64_t end) const;
  void WriteChunk(KvBatch* batch);
  void Forget(uint64_t surplus);
  // Whether `text` is what is remembered here at `position`.
  bool LiesAt(std::string_view text, uint64_t position) const;
  void Remember(uint32_t slot, uint64_t position);

  const AgentId owner_;
  LiteralLogs& all_;
  std::string recent_;          // the log's last bytes
  uint64_t recent_begin_ = 0;   // where they begin in the log
  uint64_t written_ = 0;        // end of what Write has put
  uint64_t reach_;              // bytes remembered at least
  uint64_t counted_ = 0;        // of them, how many the table of anchors has room for
  std::vector<Segment> segments_;
  std::deque<Derived> unescaped_;       // of what is remembered or not written yet, ascending
  uint64_t backslash_end_ = 0;          // behind the last text that holds one
  std::string seam_;                    // working memory
  std::map<uint32_t, Heard> heard_of_;  // by other agent
};

// The literal logs of one recording log. They share one table of anchors, so that what one agent
// says and another keeps is stored once. One thread.
class LiteralLogs {
 public:
  LiteralLog& Of(AgentId owner) {
    return logs_.try_emplace(owner.value, owner, this).first->second;
  }
  size_t RetainedBytes() const;

 private:
  friend class LiteralLog;
  const LiteralLog* Find(AgentId owner) const {
    const auto found = logs_.find(owner.value);
    return found == logs_.end() ? nullptr : &found->second;
  }

  std::map<uint32_t, LiteralLog> logs_;
  AnchorTable anchors_;        // by place
  uint64_t remembered_ = 0;    // bytes it has room for
};

}  // namespace backstep::store
