#include "backstep/store/search/scan/literal_scan.h"

#include <algorithm>
#include <optional>
#include <string>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/literal_reader.h"
#include "backstep/store/state/literals/unescaped_chunk.h"

namespace backstep::store {
namespace {

constexpr uint64_t kChunksPerQuestion = 16;
// A word that so many chunks hold is found as fast by reading one message after another.
constexpr size_t kHitsMin = 2048;
constexpr size_t kChunksPerHit = 8;

class ChunkScan {
 public:
  ChunkScan(const KvReader& log, const Needle& needle, Stretches* found)
      : needle_(needle), found_(*found), cursor_(log.NewScanCursor()), literals_(&log) {}

  Result<bool> Run(const std::function<bool()>& go_on);

 private:
  // Looks at the chunk that the cursor stands on. false: it cannot be one.
  bool One();
  bool BytesOf(AgentId owner, uint64_t offset, std::string_view* bytes);
  // Notes what there is no chunk of up to this place, and begins a seam there.
  void GoTo(AgentId owner, uint64_t offset);
  void LookAt(uint64_t offset, std::string_view bytes);
  void Add(uint64_t begin, uint64_t end);

  const Needle& needle_;
  Stretches& found_;
  std::unique_ptr<KvCursor> cursor_;
  LiteralReader literals_;
  std::string unescaped_;
  std::optional<AgentId> owner_;  // of the chunk before
  uint64_t end_ = 0;              // of it
  std::string seam_;              // its last bytes, and the first of the next one
  size_t hits_ = 0;
};

bool ChunkScan::BytesOf(AgentId owner, uint64_t offset, std::string_view* bytes) {
  if (cursor_->key() == LiteralKey(owner, offset)) {
    *bytes = cursor_->value();
    return true;
  }
  UnescapedChunk chunk;
  if (cursor_->key() != UnescapedKey(owner, offset) ||
      !DecodeUnescapedChunk(cursor_->value(), offset, &chunk)) {
    return false;
  }
  unescaped_.resize(chunk.size);
  *bytes = unescaped_;
  return literals_.Copy(owner, offset, chunk.size, unescaped_.data()).ok();
}

// A body whose bytes are not there is not one that says nothing: whoever reads it tells of that.
void ChunkScan::GoTo(AgentId owner, uint64_t offset) {
  if (owner_ != owner) {
    if (owner_) found_.Add(*owner_, end_, UINT64_MAX);
    owner_ = owner;
    end_ = 0;
    seam_.clear();
  }
  if (offset == end_) return;
  found_.Add(owner, end_, offset);
  end_ = offset;
  seam_.clear();
}

void ChunkScan::Add(uint64_t begin, uint64_t end) {
  found_.Add(*owner_, begin, end);
  ++hits_;
}

// A body may begin in one chunk and end in the next.
void ChunkScan::LookAt(uint64_t offset, std::string_view bytes) {
  const size_t around = std::max(needle_.size(), kHexLetterBytes) - 1;
  const size_t before = seam_.size();
  seam_.append(bytes.substr(0, around));
  if (before > 0 && needle_.FindInJson(seam_) != std::string_view::npos) {
    Add(offset - before, offset + std::min(around, bytes.size()));
  }
  // What was found once in a chunk is not looked for again: few bodies share one.
  const size_t at = needle_.FindInJson(bytes);
  if (at != std::string_view::npos) Add(offset + at, offset + bytes.size());
  if (bytes.size() >= around) {
    seam_ = bytes.substr(bytes.size() - around);
  } else {
    seam_.erase(0, seam_.size() - std::min(seam_.size(), around));
  }
  end_ = offset + bytes.size();
}

bool ChunkScan::One() {
  const auto owner = KeyU32(cursor_->key(), 1);
  const auto offset = KeyU64(cursor_->key(), 5);
  std::string_view bytes;
  if (!owner || !offset || !BytesOf(AgentId(*owner), *offset, &bytes)) return false;
  // Chunks that lie over each other were not written so.
  if (owner_ == AgentId(*owner) && *offset < end_) return false;
  if (bytes.size() > UINT64_MAX - *offset) return false;
  GoTo(AgentId(*owner), *offset);
  LookAt(*offset, bytes);
  return true;
}

Result<bool> ChunkScan::Run(const std::function<bool()>& go_on) {
  const char tag = LiteralKey({}, 0)[0];
  size_t chunks = 0;
  for (cursor_->Seek(std::string(1, tag)); cursor_->Valid() && cursor_->key()[0] == tag;
       cursor_->Next()) {
    if (!One()) return false;
    if (hits_ > kHitsMin && hits_ > chunks / kChunksPerHit) return false;
    if (++chunks % kChunksPerQuestion == 0 && !go_on()) {
      return Status::Cancelled("the search was cancelled");
    }
  }
  if (owner_) found_.Add(*owner_, end_, UINT64_MAX);
  return cursor_->status().ok();
}

}  // namespace

bool Stretches::Meet(AgentId owner, uint64_t begin, uint64_t end) const {
  const auto first = std::partition_point(all_.begin(), all_.end(), [&](const Stretch& one) {
    return one.owner < owner || (one.owner == owner && one.end <= begin);
  });
  // Behind the last byte of each owner lies one without an end.
  return first == all_.end() || first->owner != owner || first->begin < end;
}

Result<bool> ScanLiterals(const KvReader& log, const Needle& needle,
                          const std::function<bool()>& go_on, Stretches* found) {
  return ChunkScan(log, needle, found).Run(go_on);
}

}  // namespace backstep::store
