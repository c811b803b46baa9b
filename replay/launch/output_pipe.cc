#include "backstep/replay/launch/output_pipe.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace backstep::replay::host {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kReadsPerDrain = 64;

}  // namespace

OutputPipe::~OutputPipe() {
  if (fd_ >= 0) close(fd_);
}

int OutputPipe::fd() const {
  std::lock_guard lock(mutex_);
  return fd_;
}

void OutputPipe::Drain() {
  std::lock_guard lock(mutex_);
  std::string buffer(kReadBytes, '\0');
  for (size_t i = 0; i < kReadsPerDrain && fd_ >= 0; ++i) {
    const ssize_t got = read(fd_, buffer.data(), buffer.size());
    if (got > 0) {
      Keep(buffer.data(), static_cast<size_t>(got));
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else if (got < 0 && errno == EAGAIN) {
      return;
    } else {
      close(fd_);
      fd_ = -1;
    }
  }
}

void OutputPipe::Keep(const char* bytes, size_t size) {
  const size_t to_head = std::min(size, half_ - head_.size());
  head_.append(bytes, to_head);
  tail_.append(bytes + to_head, size - to_head);
  // Trimmed at twice its size only: each byte is moved at most once.
  if (tail_.size() > 2 * half_) {
    dropped_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
}

std::string OutputPipe::Text() const {
  std::lock_guard lock(mutex_);
  const size_t kept = std::min(tail_.size(), half_);
  const uint64_t left_out = dropped_ + (tail_.size() - kept);
  if (left_out == 0) return head_ + tail_;
  return head_ + "\n... " + std::to_string(left_out) + " bytes left out ...\n" +
         tail_.substr(tail_.size() - kept);
}

std::string OutputPipe::LastLine() const {
  std::lock_guard lock(mutex_);
  const std::string& text = tail_.empty() ? head_ : tail_;
  const size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const size_t newline = text.find_last_of('\n', end);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  constexpr size_t kLineBytesMax = 200;
  return text.substr(begin, std::min(end + 1 - begin, kLineBytesMax));
}

}  // namespace backstep::replay::host
