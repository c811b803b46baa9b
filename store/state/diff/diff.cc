#include "backstep/store/state/diff/diff.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>

namespace backstep::store {
namespace {

constexpr size_t kNearReach = 128;    // bytes after a mismatch looked at word by word
constexpr size_t kNearMinMatch = 32;
constexpr size_t kNearSureMatch = 64;  // not looked further then
constexpr int kNearCandidates = 32;
constexpr size_t kNearBits = 8;
constexpr size_t kSampleBytes = 24;
constexpr size_t kMinMatch = 48;
constexpr size_t kMaxSlide = 64;
constexpr uint64_t kMaxTurns = uint64_t{1} << 19;
constexpr size_t kAnchorMinRest = 128;  // shorter rests are not worth an index of the old text
// Nor are longer ones behind the end of the old: a window that slides has one at every step, and
// what moved there is found in the log of what was stored.
constexpr size_t kAnchorMinTail = 4096;

uint64_t Word(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t limit = std::min(a.size(), b.size());
  size_t at = 0;
  // memcmp streams at memory speed but does not tell where; so whole blocks, then words.
  for (constexpr size_t kBlock = 4096; limit - at >= kBlock; at += kBlock) {
    if (std::memcmp(a.data() + at, b.data() + at, kBlock) != 0) break;
  }
  for (constexpr size_t kBlock = 128; limit - at >= kBlock; at += kBlock) {
    if (std::memcmp(a.data() + at, b.data() + at, kBlock) != 0) break;
  }
  for (; limit - at >= 8; at += 8) {
    const uint64_t difference = Word(a.data() + at) ^ Word(b.data() + at);
    if (difference != 0) return at + static_cast<size_t>(__builtin_ctzll(difference)) / 8;
  }
  while (at < limit && a[at] == b[at]) ++at;
  return at;
}

size_t CommonSuffix(std::string_view a, std::string_view b) {
  const size_t limit = std::min(a.size(), b.size());
  const char* const a_end = a.data() + a.size();
  const char* const b_end = b.data() + b.size();
  size_t at = 0;
  for (constexpr size_t kBlock = 4096; limit - at >= kBlock; at += kBlock) {
    if (std::memcmp(a_end - at - kBlock, b_end - at - kBlock, kBlock) != 0) break;
  }
  for (constexpr size_t kBlock = 128; limit - at >= kBlock; at += kBlock) {
    if (std::memcmp(a_end - at - kBlock, b_end - at - kBlock, kBlock) != 0) break;
  }
  for (; limit - at >= 8; at += 8) {
    const uint64_t difference = Word(a_end - at - 8) ^ Word(b_end - at - 8);
    if (difference != 0) return at + static_cast<size_t>(__builtin_clzll(difference)) / 8;
  }
  while (at < limit && a_end[-1 - static_cast<ptrdiff_t>(at)] ==
                           b_end[-1 - static_cast<ptrdiff_t>(at)]) {
    ++at;
  }
  return at;
}

const std::vector<Hunk>& Differ::Run(std::string_view old_bytes, std::string_view new_bytes) {
  quick_ = false;
  budget_ = (uint64_t{64} << 10) + 2 * (old_bytes.size() + new_bytes.size());
  Whole(old_bytes, new_bytes);
  return hunks_;
}

const std::vector<Hunk>& Differ::RunQuickly(std::string_view old_bytes,
                                            std::string_view new_bytes) {
  quick_ = true;
  budget_ = (uint64_t{16} << 10) + (old_bytes.size() + new_bytes.size()) / 4;
  Whole(old_bytes, new_bytes);
  return hunks_;
}

void Differ::Whole(std::string_view old_bytes, std::string_view new_bytes) {
  old_ = old_bytes;
  new_ = new_bytes;
  hunks_.clear();
  const size_t prefix = CommonPrefix(old_, new_);
  const size_t suffix = CommonSuffix(old_.substr(prefix), new_.substr(prefix));
  old_end_ = old_.size() - suffix;
  new_end_ = new_.size() - suffix;
  Copy(0, prefix);
  anchored_ = false;
  has_pending_ = false;
  unused_.clear();
  Middle(prefix);
  Copy(old_end_, old_.size() - old_end_);
}

void Differ::Middle(size_t i) {
  size_t j = i;
  // Each turn leaves a copy of at least kNearMinMatch bytes behind, and turns are bounded too, so
  // that a text of nothing but small changes ends as an insert.
  uint64_t turns = std::min<uint64_t>(1024 + new_.size() / 256, kMaxTurns);
  while (j < new_end_) {
    Match match;
    if (turns-- == 0 || !Resync(i, j, &match)) break;
    Insert(j, match.new_at - j);
    Copy(match.old_at, match.length);
    if (match.old_at > i) unused_.emplace_back(i, std::min(match.old_at, old_end_));
    i = match.old_at + match.length;
    j = match.new_at + match.length;
  }
  // The last copy may have run on into what the suffix copies. An insert in front of those bytes
  // would fall between the end of the text before and its last bytes; behind them it continues it.
  if (j < new_end_ && i > old_end_ && i - old_end_ <= kMaxSlide && i <= old_.size()) {
    new_end_ += i - old_end_;
    old_end_ = i;
  }
  Insert(j, new_end_ - j);
}

bool Differ::Resync(size_t i, size_t j, Match* out) {
  if (i < old_end_ && Nearby(i, j, out)) return true;
  if (i < old_end_ && Samples(i, j, out)) return true;
  return !quick_ && Anchored(i, j, out);
}

// Grows a place where both are alike to its full length, back to `new_low` at most.
bool Differ::Grow(size_t old_at, size_t new_at, size_t new_low, Match* out) const {
  const size_t back = CommonSuffix(old_.substr(0, old_at), new_.substr(new_low, new_at - new_low));
  const size_t forward =
      CommonPrefix(old_.substr(old_at), new_.substr(new_at, new_end_ - new_at));
  *out = {old_at - back, new_at - back, back + forward};
  return out->length >= kMinMatch;
}

// The words of the next bytes of the old text, looked up for those of the new one.
bool Differ::Nearby(size_t i, size_t j, Match* out) {
  const size_t old_reach = std::min(kNearReach, old_.size() - i);
  const size_t new_reach = std::min(kNearReach, new_end_ - j);
  if (old_reach < 8 || new_reach < kNearMinMatch) return false;
  if (near_.empty() || near_stamp_ == UINT16_MAX >> kNearBits) {
    near_.assign(size_t{1} << kNearBits, 0);
    near_stamp_ = 0;
  }
  const uint16_t stamp = static_cast<uint16_t>(++near_stamp_ << kNearBits);
  const auto slot = [](uint64_t word) {
    return (word * 0x9e3779b97f4a7c15ULL) >> (64 - kNearBits);
  };
  // From the far end, so that the nearest of equal words stands.
  for (size_t a = old_reach - 7; a-- > 0;) {
    near_[slot(Word(old_.data() + i + a))] = static_cast<uint16_t>(stamp | a);
  }
  // Of short matches the longest: in a text of like rows the first may be of another row.
  *out = {};
  const auto sure = [&](size_t a, size_t b) {
    const size_t length = CommonPrefix(old_.substr(i + a), new_.substr(j + b, new_end_ - j - b));
    if (length > out->length) *out = {i + a, j + b, length};
    return length >= kNearSureMatch;
  };
  int candidates = 0;
  for (size_t b = 0; b + 8 <= new_reach && candidates < kNearCandidates; ++b) {
    const uint64_t word = Word(new_.data() + j + b);
    if (b + 8 <= old_reach && Word(old_.data() + i + b) == word && (++candidates, sure(b, b))) {
      break;
    }
    const uint16_t entry = near_[slot(word)];
    if (entry >> kNearBits != near_stamp_) continue;
    const size_t a = entry & ((1u << kNearBits) - 1);
    if (a != b && Word(old_.data() + i + a) == word && (++candidates, sure(a, b))) break;
  }
  return out->length >= kNearMinMatch;
}

bool Differ::Samples(size_t i, size_t j, Match* out) {
  constexpr size_t kSmall = size_t{8} << 10;
  constexpr size_t kLarge = size_t{256} << 10;
  if (SampleLevel(i, j, kSmall, {0, 64, 256, 1024, 4096}, out)) return true;
  if (std::max(old_end_ - i, new_end_ - j) <= kSmall) return false;
  return SampleLevel(i, j, kLarge, {0, 2048}, out);
}

bool Differ::SampleLevel(size_t i, size_t j, size_t range,
                         std::initializer_list<size_t> distances, Match* out) {
  const std::string_view old_range = old_.substr(i, range);
  const std::string_view new_range = new_.substr(j, std::min(range, new_end_ - j));
  for (size_t distance : distances) {
    if (distance + kSampleBytes <= new_end_ - j) {
      const size_t found = Search(old_range, new_.substr(j + distance, kSampleBytes));
      if (found != std::string_view::npos && Grow(i + found, j + distance, j, out)) return true;
    }
    if (distance + kSampleBytes <= old_end_ - i) {
      const size_t found = Search(new_range, old_.substr(i + distance, kSampleBytes));
      if (found != std::string_view::npos && Grow(i + distance, j + found, j, out)) return true;
    }
  }
  return false;
}

// Where `needle` first lies in `haystack`, as long as the budget lasts.
size_t Differ::Search(std::string_view haystack, std::string_view needle) {
  if (haystack.size() > budget_) return std::string_view::npos;
  const void* found = memmem(haystack.data(), haystack.size(), needle.data(), needle.size());
  const size_t at = found == nullptr
                        ? std::string_view::npos
                        : static_cast<size_t>(static_cast<const char*>(found) - haystack.data());
  budget_ -= std::min(at, haystack.size());
  return at;
}

// Only what is unused can have moved; the rest of an ordinary old text need not be read.
bool Differ::IndexUnused(size_t i, size_t j) {
  if (i < old_end_) unused_.emplace_back(i, old_end_);
  size_t bytes = 0;
  for (const auto& [begin, end] : unused_) bytes += end > begin ? end - begin : 0;
  old_anchors_.Clear();
  if (bytes >= kMinMatch) old_anchors_.Reserve(bytes);
  for (const auto& [begin, end] : unused_) {
    if (end < begin + kMinMatch) continue;
    AnchorScan scan(old_.substr(begin, end - begin));
    for (Anchor anchor; scan.Next(&anchor);) old_anchors_.Put(anchor.hash, begin + anchor.end);
  }
  if (i < old_end_) unused_.pop_back();
  new_scan_ = AnchorScan(new_.substr(0, new_end_));
  new_scan_.Skip(j);
  has_pending_ = false;
  anchored_ = true;
  return !old_anchors_.empty();
}

bool Differ::Anchored(size_t i, size_t j, Match* out) {
  if (new_end_ - j < (i < old_end_ ? kAnchorMinRest : kAnchorMinTail)) return false;
  if (anchored_ ? old_anchors_.empty() : !IndexUnused(i, j)) return false;
  // The scan only ever goes forward, so all calls of a run together read the new text once.
  for (;;) {
    if (!has_pending_ && !new_scan_.Next(&pending_)) return false;
    has_pending_ = true;
    uint64_t old_at;
    if (pending_.end >= j && old_anchors_.Find(pending_.hash, &old_at) &&
        Grow(old_at, pending_.end, j, out)) {
      return true;
    }
    has_pending_ = false;
  }
}

void Differ::Copy(size_t old_at, size_t length) {
  if (length == 0) return;
  if (!hunks_.empty() && hunks_.back().kind == Hunk::Kind::kCopy &&
      hunks_.back().offset + hunks_.back().length == old_at) {
    hunks_.back().length += length;
    return;
  }
  hunks_.push_back({Hunk::Kind::kCopy, old_at, length});
}

void Differ::Insert(size_t new_at, size_t length) {
  if (length != 0) hunks_.push_back({Hunk::Kind::kInsert, new_at, length});
}

}  // namespace backstep::store
