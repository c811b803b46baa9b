#include "backstep/store/state/literals/literal_reader.h"

#include <algorithm>
#include <cstring>

#include "backstep/store/format/keys.h"

namespace backstep::store {
namespace {

constexpr int kStepsBeforeSeek = 4;
constexpr size_t kLiteralKeyBytes = 1 + 4 + 8;

}  // namespace

// Whether the cursor stands on a chunk of the owner, and which.
bool LiteralReader::TakeChunk(AgentId owner) {
  on_chunk_ = false;
  if (!cursor_->Valid()) return false;
  const std::string_view key = cursor_->key();
  if (key.size() != kLiteralKeyBytes || key[0] != LiteralKey(owner, 0)[0]) return false;
  if (KeyU32(key, 1) != owner.value) return false;
  owner_ = owner;
  chunk_begin_ = *KeyU64(key, 5);
  const uint64_t size = cursor_->value().size();
  if (size > UINT64_MAX - chunk_begin_) return false;
  chunk_end_ = chunk_begin_ + size;
  on_chunk_ = true;
  return true;
}

Status LiteralReader::MoveTo(AgentId owner, uint64_t position) {
  const auto holds = [&] {
    return on_chunk_ && owner_ == owner && chunk_begin_ <= position && position < chunk_end_;
  };
  if (holds()) return {};
  if (cursor_ == nullptr) cursor_ = log_->NewUncheckedCursor();
  for (int i = 0; i < kStepsBeforeSeek; ++i) {
    if (!on_chunk_ || owner_ != owner || position < chunk_end_) break;
    cursor_->Next();
    if (TakeChunk(owner) && holds()) return {};
  }
  cursor_->SeekForPrev(LiteralKey(owner, position));
  if (TakeChunk(owner) && holds()) return {};
  BACKSTEP_RETURN_IF_ERROR(cursor_->status());
  return Status::Corruption("the literal log of agent " + std::to_string(owner.value) +
                            " has no byte " + std::to_string(position));
}

Status LiteralReader::Copy(AgentId owner, uint64_t position, uint64_t length, char* out) {
  while (length > 0) {
    BACKSTEP_RETURN_IF_ERROR(MoveTo(owner, position));
    const uint64_t skip = position - chunk_begin_;
    const uint64_t take = std::min(length, chunk_end_ - position);
    std::memcpy(out, cursor_->value().data() + skip, take);
    position += take;
    length -= take;
    out += take;
  }
  return {};
}

}  // namespace backstep::store
