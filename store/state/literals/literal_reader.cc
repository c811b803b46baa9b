#include "backstep/store/state/literals/literal_reader.h"

#include <algorithm>
#include <cstring>

#include "backstep/store/format/keys.h"
#include "backstep/store/state/literals/escapes.h"

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
  if (key.size() < kLiteralKeyBytes || key[0] != LiteralKey(owner, 0)[0]) return false;
  if (KeyU32(key, 1) != owner.value) return false;
  owner_ = owner;
  chunk_begin_ = *KeyU64(key, 5);
  is_unescaped_ = key.size() == kLiteralKeyBytes + 1 && key.back() == kUnescapedForm;
  if (is_unescaped_) {
    if (raw_only_) return false;
    if (!DecodeUnescapedChunk(cursor_->value(), chunk_begin_, &unescaped_)) return false;
  } else if (key.size() != kLiteralKeyBytes) {
    return false;
  }
  const uint64_t size = is_unescaped_ ? unescaped_.size : cursor_->value().size();
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
  cursor_->SeekForPrev(UnescapedKey(owner, position));
  if (TakeChunk(owner) && holds()) return {};
  BACKSTEP_RETURN_IF_ERROR(cursor_->status());
  return Status::Corruption("the literal log of agent " + std::to_string(owner.value) +
                            " has no byte " + std::to_string(position));
}

// Makes `text_` that of the chunk at hand.
Status LiteralReader::Unescape() {
  if (!text_.empty() && text_owner_ == owner_ && text_begin_ == chunk_begin_) return {};
  if (escaped_reader_ == nullptr) {
    escaped_reader_ = std::make_unique<LiteralReader>(log_);
    // So that no chunk stands for others that stand for others.
    escaped_reader_->raw_only_ = true;
  }
  text_.clear();
  escaped_.resize(unescaped_.escaped_size);
  BACKSTEP_RETURN_IF_ERROR(escaped_reader_->Copy(owner_, chunk_begin_ - unescaped_.distance,
                                                 escaped_.size(), escaped_.data()));
  AppendUnescaped(escaped_, &text_);
  if (text_.size() != unescaped_.size) {
    text_.clear();
    return Status::Corruption("the literal log of agent " + std::to_string(owner_.value) +
                              " has other escapes than it had at " +
                              std::to_string(chunk_begin_));
  }
  text_owner_ = owner_;
  text_begin_ = chunk_begin_;
  return {};
}

Result<std::string_view> LiteralReader::ChunkBytes() {
  if (!is_unescaped_) return cursor_->value();
  BACKSTEP_RETURN_IF_ERROR(Unescape());
  return std::string_view(text_);
}

Status LiteralReader::Copy(AgentId owner, uint64_t position, uint64_t length, char* out) {
  while (length > 0) {
    BACKSTEP_RETURN_IF_ERROR(MoveTo(owner, position));
    BACKSTEP_ASSIGN_OR_RETURN(const std::string_view bytes, ChunkBytes());
    const uint64_t skip = position - chunk_begin_;
    const uint64_t take = std::min(length, chunk_end_ - position);
    std::memcpy(out, bytes.data() + skip, take);
    position += take;
    length -= take;
    out += take;
  }
  return {};
}

}  // namespace backstep::store
