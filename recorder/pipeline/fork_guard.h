// Tells a process from its forked children without a handler or a system call per check.
#pragma once

#include <sys/types.h>

namespace backstep::recorder {

// Immutable after construction; thread-safe. Holds a page that the kernel wipes in a forked child.
class ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  // True in a child forked since construction.
  bool Forked() const { return page_ != nullptr ? *page_ == 0 : ForkedByPid(); }

 private:
  bool ForkedByPid() const;
  const volatile char* page_ = nullptr;  // nullptr: the kernel cannot wipe; process ids tell
  size_t page_bytes_ = 0;
  pid_t process_ = 0;
};

}  // namespace backstep::recorder
