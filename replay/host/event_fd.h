// A wake-up that crosses threads: an eventfd, closed with its owner. Thread-safe. Private.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace backstep::replay::host {

class EventFd {
 public:
  EventFd() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~EventFd() {
    if (fd_ >= 0) close(fd_);
  }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  int fd() const { return fd_; }  // readable after Notify until Clear; -1: out of descriptors
  void Notify() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
  }
  void Clear() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
};

}  // namespace backstep::replay::host
