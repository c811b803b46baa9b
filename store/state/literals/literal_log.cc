#include "backstep/store/state/literals/literal_log.h"

#include <algorithm>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/diff/diff.h"
#include "backstep/store/state/literals/escapes.h"

namespace backstep::store {
namespace {

// Shorter runs are logged again: a reference splits the pieces around it and costs about 20 bytes.
// A near one costs even less when logged, for it lies in the same compressed block.
constexpr size_t kMinEarlier = 160;
constexpr size_t kMinEarlierNear = 256;
// One in another agent's log lies in a block that a reader decompresses for it alone, about 50 us
// for each. A large version must not be made of hundreds of them: each is this part of it at least.
constexpr size_t kMinEarlierOther = 256;
constexpr uint64_t kOtherPartMax = 128;
// Where an agent hears a good part of what another one says, blocks are read for many at once.
constexpr size_t kMinEarlierDense = 160;
constexpr uint64_t kDensePart = 4;                         // a fourth of that log
constexpr uint64_t kDenseSpan = uint64_t{16} << 10;        // and so much of it at least
constexpr uint64_t kDenseSpanMax = uint64_t{64} << 10;     // counted in full
constexpr uint64_t kNearBytes = uint64_t{48} << 10;
constexpr int kWholeTries = 8;
// What an answer says in JSON and a message as plain text: every escape ends a run for the
// compressor, which pays about 5 bytes for each run, and as much as two of them for a reference.
constexpr size_t kMinUnescaped = 128;
constexpr size_t kMinEscapes = 4;
constexpr uint64_t kGrownPerByte = 4;  // at most, of all that is looked at around anchors
constexpr uint64_t kMinReach = uint64_t{256} << 10;  // remembered of the log
constexpr uint64_t kMaxReach = uint64_t{4} << 20;

// A slot of its own in the anchor table for a literal as a whole.
uint32_t WholeSlot(const Hash128& hash) { return static_cast<uint32_t>(hash.high); }

}  // namespace

LiteralLog::LiteralLog(AgentId owner, LiteralLogs* all)
    : owner_(owner), all_(*all), reach_(kMinReach) {}

void LiteralLog::Remember(uint32_t slot, uint64_t position) {
  if (owner_.value > kMaxPlaceOwner || position >= kMaxPlaceEnd) return;
  all_.anchors_.Put(slot, PlaceOf(owner_, position));
}

bool LiteralLog::Grow(std::string_view text, const Anchor& anchor, uint64_t place, size_t low,
                      Segment* out) const {
  const AgentId owner = OwnerOfPlace(place);
  const LiteralLog* const log = owner == owner_ ? this : all_.Find(owner);
  const uint64_t position = OffsetOfPlace(place);
  if (log == nullptr || position < log->recent_begin_ || position > log->end()) return false;
  const std::string_view recent(log->recent_);
  const size_t at = position - log->recent_begin_;
  const size_t back = CommonSuffix(recent.substr(0, at), text.substr(low, anchor.end - low));
  if (back == 0) return false;
  const size_t forward = CommonPrefix(recent.substr(at), text.substr(anchor.end));
  *out = {anchor.end - back, back + forward, true, owner, position - back};
  if (owner != owner_) return true;
  const bool near = end() - out->position <= kNearBytes;
  return out->length >= (near ? kMinEarlierNear : kMinEarlier);
}

bool LiteralLog::WorthOther(const Segment& other, uint64_t version_size) {
  if (other.length < kMinEarlierDense) return false;
  const uint64_t end = other.position + other.length;
  Heard& heard = heard_of_.try_emplace(other.owner.value, Heard{end, kDenseSpan, 0}).first->second;
  heard.span += end > heard.end ? end - heard.end : heard.end - end;
  heard.bytes += other.length;
  heard.end = end;
  const bool dense = heard.bytes >= heard.span / kDensePart;
  while (heard.span > kDenseSpanMax) {
    heard.span /= 2;
    heard.bytes /= 2;
  }
  return dense ||
         other.length >= std::max<uint64_t>(kMinEarlierOther, version_size / kOtherPartMax);
}

const std::vector<Segment>& LiteralLog::Split(std::string_view text,
                                              uint64_t version_size) {
  segments_.clear();
  size_t low = 0;
  AnchorScan scan(text);
  for (Anchor anchor; scan.Next(&anchor);) {
    uint64_t place;
    Segment match;
    if (!all_.anchors_.Find(anchor.hash, &place) || !Grow(text, anchor, place, low, &match)) {
      continue;
    }
    if (match.owner != owner_ && !WorthOther(match, version_size)) {
      scan.Skip(match.offset + match.length);
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

bool LiteralLog::LiesAt(std::string_view text, uint64_t position) const {
  return position >= recent_begin_ && position <= end() && text.size() <= end() - position &&
         std::string_view(recent_).substr(position - recent_begin_, text.size()) == text;
}

std::optional<LiteralLog::Found> LiteralLog::FindWhole(std::string_view text,
                                                       const Hash128& hash) const {
  // `ahead`: how far behind the text's first byte the place is.
  const auto found = [&](uint64_t place, uint64_t ahead) -> std::optional<Found> {
    const AgentId owner = OwnerOfPlace(place);
    const LiteralLog* const log = owner == owner_ ? this : all_.Find(owner);
    const uint64_t position = OffsetOfPlace(place);
    if (log == nullptr || position < ahead || !log->LiesAt(text, position - ahead)) {
      return std::nullopt;
    }
    return Found{owner, position - ahead};
  };
  uint64_t place;
  if (all_.anchors_.Find(WholeSlot(hash), &place)) {
    if (const auto whole = found(place, 0)) return whole;
  }
  AnchorScan scan(text);
  Anchor anchor;
  for (int tries = 0; tries < kWholeTries && scan.Next(&anchor); ++tries) {
    if (!all_.anchors_.Find(anchor.hash, &place)) continue;
    if (const auto whole = found(place, anchor.end)) return whole;
  }
  return std::nullopt;
}

bool LiteralLog::IsRaw(uint64_t begin, uint64_t end) const {
  const auto after = std::upper_bound(
      unescaped_.begin(), unescaped_.end(), begin,
      [](uint64_t position, const Derived& chunk) { return position < chunk.end; });
  return after == unescaped_.end() || after->begin >= end;
}

// `place` is where the bytes before an anchor were seen last.
bool LiteralLog::GrowAsEscaped(std::string_view bytes, const Anchor& anchor, uint64_t place,
                               size_t low, Derived* out) {
  *out = {anchor.end, anchor.end, 0, 0};
  const uint64_t position = OffsetOfPlace(place);
  if (OwnerOfPlace(place) != owner_ || position < recent_begin_ || position > end()) return false;
  const std::string_view recent(recent_);
  const EscapedRun run = GrowEscaped(bytes.substr(low), anchor.end - low, recent,
                                     position - recent_begin_, kLiteralChunkBytes / 2);
  const size_t size = run.end - run.begin;
  *out = {low + run.begin, low + run.end, recent_begin_ + run.escaped_begin,
          recent_begin_ + run.escaped_end};
  if (size < kMinUnescaped || run.escapes < kMinEscapes) return false;
  if (!IsRaw(out->escaped_begin, out->escaped_end)) return false;
  seam_.clear();
  AppendUnescaped(recent.substr(run.escaped_begin, run.escaped_end - run.escaped_begin), &seam_);
  return seam_ == bytes.substr(out->begin, size);
}

void LiteralLog::FindEscaped(std::string_view bytes) {
  if (backslash_end_ <= recent_begin_ || bytes.size() < kMinUnescaped) return;
  const uint64_t begin = end();
  size_t low = 0;
  // What came before as it is now grows as far as what came escaped, and is nothing: it is gone
  // over once, not at each of its anchors.
  uint64_t budget = kGrownPerByte * bytes.size();
  AnchorScan scan(bytes);
  for (Anchor anchor; budget > 0 && scan.Next(&anchor);) {
    uint64_t place;
    if (!all_.anchors_.Find(anchor.hash, &place)) continue;
    Derived chunk;
    const bool found = GrowAsEscaped(bytes, anchor, place, low, &chunk);
    const uint64_t grown = chunk.end - chunk.begin;
    budget -= std::min(budget, grown);
    if (grown >= kMinUnescaped) scan.Skip(chunk.end);
    if (!found) continue;
    low = chunk.end;
    chunk.begin += begin;
    chunk.end += begin;
    unescaped_.push_back(chunk);
  }
}

void LiteralLog::Append(std::string_view bytes) {
  FindEscaped(bytes);
  reach_ = std::clamp<uint64_t>(2 * bytes.size(), reach_, kMaxReach);
  const uint64_t begin = end();
  recent_.append(bytes);
  const uint64_t now = std::min<uint64_t>(recent_.size(), reach_);
  if (now > counted_) {
    all_.remembered_ += now - counted_;
    counted_ = now;
    all_.anchors_.Reserve(all_.remembered_);
  }
  AnchorScan scan(bytes);
  for (Anchor anchor; scan.Next(&anchor);) Remember(anchor.hash, begin + anchor.end);
  if (bytes.find('\\') == std::string_view::npos) return;
  backslash_end_ = end();
  if (IsRaw(begin, end())) RememberUnescaped(bytes, begin);
}

// Where quotes or line ends are near each other there is no window without an escape.
void LiteralLog::RememberUnescaped(std::string_view bytes, uint64_t begin) {
  AnchorRoll roll;
  for (size_t at = 0; at < bytes.size();) {
    if (bytes[at] != '\\') {
      if (roll.Push(bytes[at++])) Remember(roll.hash(), begin + at);
      continue;
    }
    const Unescaped one = UnescapeFirst(bytes.substr(at));
    at += one.taken;
    bool anchor = false;
    for (size_t i = 0; i < one.made; ++i) anchor = roll.Push(one.bytes[i]);
    if (anchor) Remember(roll.hash(), begin + at);
  }
}

void LiteralLog::RememberWhole(const Hash128& hash, uint64_t size) {
  Remember(WholeSlot(hash), end() - size);
}

size_t LiteralLogs::RetainedBytes() const {
  size_t bytes = anchors_.RetainedBytes();
  for (const auto& [owner, log] : logs_) bytes += log.RetainedBytes();
  return bytes;
}

// Puts the chunk that begins where the last one ended.
void LiteralLog::WriteChunk(KvBatch* batch) {
  const auto next = std::lower_bound(
      unescaped_.begin(), unescaped_.end(), written_,
      [](const Derived& chunk, uint64_t position) { return chunk.begin < position; });
  if (next != unescaped_.end() && next->begin == written_) {
    batch->Put(UnescapedKey(owner_, written_),
               EncodeUnescapedChunk({next->end - next->begin, next->begin - next->escaped_begin,
                                     next->escaped_end - next->escaped_begin}));
    written_ = next->end;
    return;
  }
  const uint64_t upto = next != unescaped_.end() ? next->begin : end();
  const size_t size = std::min<uint64_t>(upto - written_, kLiteralChunkBytes);
  batch->Put(LiteralKey(owner_, written_),
             std::string_view(recent_).substr(written_ - recent_begin_, size));
  written_ += size;
}

void LiteralLog::Forget(uint64_t surplus) {
  recent_.erase(0, surplus);
  recent_begin_ += surplus;
  if (recent_.capacity() > 4 * reach_) recent_.shrink_to_fit();
  while (!unescaped_.empty() && unescaped_.front().end <= recent_begin_) unescaped_.pop_front();
}

void LiteralLog::Write(KvBatch* batch) {
  while (written_ < end()) WriteChunk(batch);
  // Trimmed only at twice the reach, so that moving the rest down is paid for by what came in.
  if (recent_.size() > 2 * reach_) Forget(recent_.size() - reach_);
}

}  // namespace backstep::store
