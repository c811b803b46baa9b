#include "backstep/store/state/literals/literal_log.h"

#include <algorithm>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/diff/diff.h"

namespace backstep::store {
namespace {

// Shorter runs are logged again: a reference splits the pieces around it and costs about 20 bytes.
// A near one costs even less when logged, for it lies in the same compressed block.
constexpr size_t kMinEarlier = 160;
constexpr size_t kMinEarlierNear = 256;
constexpr uint64_t kNearBytes = uint64_t{48} << 10;
constexpr int kWholeTries = 8;
constexpr uint64_t kMinReach = uint64_t{256} << 10;  // remembered of the log
constexpr uint64_t kMaxReach = uint64_t{4} << 20;

// A slot of its own in the anchor table for a literal as a whole.
uint32_t WholeSlot(const Hash128& hash) { return static_cast<uint32_t>(hash.high); }

}  // namespace

LiteralLog::LiteralLog(AgentId owner) : owner_(owner), reach_(kMinReach) {}

bool LiteralLog::Grow(std::string_view text, const Anchor& anchor, uint64_t position, size_t low,
                      Segment* out) const {
  if (position < recent_begin_ || position > end()) return false;
  const std::string_view recent(recent_);
  const size_t at = position - recent_begin_;
  const size_t back = CommonSuffix(recent.substr(0, at), text.substr(low, anchor.end - low));
  if (back == 0) return false;
  const size_t forward = CommonPrefix(recent.substr(at), text.substr(anchor.end));
  *out = {anchor.end - back, back + forward, true, position - back};
  const bool near = end() - out->position <= kNearBytes;
  return out->length >= (near ? kMinEarlierNear : kMinEarlier);
}

const std::vector<Segment>& LiteralLog::Split(std::string_view text) {
  segments_.clear();
  size_t low = 0;
  AnchorScan scan(text);
  for (Anchor anchor; scan.Next(&anchor);) {
    uint64_t position;
    Segment match;
    if (!anchors_.Find(anchor.hash, &position) || !Grow(text, anchor, position, low, &match)) {
      continue;
    }
    if (match.offset > low) segments_.push_back({low, match.offset - low});
    segments_.push_back(match);
    low = match.offset + match.length;
    scan.Skip(low);
  }
  if (low < text.size()) segments_.push_back({low, text.size() - low});
  return segments_;
}

std::optional<uint64_t> LiteralLog::FindWhole(std::string_view text, const Hash128& hash) const {
  const std::string_view recent(recent_);
  const auto lies_at = [&](uint64_t position) {
    return position >= recent_begin_ && position <= end() && text.size() <= end() - position &&
           recent.substr(position - recent_begin_, text.size()) == text;
  };
  uint64_t position;
  if (anchors_.Find(WholeSlot(hash), &position) && lies_at(position)) return position;
  AnchorScan scan(text);
  Anchor anchor;
  for (int tries = 0; tries < kWholeTries && scan.Next(&anchor); ++tries) {
    if (anchors_.Find(anchor.hash, &position) && position >= anchor.end &&
        lies_at(position - anchor.end)) {
      return position - anchor.end;
    }
  }
  return std::nullopt;
}

void LiteralLog::Append(std::string_view bytes) {
  reach_ = std::clamp<uint64_t>(2 * bytes.size(), reach_, kMaxReach);
  const uint64_t begin = end();
  recent_.append(bytes);
  anchors_.Reserve(std::min<uint64_t>(recent_.size(), reach_));
  AnchorScan scan(bytes);
  for (Anchor anchor; scan.Next(&anchor);) anchors_.Put(anchor.hash, begin + anchor.end);
}

void LiteralLog::RememberWhole(const Hash128& hash, uint64_t size) {
  anchors_.Put(WholeSlot(hash), end() - size);
}

void LiteralLog::Write(KvBatch* batch) {
  const std::string_view recent(recent_);
  while (written_ < end()) {
    const std::string_view chunk = recent.substr(written_ - recent_begin_, kLiteralChunkBytes);
    batch->Put(LiteralKey(owner_, written_), chunk);
    written_ += chunk.size();
  }
  // Trimmed only at twice the reach, so that moving the rest down is paid for by what came in.
  if (recent_.size() > 2 * reach_) {
    const size_t surplus = recent_.size() - reach_;
    recent_.erase(0, surplus);
    recent_begin_ += surplus;
    if (recent_.capacity() > 4 * reach_) recent_.shrink_to_fit();
  }
}

}  // namespace backstep::store
