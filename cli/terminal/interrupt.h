// Ctrl-C as a flag, for work that ends cleanly.
#pragma once

#include <atomic>

namespace backstep::cli {

// While it lives, the first SIGINT, SIGTERM or SIGHUP sets the flag; a second one ends the process.
// At most one at a time. One thread.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;
  const std::atomic<bool>* flag() const;
  bool set() const { return flag()->load(); }
};

}  // namespace backstep::cli
