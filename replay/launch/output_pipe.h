// What a child prints, bounded: its first and last bytes are kept, the rest is counted. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace backstep::replay::host {

// Thread-safe. Owns the reading end, which must not block.
class OutputPipe {
 public:
  OutputPipe(int fd, size_t bytes_max) : fd_(fd), half_(bytes_max / 2) {}
  ~OutputPipe();
  OutputPipe(const OutputPipe&) = delete;
  OutputPipe& operator=(const OutputPipe&) = delete;

  // Takes what lies in the pipe; returns soon even while a child prints without end.
  void Drain();
  // For poll; -1 once every writer has closed it.
  int fd() const;
  // First half, "... N bytes left out ..." where some are, last half.
  std::string Text() const;
  // The last line that is not blank, at most 200 bytes; empty: none.
  std::string LastLine() const;

 private:
  void Keep(const char* bytes, size_t size);

  mutable std::mutex mutex_;
  int fd_;
  const size_t half_;
  std::string head_, tail_;
  uint64_t dropped_ = 0;
};

}  // namespace backstep::replay::host
