#include "backstep/store/state/literals/unescaped_chunk.h"

#include "backstep/store/state/varint.h"

namespace backstep::store {
namespace {

// An escape is six bytes at most for each that it stands for.
constexpr uint64_t kMaxEscapedBytes = 6 * kLiteralChunkBytes;

}  // namespace

std::string EncodeUnescapedChunk(const UnescapedChunk& chunk) {
  std::string value;
  PutVarint(&value, chunk.size);
  PutVarint(&value, chunk.distance);
  PutVarint(&value, chunk.escaped_size);
  return value;
}

bool DecodeUnescapedChunk(std::string_view value, uint64_t offset, UnescapedChunk* out) {
  ByteReader in(value);
  if (!in.Varint(&out->size) || !in.Varint(&out->distance) || !in.Varint(&out->escaped_size) ||
      !in.empty()) {
    return false;
  }
  return out->size <= kLiteralChunkBytes && out->escaped_size <= kMaxEscapedBytes &&
         out->distance <= offset && out->escaped_size <= out->distance;
}

}  // namespace backstep::store
