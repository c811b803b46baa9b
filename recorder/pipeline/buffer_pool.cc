#include "backstep/recorder/pipeline/buffer_pool.h"

namespace backstep::recorder {
namespace {

constexpr size_t kBufferBytesMin = 1u << 10;
constexpr size_t kBufferBytesMax = 256u << 10;
constexpr size_t kKeptBytesMax = 4u << 20;

}  // namespace

std::string BufferPool::Copy(std::string_view bytes) {
  std::string buffer;
  if (bytes.size() >= kBufferBytesMin && bytes.size() <= kBufferBytesMax) {
    std::lock_guard lock(mutex_);
    if (!buffers_.empty()) {
      buffer = std::move(buffers_.back());
      buffers_.pop_back();
      kept_bytes_ -= buffer.capacity();
    }
  }
  buffer.assign(bytes);
  return buffer;
}

void BufferPool::GiveBack(std::string&& buffer) {
  const size_t bytes = buffer.capacity();
  if (bytes < kBufferBytesMin || bytes > kBufferBytesMax) return;
  std::lock_guard lock(mutex_);
  if (kept_bytes_ + bytes > kKeptBytesMax) return;
  buffers_.push_back(std::move(buffer));
  kept_bytes_ += bytes;
}

}  // namespace backstep::recorder
